//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions; AMD EPYC, 2 cores, 24684084 kB,
//! Linux 6.18.44-fc-v669, 2026-11-21.

cairn_seams::weights! {
    /// Clock, rules, number, model, account and holds, window of the seed; lists, terms, record.
    submit(): (147_708, 9, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (137_183, 8, 7);
    /// Record, terms, key; agenda.
    post_key(): (52_217, 4, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (528_772, 26, 32);
    /// Operator, record; agenda.
    commit(): (60_990, 5, 3);
    /// The end of a task, almost half of whose results the others contradict: of each of those what
    /// links it, and its reputation.
    reveal(seats): (112_083, 3, 6) + seats * (49_469, 7, 2);
    /// Record.
    acknowledge(): (28_252, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (71_756, 4, 7);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (140_668, 11, 7);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (188_815, 12, 8) + proofs * (11_278, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, an empty queue.
    serve(): (17_876, 5, 1);
    /// Agenda, record.
    find_due(): (12_448, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (33_450, 5, 4);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (145_835, 7, 7) + seats * (47_198, 2, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (130_065, 6, 5) + seats * (65_940, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (171_653, 13, 6) + seats * (98_559, 11, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (182_108, 14, 6) + seats * (101_459, 11, 5);
    /// Terms, model, account and holds, treasury, creator, issuance; agenda, record. Of each seat
    /// the provider and what links it, its reputation, the owner's account, what its work earned.
    settle(seats): (176_346, 10, 6) + seats * (122_872, 13, 3);
    /// Audit; agenda, record.
    look_at_audit(): (39_549, 4, 3);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (92_397, 7, 4);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty; agenda, record. Of each seat the provider, its answer and its key.
    withhold(seats): (260_470, 25, 13) + seats * (0, 0, 0);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (65_912, 3, 7) + seats * (4_421, 0, 2);
    /// Queue, record, terms, window of the seed, rules; nine seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what links it.
    find_workers(sample): (379_256, 9, 31) + sample * (90_866, 14, 0);
}
