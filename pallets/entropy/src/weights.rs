//! What each call and each step of a hook costs.
//!
//! Counted by hand until it is measured: each storage item read or written once, and a guess of
//! the time beside it that is meant to be too long.

cairn_seams::weights! {
    /// Clock, round, contributions, five items of the registry, account and holds; contributions,
    /// account and holds.
    commit(): (60_000, 10, 3);
    /// Clock, round, contributions, genesis hash, account and holds; contributions, account and
    /// holds.
    reveal(): (60_000, 6, 3);
    /// Clock, round.
    round_goes_on(): (5_000, 2, 0);
    /// Clock, round, contributions, mix, genesis hash, issuance; contributions, mix, round,
    /// issuance. Of each contribution, none of them revealed, account and holds.
    end_round(contributions): (20_000, 6, 4) + contributions * (30_000, 2, 2);
    /// Clock, trace, VRF output, validators, genesis hash, this height's window, mix, a window
    /// that stays; trace, this height's window. Each height without a window that is passed, and
    /// each window that is closed.
    record_block(gaps, windows): (20_000, 8, 2) + gaps * (1_000, 1, 0) + windows * (10_000, 1, 1);
}
