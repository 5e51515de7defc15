//! What each call and each step of a hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions; AMD EPYC, 2 cores, 24684084 kB,
//! Linux 6.18.44-fc-v669, 2026-11-21.

cairn_seams::weights! {
    /// Clock, round, contributions, five items of the registry, account and holds; contributions,
    /// account and holds.
    commit(): (115_892, 11, 2);
    /// Clock, round, contributions, genesis hash, account and holds; contributions, account and
    /// holds.
    reveal(): (73_158, 5, 2);
    /// Clock, round.
    round_goes_on(): (5_228, 2, 0);
    /// Clock, round, contributions, mix, genesis hash, issuance; contributions, mix, round,
    /// issuance. Of each contribution, none of them revealed, account and holds.
    end_round(contributions): (27_415, 5, 2) + contributions * (28_050, 2, 2);
    /// Clock, trace, VRF output, validators, genesis hash, this height's window, mix, a window
    /// that stays; trace, this height's window. Each height without a window that is passed, and
    /// each window that is closed.
    record_block(gaps, windows): (26_291, 9, 2) + gaps * (1_892, 1, 0) + windows * (8_707, 1, 1);
}
