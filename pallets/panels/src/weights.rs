//! What each call and each step of the hook costs.
//!
//! Estimates, until `scripts/bench weights` has written measured numbers here.

cairn_seams::weights! {
    /// Clock, operator, panel, rules; panel, agenda.
    commit(): (75_000, 5, 3);
    /// Clock, operator, panel, brief, genesis hash, rules, registration; panel, agenda,
    /// registration.
    reveal(): (130_000, 7, 4);
    /// Clock, panel; what it then does is counted by itself.
    poke(): (50_000, 4, 3);
    /// Clock, how far it has come.
    serve(): (12_500, 3, 1);
    /// Agenda, panel.
    find_due(): (20_000, 2, 0);
    /// Panel, rules, window of the seed, the case and its brief of as many components as there may
    /// be, what the barred go by and what links them; nine guards seated, four evicted; agenda. Of
    /// each of the sample two places in the pool and who sits there, one of whom has gone silent; of
    /// the other its reputation, what it goes by, and what links it.
    draw(sample): (600_000, 190, 50) + sample * (70_000, 11, 0);
    /// Panel, brief, rules, faults, the case; agenda, window of a seed, the case. Of each guard its
    /// registration and lanes, reputation, penalty and seat.
    close(guards): (180_000, 12, 10) + guards * (40_000, 3, 5);
    /// Panel, brief, rules, purse, the case; agenda, the case. Of each guard its registration,
    /// reputation, seat and owner's account.
    conclude(guards): (180_000, 14, 10) + guards * (110_000, 6, 6);
}
