//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24682416 kB, Linux 6.18.44-fc-v445, 2026-11-23.

cairn_seams::weights! {
    /// Registration, licence, clock; licence.
    license(): (20_731, 3, 1);
    /// Licence.
    revoke_licence(): (14_992, 1, 1);
    /// Clock, operator, licence, note, rules, account and holds; note, licence.
    plant(): (126_167, 7, 4);
    /// Clock, note, licence, rules, account and holds; note, licence.
    dig_up(): (79_729, 6, 4);
    /// Audit, licence, note, rules, accounts and holds, patron, genesis hash; the end of an audit
    /// of nine guards who all agreed, and each of whom is penalised.
    unmask(): (884_750, 41, 53);
    /// Clock, audit, key, rules; audit, key, agenda.
    post_key(): (55_842, 4, 4);
    /// Clock, operator, audit, key, registration, rules; audit, key, registration and its lanes,
    /// agenda.
    reject_key(): (88_951, 7, 5);
    /// Clock, operator, audit, rules; audit, agenda.
    commit(): (87_559, 5, 3);
    /// Clock, operator, audit, genesis hash, rules, registration; audit, agenda, registration.
    reveal(): (113_648, 7, 3);
    /// Clock, audit; what it then does is counted by itself.
    poke(): (51_146, 4, 3);
    /// Clock, how far it has come.
    serve(): (12_198, 3, 1);
    /// Agenda, audit.
    find_due(): (19_909, 2, 0);
    /// Audit, rules, window of the seed, what nine workers and the requester go by and what links
    /// them; nine guards seated, four evicted; agenda. Of each of the sample two places in the pool
    /// and who sits there, one of whom has gone silent; of the other its licence, its reputation,
    /// what it goes by, and what links it.
    draw(sample): (1_480_886, 71, 34) + sample * (59_280, 11, 0);
    /// Audit, rules, faults; agenda, audit. Of each guard its registration and lanes, reputation,
    /// penalty and key.
    close(guards): (55_458, 7, 4) + guards * (49_761, 2, 4);
    /// Audit, rules, patron; agenda, task, terms and what is held for them. Of each guard its
    /// registration, reputation, key and owner's account; of each worker as much, and its penalty,
    /// answer and key.
    conclude(members): (274_746, 17, 9) + members * (147_597, 7, 9);
}
