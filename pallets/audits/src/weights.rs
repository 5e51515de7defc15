//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC,
//! 2 cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Registration, licence, clock; licence.
    license(): (27_391, 3, 1);
    /// Licence.
    revoke_licence(): (13_690, 1, 1);
    /// Clock, operator, licence, note, rules, account and holds; note, licence.
    plant(): (92_076, 7, 4);
    /// Clock, note, licence, rules, account and holds; note, licence.
    dig_up(): (78_957, 6, 4);
    /// Audit, licence, note, rules, accounts and holds, patron, genesis hash; the end of an audit
    /// of nine guards who all agreed, and each of whom is penalised.
    unmask(): (901_816, 41, 53);
    /// Clock, audit, key, rules; audit, key, agenda.
    post_key(): (88_661, 4, 4);
    /// Clock, operator, audit, key, registration, rules; audit, key, registration and its lanes,
    /// agenda.
    reject_key(): (94_991, 7, 5);
    /// Clock, operator, audit, rules; audit, agenda.
    commit(): (85_206, 5, 3);
    /// Clock, operator, audit, genesis hash, rules, registration; audit, agenda, registration.
    reveal(): (120_458, 7, 3);
    /// Clock, audit; what it then does is counted by itself.
    poke(): (49_203, 4, 3);
    /// Clock, how far it has come.
    serve(): (12_308, 3, 1);
    /// Agenda, audit.
    find_due(): (22_584, 2, 0);
    /// Audit, rules, window of the seed, nine guards seated; agenda. Of each provider looked at
    /// its place and record, licence, reputation, and whether it is linked to nine workers, the
    /// requester, and the other guards.
    draw(sample): (144_341, 73, 13) + sample * (68_332, 8, 0);
    /// Audit, rules, faults; agenda, audit. Of each guard its registration and lanes, reputation,
    /// penalty and key.
    close(guards): (84_155, 7, 4) + guards * (43_803, 2, 4);
    /// Audit, rules, patron; agenda, task, terms and what is held for them. Of each guard its
    /// registration, reputation, key and owner's account; of each worker as much, and its penalty,
    /// answer and key.
    conclude(members): (255_911, 17, 9) + members * (138_607, 7, 9);
}
