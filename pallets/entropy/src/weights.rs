//! What each call and each step of a hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC,
//! 2 cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Clock, round, contributions, five items of the registry, account and holds; contributions,
    /// account and holds.
    commit(): (127_599, 11, 2);
    /// Clock, round, contributions, genesis hash, account and holds; contributions, account and
    /// holds.
    reveal(): (77_245, 5, 2);
    /// Clock, round.
    round_goes_on(): (5_348, 2, 0);
    /// Clock, round, contributions, mix, genesis hash, issuance; contributions, mix, round,
    /// issuance. Of each contribution, none of them revealed, account and holds.
    end_round(contributions): (33_909, 5, 2) + contributions * (29_381, 2, 2);
    /// Clock, trace, VRF output, validators, genesis hash, this height's window, mix, a window
    /// that stays; trace, this height's window. Each height without a window that is passed, and
    /// each window that is closed. Of this day and the one before the higher number of each term: this
    /// day's line began below what two reads take.
    record_block(gaps, windows): (13_767, 9, 2) + gaps * (3_902, 1, 0) + windows * (11_314, 1, 1);
}
