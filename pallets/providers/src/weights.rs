//! What each call and each step of a hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions; AMD EPYC, 2 cores, 24684084 kB,
//! Linux 6.18.44-fc-v669, 2026-11-21.

cairn_seams::weights! {
    /// Parameters, next id, operator, binding, owner's list, account and holds; record, counter,
    /// details.
    register(): (130_564, 9, 8);
    /// Record, bonds, floors, bindings, account and holds, details; a lane that is left costs
    /// three reads and five writes, a lane that is entered one and three.
    update_profile(): (347_194, 39, 72);
    /// Record, bonds, account and holds; eleven lanes entered.
    add_bond(): (179_315, 15, 36);
    /// Record, bonds, details, account and holds; eleven lanes left or entered.
    set_roles(): (292_033, 35, 53);
    /// Record, bonds; eleven lanes left.
    set_availability(): (277_651, 34, 56);
    /// Record, bonds, clock.
    heartbeat(): (27_470, 4, 1);
    /// The operator as well; eleven lanes entered.
    heartbeat_seating(): (127_068, 15, 35);
    /// Record, both operators; eleven lanes left.
    rotate_operator(): (214_377, 35, 57);
    /// Both declarations, account and holds.
    link_account(): (81_781, 6, 5);
    /// Record, bonds, period, clock.
    unbond(): (29_494, 4, 1);
    /// Record, period, clock, binding; eleven lanes left.
    leave(): (270_861, 36, 57);
    /// Record, clock, account and holds, operator, owner's list, counter, details, reputation at
    /// each of six kinds.
    withdraw(): (152_766, 12, 13);
    /// Slash, record.
    cancel_slash(): (20_460, 2, 2);
    /// Queue, clock.
    on_idle_base(): (4_316, 2, 0);
    /// Slash, window, record, account and holds, bonds; eleven lanes left, and what takes the
    /// slashed.
    execute_slash(): (252_854, 38, 60);
}
