//! What reporting and reading cost, for the calls and hooks of others, which do both in the course
//! of theirs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC,
//! 2 cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Registration, rules, clock, record; record.
    observe(): (36_584, 4, 1);
    /// The same, and what owner, operator and requester operate, whom the owner works for, and the
    /// declarations between all of them: twelve.
    observe_for(): (101_931, 10, 1);
    /// Every kind's record.
    forget(): (56_634, 6, 6);
    /// Record, rules, clock.
    standing(): (20_911, 3, 0);
}
