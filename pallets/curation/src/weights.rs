//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24682416 kB, Linux 6.18.44-fc-v445, 2026-11-23.
//!
//! Estimated by hand since, until it measures them anew: `commit_set`, `turn`, `close_reveals`,
//! `open_round`, `close_round`, `conclude`, `release` and `carry`.

cairn_seams::weights! {
    /// Rules, curator, account and holds; curator.
    register(): (68_151, 4, 3);
    /// Curator, account and holds.
    leave(): (55_813, 3, 3);
    /// Clock, rules, curator, period, model and what it is judged on, trial, what the curator goes
    /// by, what links it, and what each of these has pending; curator, trial, turn, bar, set. Of
    /// each set its curator.
    commit_set(sets): (207_404, 31, 5) + sets * (6_363, 1, 0);
    /// Clock, trial, genesis hash; set, trial, agenda. Of each set its curator.
    reveal_set(sets): (63_308, 5, 4) + sets * (6_054, 1, 0);
    /// Clock, trial; what it then does is counted by itself.
    poke(): (93_739, 7, 5);
    /// Clock, how far agenda and turns have come.
    serve(): (36_574, 8, 2);
    /// Agenda or turns, trial.
    find_due(): (17_927, 2, 0);
    /// Trials before, now and next, what is held; turns, agenda. Of each set its curator and bar.
    turn(sets): (90_000, 8, 7) + sets * (8_779, 2, 2);
    /// Trial, rules; agenda. Of each curator who was silent its account and holds; each other set.
    close_reveals(silent, opened): (90_000, 12, 6) + silent * (66_475, 4, 4) + opened * (6_983, 1, 1);
    /// Trial, rules, course, the delta with its place, its heads, the purse; agenda. Of each set what
    /// its curator goes by, and its panel.
    open_round(sets): (224_000, 17, 9) + sets * (12_000, 3, 5);
    /// Trial, rules; the round, agenda. Of each set its panel, and each of nine guards that it
    /// frees: its registration and lanes, and its seat.
    close_round(sets): (109_755, 6, 4) + sets * (600_000, 32, 48);
    /// Trial, rules, the purse; course, agenda. Of each set its curator's account and bar; of each
    /// delta what is held, two rounds and two heads; of one that was taken off the 65 files of these.
    conclude(sets, steps): (109_755, 12, 3) + sets * (48_479, 4, 6) + steps * (360_000, 72, 72);
    /// Trial, the delta and its reward, the snapshots of its two heads, the 65 files of these, the
    /// purse, accounts; its record, the head, the file and each of sixteen keepers: all of them.
    release(): (560_000, 104, 102);
    /// Trial and the next one, the delta; turns where the next has to begin.
    carry(): (110_000, 10, 10);
    /// Trial and the next one, snapshots, agenda.
    finish(): (75_902, 4, 5);
}
