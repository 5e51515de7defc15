//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions; AMD EPYC, 2 cores, 24684084 kB,
//! Linux 6.18.44-fc-v669, 2026-11-21.

cairn_seams::weights! {
    /// Clock, rules, number, model, account and holds, window of the seed; lists, terms, record.
    submit(): (150_463, 9, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (141_329, 8, 7);
    /// Record, terms, key; agenda.
    post_key(): (54_972, 4, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (564_736, 26, 32);
    /// Operator, record; agenda.
    commit(): (68_120, 5, 3);
    /// The end of a task, almost half of whose results the others contradict: of each of those what
    /// links it, and its reputation.
    reveal(seats): (153_127, 12, 10) + seats * (40_587, 4, 2);
    /// Record.
    acknowledge(): (37_075, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (73_068, 4, 7);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (153_758, 11, 7);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (201_084, 12, 8) + proofs * (13_388, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, the first of the queue.
    serve(): (32_518, 6, 1);
    /// Agenda, record.
    find_due(): (13_800, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (48_051, 5, 4);
    /// Window of the seed, its trace; agenda, record.
    ask_again(): (48_051, 6, 5);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (169_059, 7, 7) + seats * (52_452, 2, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (111_179, 6, 5) + seats * (89_948, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (273_552, 15, 6) + seats * (60_329, 4, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (325_639, 16, 6) + seats * (66_575, 4, 5);
    /// Terms, model, account and holds, treasury, creator, issuance; agenda, record. Of each seat
    /// the provider and what links it, its reputation, the owner's account, what its work earned.
    settle(seats): (299_661, 12, 6) + seats * (107_752, 6, 3);
    /// Audit; agenda, record.
    look_at_audit(): (45_367, 4, 3);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (158_064, 7, 4);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty; agenda, record. Of each seat the provider, its answer and its key.
    withhold(seats): (255_974, 21, 13) + seats * (0, 0, 0);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (70_569, 3, 7) + seats * (6_984, 0, 2);
    /// Queue, record, terms, window of the seed, rules; one seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what it goes by.
    find_worker(sample): (123_203, 18, 27) + sample * (57_679, 7, 0);
    /// The same; nine seated, and of each looked at what links it.
    find_workers(sample): (45_249, 15, 35) + sample * (71_908, 10, 0);
}
