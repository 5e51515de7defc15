//! What each call and each step of the hook costs.
//!
//! Counted by hand from the code until it is measured: reads and writes of storage at the most
//! expensive state, each key once. What links two accounts takes up to 16 reads: what owner,
//! operator and requester operate, and the declarations between all of them, both ways.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};

/// Declares the trait and both implementations from one table: microseconds, reads and writes,
/// and what each seat or each provider looked at adds to them.
macro_rules! weights {
    ($(
        $(#[$doc:meta])*
        $name:ident($($each:ident)?): $fixed:tt $(+ $per:tt)?;
    )*) => {
        /// Costs of this pallet.
        pub trait WeightInfo {
            $($(#[$doc])* fn $name($($each: u32)?) -> Weight;)*
        }

        /// Costs on the database of a runtime.
        pub struct SubstrateWeight<T>(PhantomData<T>);

        impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
            $(fn $name($($each: u32)?) -> Weight {
                let database = T::DbWeight::get();
                cost(database, $fixed)
                    $(.saturating_add(cost(database, $per).saturating_mul($each.into())))?
            })*
        }

        impl WeightInfo for () {
            $(fn $name($($each: u32)?) -> Weight {
                let database = ParityDbWeight::get();
                cost(database, $fixed)
                    $(.saturating_add(cost(database, $per).saturating_mul($each.into())))?
            })*
        }
    };
}

weights! {
    /// Clock, rules, number, model, account and holds, window of the seed; lists, terms, record.
    submit(): (60, 10, 9);
    /// Record, window of the seed, account and holds; queue, agenda.
    cancel(): (60, 7, 7);
    /// Record, terms, key; agenda.
    post_key(): (30, 3, 4);
    /// The end of a task of nine whose key does not open the payload.
    reject_key(): (150, 16, 33);
    /// Operator, record; agenda.
    commit(): (30, 4, 3);
    /// The end of a task of nine, four of whose results are contradicted by the others: of each of
    /// the four what links it, and its reputation.
    reveal(): (300, 110, 36);
    /// Record.
    acknowledge(): (20, 2, 1);
    /// Clock, record; what it then does is counted by itself.
    poke(): (15, 2, 0);
    /// Record, answer, complaints, rules, account and holds, window of the seed; agenda.
    complain_unavailable(): (60, 9, 9);
    /// Operator, record, complaints, answer, window of the seed, accounts and holds; agenda. Of
    /// each chunk the way up its tree.
    show(proofs): (80, 11, 10) + (40, 0, 0);
    /// Clock, rules, how far it has come, a height without tasks, an empty queue.
    serve(): (20, 5, 1);
    /// Agenda, record.
    find_due(): (10, 2, 0);
    /// Window of the seed, rules; queue, agenda, record.
    enter_queue(): (30, 3, 4);
    /// Window of the seed, account and holds; queue, agenda, record. Of each seat the provider,
    /// its answer and its key.
    give_up(seats): (60, 4, 7) + (10, 1, 3);
    /// Account and holds, issuance; agenda, record. Of each seat also the owner's account.
    forfeit(seats): (70, 5, 6) + (30, 2, 4);
    /// Rules, faults, account and holds; agenda, record. Of each seat the provider and what links
    /// it, its reputation, its penalty, its answer and its key.
    close_commits(seats): (80, 7, 6) + (60, 20, 5);
    /// The same; terms, and of each seat its answer; what begins an audit.
    judge(seats): (130, 12, 10) + (70, 21, 5);
    /// Terms, model, account and holds, treasury, creator, issuance; agenda, record. Of each seat
    /// the provider and what links it, its reputation, the owner's account, what its work earned.
    settle(seats): (150, 10, 8) + (90, 22, 6);
    /// Audit; agenda, record.
    look_at_audit(): (30, 4, 4);
    /// Complaints, window of the seed, answer, rules; agenda, record.
    ask_for_chunks(): (40, 5, 5);
    /// Complaints, window of the seed, faults, account and holds, one provider, its reputation
    /// and its penalty; agenda, record. Of each seat the provider, its answer and its key.
    withhold(seats): (150, 32, 15) + (10, 1, 3);
    /// Account and holds; agenda, lists, terms, complaints, record. Of each seat its answer and
    /// its key.
    prune(seats): (50, 2, 7) + (3, 0, 2);
    /// Queue, record, terms, window of the seed, rules; nine seated, four evicted. Of each looked
    /// at two places in the pool and who sits there, its reputation, and what links it.
    find_workers(sample): (150, 17, 30) + (40, 11, 0);
}

fn cost(database: RuntimeDbWeight, (micros, reads, writes): (u64, u64, u64)) -> Weight {
    Weight::from_parts(micros.saturating_mul(1_000_000), 0)
        .saturating_add(database.reads_writes(reads, writes))
}
