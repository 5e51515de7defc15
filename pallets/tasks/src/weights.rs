//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Clock, rules, number, model, account and holds, window of the seed; lists, terms, record.
    submit(): (153_457, 9, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (147_177, 9, 7);
    /// Record, terms, key; agenda.
    post_key(): (46_099, 4, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (536_574, 26, 32);
    /// Operator, record; agenda.
    commit(): (61_451, 5, 3);
    /// The end of a task, almost half of whose results the others contradict: of each of those what
    /// links it, and its reputation.
    reveal(seats): (129_573, 12, 10) + seats * (44_958, 4, 2);
    /// Record.
    acknowledge(): (33_630, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (70_925, 4, 7);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (147_659, 11, 7);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (206_712, 12, 8) + proofs * (10_096, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, the first of the queue.
    serve(): (35_213, 6, 1);
    /// Agenda, record.
    find_due(): (11_707, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (33_790, 5, 4);
    /// Window of the seed, its trace; agenda, record.
    ask_again(): (29_143, 5, 4);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (156_393, 7, 7) + seats * (42_982, 2, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (143_496, 6, 5) + seats * (59_830, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (225_698, 15, 6) + seats * (64_047, 4, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (209_716, 16, 6) + seats * (66_705, 4, 5);
    /// Terms, model, account and holds, treasury, creator, issuance, session, rules of merit;
    /// agenda, record. Of each seat the provider and what links it, its reputation, the owner's
    /// account, the validator that it works for and what it did for that one.
    settle(seats): (188_999, 14, 6) + seats * (102_185, 7, 4);
    /// Audit; agenda, record.
    look_at_audit(): (42_012, 4, 3);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (98_156, 7, 4);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty, its answer and its key; agenda, record. Nothing of other workers.
    withhold(): (312_112, 21, 13);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (65_558, 3, 7) + seats * (4_917, 0, 2);
    /// Queue, record, terms, window of the seed, rules; one seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what it goes by. Of each
    /// who failed what it goes by, and what links it.
    find_worker(sample, failed): (1_822_178, 18, 27) + sample * (21_002, 7, 0) + failed * (12_757, 6, 0);
    /// The same; nine seated, and of each looked at what links it.
    find_workers(sample, failed): (904_732, 15, 35) + sample * (47_635, 10, 0) + failed * (41_253, 6, 0);
}
