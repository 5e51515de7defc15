//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24682416 kB, Linux 6.18.44-fc-v445, 2026-11-23.
//!
//! Estimated by hand since, until it measures them anew: `conclude`.

cairn_seams::weights! {
    /// Clock, operator, panel, rules; panel, agenda.
    commit(): (61_551, 5, 3);
    /// Clock, operator, panel, brief, genesis hash, rules, registration; panel, agenda,
    /// registration.
    reveal(): (114_700, 8, 3);
    /// Clock, panel; what it then does is counted by itself.
    poke(): (64_186, 4, 3);
    /// Clock, how far it has come.
    serve(): (13_380, 3, 1);
    /// Agenda, panel.
    find_due(): (27_511, 2, 0);
    /// Panel, rules, window of the seed, the case, what there is to hold for it, and its brief of
    /// as many components as there may be, what the barred go by and what links them; nine guards
    /// seated, four evicted; agenda. Of each of the sample two places in the pool and who sits
    /// there, one of whom has gone silent; of the other its reputation, what it goes by, and what
    /// links it.
    draw(sample): (1_155_406, 154, 46) + sample * (66_432, 10, 0);
    /// Panel, brief, rules, faults, the case; agenda, window of a seed, the case. Of each guard its
    /// registration and lanes, reputation, penalty and seat.
    close(guards): (114_396, 9, 7) + guards * (46_954, 2, 4);
    /// Panel, brief, rules, purse and what is put aside for the case, the case; agenda, the case. Of
    /// each guard its registration, reputation, seat and owner's account.
    conclude(guards): (284_000, 16, 12) + guards * (44_598, 3, 4);
}
