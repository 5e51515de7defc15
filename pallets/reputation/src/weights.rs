//! What reporting and reading cost, for the calls and hooks of others, which do both in the course
//! of theirs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions; AMD EPYC, 2 cores, 24684084 kB,
//! Linux 6.18.44-fc-v669, 2026-11-21.

cairn_seams::weights! {
    /// Registration, rules, clock, record; record.
    observe(): (56_864, 4, 1);
    /// The same, and what owner, operator and requester operate, whom the owner works for, and the
    /// declarations between all of them: twelve.
    observe_for(): (67_800, 10, 1);
    /// Every kind's record.
    forget(): (38_737, 6, 6);
    /// Record, rules, clock.
    standing(): (20_640, 3, 0);
}
