//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Registration, licence, clock; licence.
    license(): (19_429, 3, 1);
    /// Licence.
    revoke_licence(): (13_159, 1, 1);
    /// Clock, operator, licence, note, rules, account and holds; note, licence.
    plant(): (88_781, 7, 4);
    /// Clock, note, licence, rules, account and holds; note, licence.
    dig_up(): (76_714, 6, 4);
    /// Audit, licence, note, rules, accounts and holds, patron, genesis hash; the end of an audit
    /// of nine guards who all agreed, and each of whom is penalised.
    unmask(): (763_981, 41, 53);
    /// Clock, audit, key, rules; audit, key, agenda.
    post_key(): (51_566, 4, 4);
    /// Clock, operator, audit, key, registration, rules; audit, key, registration and its lanes,
    /// agenda.
    reject_key(): (75_942, 7, 5);
    /// Clock, operator, audit, rules; audit, agenda.
    commit(): (71_877, 5, 3);
    /// Clock, operator, audit, genesis hash, rules, registration; audit, agenda, registration.
    reveal(): (104_925, 7, 3);
    /// Clock, audit; what it then does is counted by itself.
    poke(): (49_824, 4, 3);
    /// Clock, how far it has come.
    serve(): (12_238, 3, 1);
    /// Agenda, audit.
    find_due(): (18_737, 2, 0);
    /// Audit, rules, window of the seed, what nine workers and the requester go by and what links
    /// them; nine guards seated, four evicted; agenda. Of each of the sample two places in the pool
    /// and who sits there, one of whom has gone silent; of the other its licence, its reputation,
    /// what it goes by, and what links it.
    draw(sample): (229_688, 71, 34) + sample * (70_272, 11, 0);
    /// Audit, rules, faults; agenda, audit. Of each guard its registration and lanes, reputation,
    /// penalty and key.
    close(guards): (108_157, 7, 4) + guards * (37_138, 2, 4);
    /// Audit, rules, patron; agenda, task, terms and what is held for them. Of each guard its
    /// registration, reputation, key and owner's account; of each worker as much, and its penalty,
    /// answer and key.
    conclude(members): (223_077, 17, 9) + members * (141_959, 7, 9);
}
