//! What each call costs, at the most expensive state.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Block, account and holds; the same.
    create_model(): (63_805, 3, 3);
}
