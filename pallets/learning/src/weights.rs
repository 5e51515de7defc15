//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24682416 kB, Linux 6.18.44-fc-v445, 2026-11-23.
//!
//! Estimated by hand since, until it measures them anew: `submit_delta`, `forget_commit`,
//! `invalidate`, `invalidate_block`, `cut`, `serve`, `conclude`, `lay`, `roll_back` and `prune`.

cairn_seams::weights! {
    /// Clock, head, curators, commitment, rules, account and holds; commitment.
    commit_delta(): (157_504, 20, 3);
    /// Clock, commitment, rules, account and holds; commitment.
    withdraw_commit(): (82_883, 5, 3);
    /// The same of another's.
    forget_commit(): (82_883, 5, 3);
    /// Clock, rules, genesis hash, commitment, 64 heads, rollback, set, purse, curators, what links
    /// the author and what each of these has pending, block, artifact and the delta it is kept for,
    /// attempt, account and holds, queue; panel, its agenda and window of a seed; delta, its index
    /// and agenda, and what sponsors put aside for both who judge and who measure it.
    submit_delta(): (1_215_000, 183, 17);
    /// Clock, delta; what it then does is counted by itself.
    poke(): (77_084, 6, 3);
    /// Clock, delta, rollback; agenda.
    invalidate(): (52_924, 5, 4);
    /// Clock, head, block, what is cut; with its record delta, rollback and agenda.
    invalidate_block(): (75_924, 9, 4);
    /// Clock, what is cut; what it then takes off is counted by itself.
    cut(): (20_000, 4, 1);
    /// Standard.
    set_standard(): (18_657, 0, 1);
    /// Clock, what is cut, how far it has come.
    serve(): (16_279, 4, 1);
    /// Agenda, delta.
    find_due(): (19_919, 2, 0);
    /// Rollback, queue, head, block, rules, account and holds, panel and window of a seed, keepers;
    /// delta, agenda, artifact, attempt, the next of the queue.
    conclude(): (301_500, 13, 14);
    /// Rollback, head, set, curators, heads as they stand, blocks, purse, delta below and its
    /// keepers, account and holds, queue; as many. Trial, where it waits, its place, and the model's
    /// 64 heads as they were and as they will be, with 65 files that are counted.
    lay(): (1_710_000, 250, 115);
    /// Rollback, heads, curators, keepers; agenda. Of each block what is laid of it, its delta,
    /// reward and keepers, its place and the snapshots of its two heads with their 65 files.
    roll_back(blocks): (129_701, 16, 12) + blocks * (510_000, 96, 98);
    /// Account and holds, artifact; delta, its index, agenda.
    prune(): (75_062, 3, 7);
}
