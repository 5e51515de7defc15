//! What each call and the end of a session cost, at the most expensive state.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24682416 kB, Linux 6.18.44-fc-v445, 2026-11-23.

cairn_seams::weights! {
    /// Link, provider, validators, those that are disabled, the provider's former validator and
    /// its link, session; two accounts and their holds; twice whether it is one party.
    link_provider(): (297_852, 17, 8);
    /// Link, account and holds; provider.
    unlink_provider(): (61_952, 3, 4);
    /// Session, block number, rules, validators, those that are disabled, era, its points;
    /// session, points. Of each validator its link, and whether it and the provider are one party.
    flush(v): (81_147, 6, 2) + v * (40_043, 6, 0);
}
