//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 5 runs; AMD EPYC, 2
//! cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Clock, rules, number, model, account and holds, window of the seed; lists, terms, record.
    submit(): (160_208, 9, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (150_543, 9, 7);
    /// Record, terms, key; agenda.
    post_key(): (60_049, 4, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (575_893, 26, 32);
    /// Operator, record; agenda.
    commit(): (69_273, 5, 3);
    /// The end of a task, almost half of whose results the others contradict: of each of those what
    /// links it, and its reputation.
    reveal(seats): (181_081, 12, 10) + seats * (45_040, 4, 2);
    /// Record.
    acknowledge(): (35_643, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (72_076, 4, 7);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (182_420, 11, 7);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (266_704, 12, 8) + proofs * (4_347, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, the first of the queue.
    serve(): (37_866, 6, 1);
    /// Agenda, record.
    find_due(): (12_098, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (34_201, 5, 4);
    /// Window of the seed, its trace; agenda, record.
    ask_again(): (29_243, 5, 4);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (224_832, 7, 7) + seats * (42_265, 2, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (209_790, 6, 5) + seats * (62_034, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (238_761, 15, 6) + seats * (68_403, 4, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (286_840, 16, 6) + seats * (57_125, 4, 5);
    /// Terms, model, account and holds, treasury, creator, issuance, session, rules of merit;
    /// agenda, record. Of each seat the provider and what links it, its reputation, the owner's
    /// account, the validator that it works for and what it did for that one.
    settle(seats): (243_493, 14, 6) + seats * (102_439, 7, 4);
    /// Audit; agenda, record.
    look_at_audit(): (45_818, 4, 3);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (97_043, 7, 4);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty, its answer and its key; agenda, record. Nothing of other workers.
    withhold(): (273_962, 21, 13);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (82_378, 3, 7) + seats * (2_951, 0, 2);
    /// Queue, record, terms, window of the seed, rules; one seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what it goes by. Of each
    /// who failed what it goes by, and what links it.
    find_worker(sample, failed): (504_100, 18, 27) + sample * (59_689, 7, 0) + failed * (27_229, 6, 0);
    /// The same; nine seated, and of each looked at what links it.
    find_workers(sample, failed): (1_183_985, 15, 35) + sample * (79_214, 10, 0) + failed * (26_688, 6, 0);
}
