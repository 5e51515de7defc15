//! What each call and each step of a hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC,
//! 2 cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Parameters, next id, operator, binding, owner's list, account and holds; record, counter,
    /// details.
    register(): (134_419, 9, 8);
    /// Record, bonds, floors, bindings, account and holds, details; a lane that is left costs
    /// three reads and five writes, a lane that is entered one and three.
    update_profile(): (375_877, 42, 77);
    /// Record, bonds, account and holds; twelve lanes entered.
    add_bond(): (192_725, 16, 39);
    /// Record, bonds, details, account and holds; twelve lanes left or entered.
    set_roles(): (272_764, 38, 58);
    /// Record, bonds; twelve lanes left.
    set_availability(): (225_443, 37, 61);
    /// Record, bonds, clock.
    heartbeat(): (24_767, 4, 1);
    /// Twelve lanes left, which costs more than the first heartbeat, by which they are entered.
    heartbeat_seating(): (135_681, 16, 38);
    /// Record, both operators; twelve lanes left.
    rotate_operator(): (265_834, 38, 62);
    /// Both declarations, account and holds.
    link_account(): (87_279, 6, 5);
    /// Record, bonds, period, clock.
    unbond(): (35_202, 4, 1);
    /// Record, period, clock, binding; twelve lanes left.
    leave(): (242_058, 39, 62);
    /// Record, clock, account and holds, operator, owner's list, counter, details, reputation at
    /// each of six kinds.
    withdraw(): (147_959, 12, 13);
    /// Slash, record, bonds; twelve lanes entered.
    cancel_slash(): (30_165, 2, 2);
    /// Queue, clock.
    on_idle_base(): (4_567, 2, 0);
    /// Slash, window, record, account and holds, bonds; twelve lanes left, and what takes the
    /// slashed.
    execute_slash(): (262_319, 41, 65);
}
