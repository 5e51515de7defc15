//! What each call and each step of the hook costs.
//!
//! Estimates, until `scripts/bench weights` has written measured numbers here.

cairn_seams::weights! {
    /// Clock, head, curators, commitment, rules, account and holds; commitment.
    commit_delta(): (95_000, 9, 4);
    /// Clock, commitment, rules, account and holds; commitment.
    withdraw_commit(): (70_000, 5, 4);
    /// Clock, rules, genesis hash, commitment, head, rollback, set, purse, curators, what links the
    /// author and what each of these has pending, block, artifact, attempt, account and holds,
    /// queue; panel, its agenda and window of a seed; delta, its index and agenda.
    submit_delta(): (420_000, 48, 22);
    /// Clock, delta; what it then does is counted by itself.
    poke(): (45_000, 3, 1);
    /// Clock, delta, rollback; agenda.
    invalidate(): (60_000, 4, 5);
    /// Standard.
    set_standard(): (20_000, 0, 1);
    /// Clock, how far it has come.
    serve(): (12_500, 3, 1);
    /// Agenda, delta.
    find_due(): (25_000, 2, 0);
    /// Rollback, queue, head, block, rules, account and holds, panel and window of a seed, keepers;
    /// delta, agenda, artifact, attempt, the next of the queue.
    conclude(): (330_000, 26, 22);
    /// Rollback, head, set, curators, heads as they stand, blocks, purse, delta below, account and
    /// holds, queue; as many.
    lay(): (600_000, 60, 60);
    /// Rollback, heads, curators, keepers; agenda. Of each block what is laid of it, its delta,
    /// reward and keepers.
    roll_back(blocks): (120_000, 8, 8) + blocks * (170_000, 14, 12);
    /// Account and holds; delta, its index, agenda.
    prune(): (80_000, 4, 7);
}
