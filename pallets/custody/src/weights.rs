//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24682416 kB, Linux 6.18.44-fc-v445, 2026-11-23.
//!
//! Estimated by hand since, until it measures them anew: `challenge` and `let_go`.

cairn_seams::weights! {
    /// Clock, operator, file, rules, registration, reputation, what sixteen keepers go by and what
    /// links the new one; registration, file, agenda. The last one: the delta is laid.
    attest(): (345_142, 61, 4);
    /// Clock, operator, file, window of the seed, rules, registration, reputation, purse, account;
    /// file, agenda. Of each chunk the way up its tree.
    show(proofs): (301_118, 18, 9) + proofs * (6_795, 0, 0);
    /// Clock, file; what it then does is counted by itself.
    poke(): (44_896, 4, 3);
    /// Clock, how far it has come.
    serve(): (12_198, 3, 1);
    /// Agenda, file.
    find_due(): (21_762, 2, 0);
    /// Clock, old heads, window; a seed is asked for. File, agenda.
    challenge(): (42_000, 6, 4);
    /// Window of the seed, rules; file, agenda.
    draw(): (66_989, 5, 3);
    /// Rules, faults, penalties; reputation, registration, file, agenda.
    withhold(): (108_701, 11, 8);
    /// Window of the seed, old heads; file, agenda, and the delta that lapses. Of each keeper its
    /// registration.
    let_go(keepers): (31_500, 2, 2) + keepers * (6_562, 1, 1);
}
