//! What each call and each step of a hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Clock, challenge, operator, registration, agenda, parameter, genesis hash; challenge,
    /// registration, agenda.
    commit(): (47_511, 6, 3);
    /// Clock, challenge, operator, agenda, parameter, genesis hash; challenge, agenda.
    reveal(): (47_640, 6, 2);
    /// Clock, awaited seed, its window.
    wait(): (8_713, 3, 0);
    /// Clock, awaited seed, number of draws, window, trace, parameter; seed, number, window.
    ask(): (16_414, 6, 3);
    /// Clock, agenda.
    serve(): (7_561, 2, 0);
    /// Challenge, agenda, floors, rules, clock. Each member: registration and record, and
    /// eleven lanes left in one class and twelve entered in the one below.
    judge(): (811_142, 69, 127);
    /// A seed is there: clock, awaited seed, its window, trace, genesis hash, number of draws, pool
    /// sizes, parameters, agenda; four evicted of the class and four of those rising to it; what is
    /// handed out, and the next seed asked for. Of each of the sample two places of the class and
    /// two of the rising, and who sits there, half of whom have gone silent; of the others their
    /// records at each kind, and what links them to two members.
    draw(sample): (1_155_811, 11, 47) + sample * (216_743, 28, 1);
}
