//! What each call and each step of a hook costs.
//!
//! Counted by hand from the code: reads and writes of storage at the most expensive state, where a
//! provider sits in all eleven lanes and is last in none of them.

cairn_seams::weights! {
    /// Parameters, next id, operator, binding, owner's list, account and holds; record, counter,
    /// details.
    register(): (90_000, 10, 9);
    /// Record, bonds, floors, bindings, account and holds, details; a lane that is left costs
    /// three reads and five writes, a lane that is entered one and three.
    update_profile(): (250_000, 54, 94);
    /// Record, bonds, account and holds; eleven lanes entered.
    add_bond(): (110_000, 16, 36);
    /// Record, bonds, details, account and holds; eleven lanes left or entered.
    set_roles(): (150_000, 40, 58);
    /// Record, bonds; eleven lanes left.
    set_availability(): (110_000, 35, 56);
    /// Record, bonds, clock.
    heartbeat(): (30_000, 3, 1);
    /// The operator as well; eleven lanes entered.
    heartbeat_seating(): (90_000, 16, 36);
    /// Record, both operators; eleven lanes left.
    rotate_operator(): (120_000, 37, 58);
    /// Both declarations, account and holds.
    link_account(): (50_000, 4, 3);
    /// Record, bonds, period, clock.
    unbond(): (30_000, 4, 1);
    /// Record, period, clock, binding; eleven lanes left.
    leave(): (110_000, 37, 57);
    /// Record, clock, account and holds, operator, owner's list, counter, details, reputation at
    /// each of six kinds.
    withdraw(): (100_000, 13, 13);
    /// Slash, record.
    cancel_slash(): (25_000, 2, 2);
    /// Queue, clock.
    on_idle_base(): (10_000, 3, 1);
    /// Slash, window, record, account and holds, bonds; eleven lanes left, and what takes the
    /// slashed.
    execute_slash(): (140_000, 40, 62);
}
