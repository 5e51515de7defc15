//! What each call and each step of a hook costs.
//!
//! Counted by hand from the code: reads and writes of storage at the most expensive state, and a
//! guess of the time beside them that is meant to be too long.

cairn_seams::weights! {
    /// Clock, challenge, operator, registration, agenda, parameter, genesis hash; challenge,
    /// registration, agenda.
    commit(): (40_000, 7, 3);
    /// Clock, challenge, operator, agenda, parameter, genesis hash; challenge, agenda.
    reveal(): (40_000, 6, 2);
    /// Clock, awaited seed, its window.
    wait(): (5_000, 3, 0);
    /// Clock, awaited seed, number of draws, window, trace, parameter; seed, number, window.
    ask(): (10_000, 6, 3);
    /// Clock, agenda.
    serve(): (10_000, 2, 0);
    /// Challenge, agenda, floors, rules, clock. Each member: registration and record, and eleven
    /// lanes left and entered.
    judge(): (250_000, 143, 272);
    /// A seed is there, and so many providers are looked at: clock, awaited seed, its window, pool
    /// sizes, parameters; two seats that lose theirs; what is handed out, and the next seed asked
    /// for. Each provider: place and record, twice, for half of them may have gone silent; its
    /// record at each kind, and whether it is linked to two others, which is looked up from both
    /// sides.
    draw(sample): (100_000, 22, 22) + sample * (40_000, 58, 0);
}
