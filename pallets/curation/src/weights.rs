//! What each call and each step of the hook costs.
//!
//! Estimates, until `scripts/bench weights` has written what was measured.

cairn_seams::weights! {
    /// Rules, curator, account and holds; curator.
    register(): (70_000, 4, 4);
    /// Curator, account and holds.
    leave(): (60_000, 3, 3);
    /// Clock, rules, curator, period, model and what it is judged on, trial, what the curator goes
    /// by and what links it; curator, trial, turn, bar, set. Of each set its curator.
    commit_set(sets): (120_000, 18, 5) + sets * (8_000, 1, 0);
    /// Clock, trial, genesis hash; set, trial, agenda. Of each set its curator.
    reveal_set(sets): (90_000, 4, 4) + sets * (8_000, 1, 0);
    /// Clock, trial; what it then does is counted by itself.
    poke(): (50_000, 4, 3);
    /// Clock, how far agenda and turns have come.
    serve(): (15_000, 5, 2);
    /// Agenda or turns, trial.
    find_due(): (20_000, 2, 0);
    /// Trials before, now and next, 64 heads, what is held; snapshot, turns, agenda. Of each set its
    /// curator and bar.
    turn(sets): (250_000, 76, 14) + sets * (30_000, 3, 3);
    /// Trial, rules; agenda. Of each curator who was silent its account and holds; of each other set
    /// what its curator goes by, and its panel.
    close_reveals(silent, opened): (80_000, 5, 4) + silent * (60_000, 5, 5)
        + opened * (80_000, 9, 5);
    /// Trial, rules, the purse; agenda. Of each set its panel, and its curator's account, holds and
    /// bar.
    conclude(sets): (120_000, 12, 8) + sets * (120_000, 10, 9);
    /// Trial, the delta and its reward, the purse, accounts; all of them.
    release(): (150_000, 14, 12);
    /// Trial and the next one, the delta; 64 heads and a snapshot where the next has to begin.
    carry(): (250_000, 80, 12);
    /// Trial and the next one, snapshots, agenda.
    finish(): (60_000, 6, 7);
}
