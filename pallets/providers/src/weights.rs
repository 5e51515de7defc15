//! What each call and each step of a hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Parameters, next id, operator, binding, owner's list, account and holds; record, counter,
    /// details.
    register(): (145_455, 9, 8);
    /// Record, bonds, floors, bindings, account and holds, details; a lane that is left costs
    /// three reads and five writes, a lane that is entered one and three.
    update_profile(): (442_395, 42, 77);
    /// Record, bonds, account and holds; twelve lanes entered.
    add_bond(): (193_717, 16, 39);
    /// Record, bonds, details, account and holds; twelve lanes left or entered.
    set_roles(): (293_805, 38, 58);
    /// Record, bonds; twelve lanes left.
    set_availability(): (228_278, 37, 61);
    /// Record, bonds, clock.
    heartbeat(): (26_119, 4, 1);
    /// Twelve lanes left, which costs more than the first heartbeat, by which they are entered.
    heartbeat_seating(): (238_082, 40, 61);
    /// Record, both operators; twelve lanes left.
    rotate_operator(): (232_504, 38, 62);
    /// Both declarations, account and holds.
    link_account(): (86_067, 6, 5);
    /// Record, bonds, period, clock.
    unbond(): (29_593, 4, 1);
    /// Record, period, clock, binding; twelve lanes left.
    leave(): (261_066, 39, 62);
    /// Record, clock, account and holds, operator, owner's list, counter, details, reputation at
    /// each of six kinds.
    withdraw(): (150_863, 12, 13);
    /// Slash, record, bonds; twelve lanes entered.
    cancel_slash(): (149_732, 15, 38);
    /// Queue, clock.
    on_idle_base(): (4_687, 2, 0);
    /// Slash, window, record, account and holds, bonds; twelve lanes left, and what takes the
    /// slashed.
    execute_slash(): (276_029, 41, 65);
}
