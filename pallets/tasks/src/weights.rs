//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC,
//! 2 cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Clock, rules, number, model, account and holds, window of the seed; lists, terms, record.
    submit(): (203_221, 9, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (169_110, 8, 7);
    /// Record, terms, key; agenda.
    post_key(): (57_726, 4, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (662_912, 26, 32);
    /// Operator, record; agenda.
    commit(): (69_834, 5, 3);
    /// The end of a task, almost half of whose results the others contradict: of each of those what
    /// links it, and its reputation.
    reveal(seats): (110_610, 12, 10) + seats * (61_839, 4, 2);
    /// Record.
    acknowledge(): (36_264, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (73_980, 4, 7);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (164_654, 11, 7);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (223_886, 12, 8) + proofs * (13_157, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, the first of the queue.
    serve(): (36_494, 6, 1);
    /// Agenda, record.
    find_due(): (19_469, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (40_480, 5, 4);
    /// Window of the seed, its trace; agenda, record.
    ask_again(): (47_741, 5, 4);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (231_504, 7, 7) + seats * (54_745, 2, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (228_574, 6, 5) + seats * (74_167, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (363_270, 15, 6) + seats * (60_418, 4, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (203_736, 16, 6) + seats * (92_962, 4, 5);
    /// Terms, model, account and holds, treasury, creator, issuance, session, rules of merit;
    /// agenda, record. Of each seat the provider and what links it, its reputation, the owner's
    /// account, the validator that it works for and what it did for that one.
    settle(seats): (178_882, 12, 6) + seats * (133_774, 6, 3);
    /// Audit; agenda, record.
    look_at_audit(): (41_232, 4, 3);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (107_479, 7, 4);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty; agenda, record. Of each seat the provider, its answer and its key.
    withhold(seats): (338_942, 21, 13) + seats * (0, 0, 0);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (70_862, 3, 7) + seats * (9_037, 0, 2);
    /// Queue, record, terms, window of the seed, rules; one seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what it goes by. Of each
    /// who failed what it goes by, and what links it.
    find_worker(sample, failed): (57_141, 18, 27) + sample * (56_911, 7, 0) + failed * (60_000, 6, 0);
    /// The same; nine seated, and of each looked at what links it.
    find_workers(sample, failed): (463_750, 15, 35) + sample * (71_016, 10, 0) + failed * (60_000, 6, 0);
}
