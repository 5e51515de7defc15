//! What each call and each step of the hook costs.
//!
//! Written by `scripts/bench weights`: 10 steps, 20 repetitions, the least of 3 runs; AMD EPYC, 2
//! cores, 24682416 kB, Linux 6.18.44-fc-v445, 2026-11-23.

cairn_seams::weights! {
    /// Clock, rules, number, model with its card, its announced access and the account's licence,
    /// account and holds, window of the seed; lists, terms, record.
    submit(): (181_529, 11, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (147_889, 9, 7);
    /// Record, terms, key; agenda.
    post_key(): (45_247, 4, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (541_613, 26, 32);
    /// Its reputation, and the end of a task of which four of nine are left: what
    /// rejecting a key costs, and noting what is known of one worker.
    decline(): (404_189, 25, 21);
    /// Operator, record; agenda.
    commit(): (60_550, 5, 3);
    /// The end of a task, almost half of whose results the others contradict: of each of those what
    /// links it, and its reputation.
    reveal(seats): (202_899, 12, 10) + seats * (39_201, 4, 2);
    /// Record.
    acknowledge(): (33_359, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (73_038, 4, 7);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (143_814, 11, 7);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (191_357, 12, 8) + proofs * (11_400, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, the first of the queue.
    serve(): (44_696, 6, 1);
    /// Agenda, record.
    find_due(): (12_589, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (35_102, 5, 4);
    /// Window of the seed, its trace; agenda, record.
    ask_again(): (29_474, 5, 4);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (162_280, 7, 7) + seats * (50_796, 2, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (148_534, 6, 5) + seats * (68_709, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (205_261, 15, 6) + seats * (74_229, 4, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (398_563, 16, 6) + seats * (75_145, 4, 5);
    /// Terms, model, its card and its uses, account and holds, treasury, creator, issuance, session,
    /// rules of merit; agenda, record. Of each seat the provider and what links it, its reputation,
    /// the owner's account, the validator that it works for and what it did for that one. Not
    /// measured yet: the model's card and its uses.
    settle(seats): (286_860, 19, 8) + seats * (103_303, 7, 4);
    /// Audit; agenda, record, and whoever was outvoted, four at most.
    look_at_audit(): (65_537, 8, 7);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (95_712, 7, 4);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty, its answer and its key; agenda, record. Nothing of other workers.
    withhold(): (294_326, 21, 13);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (76_455, 3, 7) + seats * (4_027, 0, 2);
    /// Queue, record, terms, window of the seed, rules; one seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what it goes by. Of each
    /// who failed what it goes by, and what links it.
    find_worker(sample, failed): (1_848_348, 18, 27) + sample * (23_794, 7, 0) + failed * (14_838, 6, 0);
    /// The same; nine seated, and of each looked at what links it.
    find_workers(sample, failed): (2_150_246, 15, 35) + sample * (41_842, 10, 0) + failed * (0, 6, 0);
}
