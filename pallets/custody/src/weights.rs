//! What each call and each step of the hook costs.
//!
//! Estimates by what each reads and writes, until `scripts/bench weights` has measured them.

cairn_seams::weights! {
    /// Clock, operator, file, rules, registration, reputation, what sixteen keepers go by and what
    /// links the new one; registration, file, agenda. The last one: the delta is laid.
    attest(): (400_000, 60, 20);
    /// Clock, operator, file, window of the seed, rules, registration, reputation, purse, account;
    /// file, agenda. Of each chunk the way up its tree.
    show(proofs): (200_000, 20, 12) + proofs * (6_500, 0, 0);
    /// Clock, file; what it then does is counted by itself.
    poke(): (25_000, 3, 0);
    /// Clock, how far it has come.
    serve(): (12_500, 3, 1);
    /// Agenda, file.
    find_due(): (15_000, 2, 0);
    /// Clock, window; a seed is asked for. File, agenda.
    challenge(): (60_000, 6, 5);
    /// Window of the seed, rules; file, agenda.
    draw(): (60_000, 5, 3);
    /// Rules, faults, penalties; reputation, registration, file, agenda.
    withhold(): (120_000, 10, 10);
    /// Window of the seed; file, agenda, and the delta that lapses. Of each keeper its registration.
    let_go(keepers): (120_000, 12, 12) + keepers * (15_000, 1, 1);
}
