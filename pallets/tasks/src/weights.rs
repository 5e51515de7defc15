//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions; AMD EPYC, 2 cores, 24684084 kB,
//! Linux 6.18.44-fc-v669, 2026-11-21.

cairn_seams::weights! {
    /// Clock, rules, number, model, account and holds, window of the seed; lists, terms, record.
    submit(): (155_360, 9, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (210_671, 8, 7);
    /// Record, terms, key; agenda.
    post_key(): (53_139, 4, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (560_871, 26, 32);
    /// Operator, record; agenda.
    commit(): (80_278, 5, 3);
    /// The end of a task, almost half of whose results the others contradict: of each of those what
    /// links it, and its reputation.
    reveal(seats): (592_887, 70, 28) + seats * (1, 0, 0);
    /// Record.
    acknowledge(): (35_322, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (72_448, 4, 7);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (198_745, 11, 7);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (218_468, 12, 8) + proofs * (8_064, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, an empty queue.
    serve(): (18_487, 5, 1);
    /// Agenda, record.
    find_due(): (11_357, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (33_670, 5, 4);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (162_991, 7, 7) + seats * (43_143, 2, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (151_306, 6, 5) + seats * (61_347, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (175_010, 13, 6) + seats * (93_620, 11, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (195_811, 14, 6) + seats * (90_811, 11, 5);
    /// Terms, model, account and holds, treasury, creator, issuance; agenda, record. Of each seat
    /// the provider and what links it, its reputation, the owner's account, what its work earned.
    settle(seats): (188_458, 10, 6) + seats * (118_216, 13, 3);
    /// Audit; agenda, record.
    look_at_audit(): (42_102, 4, 3);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (94_910, 7, 4);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty; agenda, record. Of each seat the provider, its answer and its key.
    withhold(seats): (268_968, 25, 13) + seats * (0, 0, 0);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (66_550, 3, 7) + seats * (4_156, 0, 2);
    /// Queue, record, terms, window of the seed, rules; nine seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what links it.
    find_workers(sample): (317_531, 9, 31) + sample * (91_876, 14, 0);
}
