//! What each call and each step of a hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC,
//! 2 cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Clock, challenge, operator, registration, agenda, parameter, genesis hash; challenge,
    /// registration, agenda.
    commit(): (49_434, 6, 3);
    /// Clock, challenge, operator, agenda, parameter, genesis hash; challenge, agenda.
    reveal(): (49_023, 6, 2);
    /// Clock, awaited seed, its window.
    wait(): (9_163, 3, 0);
    /// Clock, awaited seed, number of draws, window, trace, parameter; seed, number, window.
    ask(): (15_913, 6, 3);
    /// Clock, agenda.
    serve(): (7_621, 2, 0);
    /// Challenge, agenda, floors, rules, clock. Each member: registration and record, and
    /// eleven lanes left in one class and twelve entered in the one below.
    judge(): (800_806, 69, 127);
    /// A seed is there, and so many providers are looked at: clock, awaited seed, its window, pool
    /// sizes, parameters; two seats that lose theirs; what is handed out, and the next seed asked
    /// for. Each provider: place and record, twice, for half of them may have gone silent; its
    /// record at each kind, and whether it is linked to two others, which is looked up from both
    /// sides.
    draw(sample): (265_388, 30, 8) + sample * (19_696, 2, 0);
}
