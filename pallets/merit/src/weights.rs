//! What each call and the end of a session cost, at the most expensive state.
//!
//! Counted by hand from the code: each storage item read or written once, and a guess of the time
//! beside them that is meant to be too long. To ask whether a provider and an account are one
//! party takes 17 reads: the registration, what owner, operator and account operate, and up to
//! twelve declarations.

cairn_seams::weights! {
    /// Link, provider, validators, those that are disabled, the provider's former validator and
    /// its link, session; two accounts and their holds; twice whether it is one party.
    link_provider(): (150_000, 44, 9);
    /// Link, account and holds; provider.
    unlink_provider(): (40_000, 3, 4);
    /// Validator, session, link, rules; link. For those who settle tasks.
    settled(): (10_000, 4, 1);
    /// Session, block number, rules, validators, those that are disabled, era, its points;
    /// session, points. Of each validator its link, and whether it and the provider are one party.
    flush(v): (150_000, 7, 2) + v * (40_000, 18, 0);
}
