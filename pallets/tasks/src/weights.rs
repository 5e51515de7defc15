//! What each call and each step of the hook costs.
//!
//! Counted by hand from the code until it is measured: reads and writes of storage at the most
//! expensive state, each key once. What links two accounts takes up to 16 reads: what owner,
//! operator and requester operate, and the declarations between all of them, both ways.

cairn_seams::weights! {
    /// Clock, rules, number, model, account and holds, window of the seed; lists, terms, record.
    submit(): (60_000, 10, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (60_000, 7, 7);
    /// Record, terms, key; agenda.
    post_key(): (30_000, 3, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (150_000, 16, 33);
    /// Operator, record; agenda.
    commit(): (30_000, 4, 3);
    /// The end of a task of nine, four of whose results are contradicted by the others: of each of
    /// the four what links it, and its reputation.
    reveal(): (300_000, 110, 36);
    /// Record.
    acknowledge(): (20_000, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (15_000, 2, 0);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (60_000, 9, 9);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (80_000, 11, 10) + proofs * (40_000, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, an empty queue.
    serve(): (20_000, 5, 1);
    /// Agenda, record.
    find_due(): (10_000, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (30_000, 3, 4);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (60_000, 4, 7) + seats * (10_000, 1, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (70_000, 5, 6) + seats * (30_000, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (80_000, 7, 6) + seats * (60_000, 20, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (130_000, 12, 10) + seats * (70_000, 21, 5);
    /// Terms, model, account and holds, treasury, creator, issuance; agenda, record. Of each seat
    /// the provider and what links it, its reputation, the owner's account, what its work earned.
    settle(seats): (150_000, 10, 8) + seats * (90_000, 22, 6);
    /// Audit; agenda, record.
    look_at_audit(): (30_000, 4, 4);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (40_000, 5, 5);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty; agenda, record. Of each seat the provider, its answer and its key.
    withhold(seats): (150_000, 32, 15) + seats * (10_000, 1, 3);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (50_000, 2, 7) + seats * (3_000, 0, 2);
    /// Queue, record, terms, window of the seed, rules; nine seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what links it.
    find_workers(sample): (150_000, 17, 30) + sample * (40_000, 11, 0);
}
