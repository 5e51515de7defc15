//! What reporting and reading cost, for the calls and hooks of others, which do both in the course
//! of theirs.
//!
//! Counted by hand until it is measured: each storage item read or written once, and a guess of
//! the time beside it that is meant to be too long.

cairn_seams::weights! {
    /// Registration, rules, clock, record; record.
    observe(): (20_000, 4, 1);
    /// The same, and what owner, operator and requester operate, whom the owner works for, and the
    /// declarations between all of them: twelve.
    observe_for(): (40_000, 22, 1);
    /// Every kind's record.
    forget(): (20_000, 6, 6);
    /// Record, rules, clock.
    standing(): (10_000, 3, 0);
}
