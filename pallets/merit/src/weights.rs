//! What each call and the end of a session cost, at the most expensive state.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC,
//! 2 cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Link, provider, validators, those that are disabled, the provider's former validator and
    /// its link, session; two accounts and their holds; twice whether it is one party.
    link_provider(): (266_295, 17, 8);
    /// Link, account and holds; provider.
    unlink_provider(): (61_030, 3, 4);
    /// Session, block number, rules, validators, those that are disabled, era, its points;
    /// session, points. Of each validator its link, and whether it and the provider are one party.
    flush(v): (63_755, 6, 2) + v * (38_997, 6, 0);
}
