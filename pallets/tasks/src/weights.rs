//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 5 runs, of
//! `submit` and `settle` of 3; AMD EPYC, 2 cores, 24684084 kB, Linux 6.18.44-fc-v669, 2026-11-22.

cairn_seams::weights! {
    /// Clock, rules, number, model with its card, its announced access and the account's licence,
    /// account and holds, window of the seed; lists, terms, record. Not measured yet: what is looked
    /// up of the model beside its first block.
    submit(): (175_016, 13, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (150_853, 9, 7);
    /// Record, terms, key; agenda.
    post_key(): (48_762, 4, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (528_994, 26, 32);
    /// Its reputation, and the end of a task of which four of nine are left. Not measured yet: what
    /// rejecting a key costs, and noting what is known of one worker.
    decline(): (565_366, 30, 34);
    /// Operator, record; agenda.
    commit(): (60_329, 5, 3);
    /// The end of a task, almost half of whose results the others contradict: of each of those what
    /// links it, and its reputation.
    reveal(seats): (200_411, 12, 10) + seats * (36_372, 4, 2);
    /// Record.
    acknowledge(): (37_535, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (72_938, 4, 7);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (152_375, 11, 7);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (228_221, 12, 8) + proofs * (6_324, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, the first of the queue.
    serve(): (35_823, 6, 1);
    /// Agenda, record.
    find_due(): (12_118, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (34_781, 5, 4);
    /// Window of the seed, its trace; agenda, record.
    ask_again(): (28_973, 5, 4);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (188_133, 7, 7) + seats * (42_758, 2, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (227_212, 6, 5) + seats * (54_246, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (257_090, 15, 6) + seats * (63_137, 4, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (320_166, 16, 6) + seats * (56_016, 4, 5);
    /// Terms, model, its card and its uses, account and holds, treasury, creator, issuance, session,
    /// rules of merit; agenda, record. Of each seat the provider and what links it, its reputation,
    /// the owner's account, the validator that it works for and what it did for that one. Not
    /// measured yet: the model's card and its uses.
    settle(seats): (297_767, 18, 8) + seats * (100_250, 7, 4);
    /// Audit; agenda, record, and whoever was outvoted, four at most.
    look_at_audit(): (39_649, 4, 3);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (106_387, 7, 4);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty, its answer and its key; agenda, record. Nothing of other workers.
    withhold(): (318_662, 21, 13);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (84_880, 3, 7) + seats * (2_690, 0, 2);
    /// Queue, record, terms, window of the seed, rules; one seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what it goes by. Of each
    /// who failed what it goes by, and what links it.
    find_worker(sample, failed): (186_149, 18, 27) + sample * (47_998, 7, 0) + failed * (29_282, 6, 0);
    /// The same; nine seated, and of each looked at what links it.
    find_workers(sample, failed): (1_392_066, 15, 35) + sample * (48_035, 10, 0) + failed * (34_177, 6, 0);
}
