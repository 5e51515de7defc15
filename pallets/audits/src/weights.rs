//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions; AMD EPYC, 2 cores, 24684084 kB,
//! Linux 6.18.44-fc-v669, 2026-11-21.

cairn_seams::weights! {
    /// Registration, licence, clock; licence.
    license(): (19_429, 3, 1);
    /// Licence.
    revoke_licence(): (12_498, 1, 1);
    /// Clock, operator, licence, note, rules, account and holds; note, licence.
    plant(): (87_649, 7, 4);
    /// Clock, note, licence, rules, account and holds; note, licence.
    dig_up(): (75_151, 6, 4);
    /// Audit, licence, note, rules, accounts and holds, patron, genesis hash; the end of an audit
    /// of nine guards who all agreed, and each of whom is penalised.
    unmask(): (785_032, 41, 53);
    /// Clock, audit, key, rules; audit, key, agenda.
    post_key(): (50_014, 4, 4);
    /// Clock, operator, audit, key, registration, rules; audit, key, registration and its lanes,
    /// agenda.
    reject_key(): (74_019, 7, 5);
    /// Clock, operator, audit, rules; audit, agenda.
    commit(): (63_664, 5, 3);
    /// Clock, operator, audit, genesis hash, rules, registration; audit, agenda, registration.
    reveal(): (95_271, 7, 3);
    /// Clock, audit; what it then does is counted by itself.
    poke(): (41_832, 4, 3);
    /// Clock, how far it has come.
    serve(): (7_711, 3, 1);
    /// Agenda, audit.
    find_due(): (14_591, 2, 0);
    /// Audit, rules, window of the seed, nine guards seated; agenda. Of each provider looked at
    /// its place and record, licence, reputation, and whether it is linked to nine workers, the
    /// requester, and the other guards.
    draw(sample): (7_746_895, 1294, 13) + sample * (355_553, 59, 0);
    /// Audit, rules, faults; agenda, audit. Of each guard its registration and lanes, reputation,
    /// penalty and key.
    close(guards): (43_591, 5, 4) + guards * (46_788, 2, 4);
    /// Audit, rules, patron; agenda, task, terms and what is held for them. Of each guard its
    /// registration, reputation, key and owner's account; of each worker as much, and its penalty,
    /// answer and key.
    conclude(members): (188_537, 15, 9) + members * (169_915, 14, 9);
}
