//! What each call and each step of a hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions; AMD EPYC, 2 cores, 24684084 kB,
//! Linux 6.18.44-fc-v669, 2026-11-21.

cairn_seams::weights! {
    /// Clock, challenge, operator, registration, agenda, parameter, genesis hash; challenge,
    /// registration, agenda.
    commit(): (65_908, 6, 3);
    /// Clock, challenge, operator, agenda, parameter, genesis hash; challenge, agenda.
    reveal(): (57_815, 6, 2);
    /// Clock, awaited seed, its window.
    wait(): (8_943, 3, 0);
    /// Clock, awaited seed, number of draws, window, trace, parameter; seed, number, window.
    ask(): (24_076, 6, 3);
    /// Clock, agenda.
    serve(): (8_522, 2, 0);
    /// Challenge, agenda, floors, rules, clock. Each member: registration and record, and eleven
    /// lanes left and entered.
    judge(): (582_472, 67, 87);
    /// A seed is there, and so many providers are looked at: clock, awaited seed, its window, pool
    /// sizes, parameters; two seats that lose theirs; what is handed out, and the next seed asked
    /// for. Each provider: place and record, twice, for half of them may have gone silent; its
    /// record at each kind, and whether it is linked to two others, which is looked up from both
    /// sides.
    draw(sample): (345_172, 29, 8) + sample * (18_880, 2, 0);
}
