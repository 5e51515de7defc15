//! What each call and each step of the hook costs.
//!
//! Counted by hand from the code until it is measured: reads and writes of storage at the most
//! expensive state, each key once. What the tasks do when they hear a verdict is part of it.

cairn_seams::weights! {
    /// Registration, licence, clock; licence.
    license(): (20_000, 3, 1);
    /// Licence.
    revoke_licence(): (20_000, 1, 1);
    /// Clock, operator, licence, note, rules, account and holds; note, licence.
    plant(): (50_000, 8, 4);
    /// Clock, note, licence, rules, account and holds; note, licence.
    dig_up(): (50_000, 7, 4);
    /// Audit, licence, note, rules, accounts and holds, patron, genesis hash; the end of an audit
    /// of nine guards who all agreed, and each of whom is penalised.
    unmask(): (700_000, 130, 110);
    /// Clock, audit, key, rules; audit, key, agenda.
    post_key(): (30_000, 5, 5);
    /// Clock, operator, audit, key, registration, rules; audit, key, registration and its lanes,
    /// agenda.
    reject_key(): (50_000, 9, 9);
    /// Clock, operator, audit, rules; audit, agenda.
    commit(): (30_000, 5, 4);
    /// Clock, operator, audit, genesis hash, rules, registration; audit, agenda, registration.
    reveal(): (50_000, 9, 6);
    /// Clock, audit; what it then does is counted by itself.
    poke(): (15_000, 3, 0);
    /// Clock, how far it has come.
    serve(): (10_000, 3, 1);
    /// Agenda, audit.
    find_due(): (10_000, 2, 0);
    /// Audit, rules, window of the seed, nine guards seated; agenda. Of each provider looked at
    /// its place and record, licence, reputation, and whether it is linked to nine workers, the
    /// requester, and the other guards.
    draw(sample): (150_000, 20, 34) + sample * (150_000, 60, 0);
    /// Audit, rules, faults; agenda, audit. Of each guard its registration and lanes, reputation,
    /// penalty and key.
    close(guards): (60_000, 8, 6) + guards * (70_000, 9, 7);
    /// Audit, rules, patron; agenda, task, terms and what is held for them. Of each guard its
    /// registration, reputation, key and owner's account; of each worker as much, and its penalty,
    /// answer and key.
    conclude(members): (180_000, 18, 16) + members * (150_000, 20, 17);
}
