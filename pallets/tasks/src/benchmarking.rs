//! Measures every call and each step of the hook at its most expensive.

mod setup;

use crate::{types::*, *};
use alloc::{boxed::Box, vec::Vec};
use cairn_protocol::{
    chunk,
    failure::{Failure, Reason},
    id::{BlockId, ProviderId, TaskId},
    job::MAX_REDUNDANCY,
    lifecycle::Stage,
    task::OUTVOTED_AT_MOST,
};
use cairn_seams::{Ticket, FAILED_AT_MOST};
use frame_benchmarking::v2::*;
use frame_support::{weights::WeightMeter, BoundedVec};
use frame_system::RawOrigin;
pub use setup::await_audit;
use setup::*;

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers an available provider with an owner of its own that does every kind of job, for
    /// the least there can be, and has a payload key. Gives it and its operator.
    fn enlist(nth: u32) -> (ProviderId, AccountId);

    /// Lets a provider fall silent. It keeps its seats until it is drawn.
    fn silence(provider: ProviderId);

    /// Has a provider pause, which takes it out of every pool. It stays registered.
    fn pause(provider: ProviderId, operator: AccountId);

    /// A model that anyone may use and that has a creator, the same each time.
    fn model() -> BlockId;

    /// Has these rules hold.
    fn set_rules(rules: Rules);

    /// Makes the seed of a ticket there.
    fn make_seed(ticket: &Ticket);

    /// Whether whoever hears of settled work noted some of this provider.
    fn is_noted(provider: ProviderId) -> bool;
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn submit() {
        let requester = requester::<T>();
        let terms = terms::<T>(Some(T::BenchmarkHelper::model()), MAX_REDUNDANCY, true);
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), Box::new(terms));
        assert_eq!(stage::<T>(TaskId(0)), Stage::Queued);
    }

    #[benchmark]
    fn cancel() {
        let requester = requester::<T>();
        let id = super::submit::<T>(&requester, MAX_REDUNDANCY, true);
        enqueue::<T>(id);
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), id);
        assert_eq!(stage::<T>(id), Stage::Refunded);
    }

    /// The last of nine, whose clock starts.
    #[benchmark]
    fn post_key() {
        let (requester, id, staff) = assigned::<T>(true);
        for (provider, _) in staff.iter().skip(1) {
            super::post_key::<T>(&requester, id, *provider).expect("it waits for its key");
        }
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), id, staff[0].0, key());
        assert_eq!(stage::<T>(id), Stage::Assigned);
    }

    /// Nobody is asked again, and eight others are sent home.
    #[benchmark]
    fn reject_key() {
        let (id, staff) = working::<T>(SEATS);
        #[extrinsic_call]
        _(RawOrigin::Signed(staff[0].1.clone()), id);
        assert_eq!(stage::<T>(id), Stage::Refunded);
    }

    /// Too few of nine are left, nobody is asked again, and four others are sent home. To note what
    /// is known of the one costs more than to burn the fee.
    #[benchmark]
    fn decline() {
        let (id, staff) = working::<T>(SEATS / 2 + 1);
        Tasks::<T>::mutate(id, |task| {
            task.as_mut().expect("it is kept").redundancy = MAX_REDUNDANCY;
        });
        let reason = Reason::truncate_from(alloc::vec![b'a'; 128]);
        #[extrinsic_call]
        _(RawOrigin::Signed(staff[0].1.clone()), id, Failure::DiskFull, reason);
        assert_eq!(stage::<T>(id), Stage::Refunded);
    }

    /// The last of nine, after whom results may be shown.
    #[benchmark]
    fn commit() {
        let (id, staff) = working::<T>(SEATS);
        for (_, operator) in staff.iter().skip(1) {
            Pallet::<T>::do_commit(operator.clone(), id, SALT).expect("it is in time");
        }
        #[extrinsic_call]
        _(RawOrigin::Signed(staff[0].1.clone()), id, SALT);
        assert_eq!(stage::<T>(id), Stage::Committed);
    }

    /// The last one. Almost half of them contradict the others: what is said of them is noted, and
    /// the result may be audited.
    #[benchmark]
    fn reveal(s: Linear<1, SEATS>) {
        let (id, staff) = working::<T>(s);
        let half = (s / 2) as u8;
        let mut answers = commit_all::<T>(id, &staff, |nth| nth.saturating_sub(half));
        let last = answers.pop().expect("there are nine");
        reveal_all::<T>(id, &staff, answers);
        let operator = staff[staff.len() - 1].1.clone();
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), id, Box::new(last), SALT);
        assert_ne!(stage::<T>(id), Stage::Committed);
    }

    #[benchmark]
    fn acknowledge() {
        let id = agreed::<T>(SEATS);
        let requester = task::<T>(id).requester;
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), id);
        assert!(task::<T>(id).acknowledged);
    }

    #[benchmark]
    fn complain_unavailable() {
        let (id, _) = contested::<T>(SEATS, 1);
        let task = expire::<T>(id);
        Pallet::<T>::look_at(id, task);
        let task = expire::<T>(id);
        Pallet::<T>::look_at(id, task);
        // One of those who are left.
        let task = super::task::<T>(id);
        let provider = task.seats[0].provider;
        #[extrinsic_call]
        _(RawOrigin::Signed(task.requester), id, provider);
        assert_eq!(stage::<T>(id), Stage::Contested);
    }

    #[benchmark]
    fn show(p: Linear<1, CHUNKS_SHOWN>) {
        let (id, operator) = contested::<T>(SEATS, p);
        let (_, bytes) = artifact();
        let open = Complaints::<T>::get(id).and_then(|all| all.open).expect("it was made");
        let chunks = Pallet::<T>::asked_chunks(id, &open).expect("they are drawn");
        let proofs: Vec<_> =
            chunks.into_iter().filter_map(|index| chunk::prove(&bytes, index)).collect();
        assert_eq!(proofs.len() as u32, p);
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), id, BoundedVec::truncate_from(proofs));
        assert_eq!(stage::<T>(id), Stage::Window);
    }

    #[benchmark]
    fn ask_for_chunks() {
        let (id, _) = contested::<T>(SEATS, CHUNKS_SHOWN);
        let task = super::task::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        let open = Complaints::<T>::get(id).and_then(|all| all.open);
        assert!(open.is_some_and(|open| open.asked));
    }

    /// Nobody is left to be paid, so all of it goes back.
    #[benchmark]
    fn withhold() {
        let (id, _) = contested::<T>(1, 1);
        let asked = super::task::<T>(id);
        Pallet::<T>::look_at(id, asked);
        let task = expire::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert_eq!(stage::<T>(id), Stage::Refunded);
    }

    /// A task for which least is to be done; what is done for others is measured below.
    #[benchmark]
    fn poke() {
        let requester = requester::<T>();
        let id = super::submit::<T>(&requester, MAX_REDUNDANCY, true);
        Pallet::<T>::do_cancel(requester.clone(), id).expect("nobody was found yet");
        expire::<T>(id);
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), id);
        assert!(Tasks::<T>::get(id).is_none());
    }

    /// A block in which nothing is due and there is no room for the one who waits.
    #[benchmark]
    fn serve() {
        let id = super::submit::<T>(&requester::<T>(), MAX_REDUNDANCY, true);
        enqueue::<T>(id);
        pass::<T>(1);
        let room = T::WeightInfo::serve().saturating_add(T::WeightInfo::find_due());
        let mut meter = WeightMeter::with_limit(room);
        #[block]
        {
            Pallet::<T>::serve(&mut meter);
        }
        assert_eq!(Served::<T>::get(), 1);
    }

    #[benchmark]
    fn find_due() {
        let requester = requester::<T>();
        let id = super::submit::<T>(&requester, MAX_REDUNDANCY, true);
        let next = task::<T>(id).next;
        let found;
        #[block]
        {
            found = Agenda::<T>::iter_key_prefix(next).next().and_then(Tasks::<T>::get);
        }
        assert_eq!(found.map(|task| task.next), Some(next));
    }

    #[benchmark]
    fn enter_queue() {
        let requester = requester::<T>();
        let id = super::submit::<T>(&requester, MAX_REDUNDANCY, true);
        let task = seeded::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert_eq!(Queue::<T>::iter_keys().count(), 1);
    }

    /// A draw was in vain, and it has rested since.
    #[benchmark]
    fn ask_again() {
        let requester = requester::<T>();
        let id = super::submit::<T>(&requester, MAX_REDUNDANCY, true);
        let mut task = seeded::<T>(id);
        Pallet::<T>::leave_queue(&mut task);
        task.place = Place::Resting;
        pass::<T>(1);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert!(matches!(super::task::<T>(id).place, Place::Drawing(_)));
    }

    /// No worker was found for the seats that are vacant; others are taken.
    #[benchmark]
    fn give_up(s: Linear<0, { SEATS - 1 }>) {
        let (id, _) = working::<T>(s);
        let mut queued = task::<T>(id);
        queued.stage = Stage::Queued;
        queued.redundancy = MAX_REDUNDANCY;
        Pallet::<T>::ask_for_seed(id, &mut queued);
        Tasks::<T>::insert(id, queued);
        enqueue::<T>(id);
        let task = expire::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert_eq!(stage::<T>(id), Stage::Refunded);
    }

    #[benchmark]
    fn forfeit(s: Linear<1, SEATS>) {
        let (_, id, mut staff) = assigned::<T>(true);
        leave_but::<T>(id, &mut staff, s);
        let task = expire::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert_eq!(stage::<T>(id), Stage::Refunded);
    }

    /// Nobody has committed, and nobody is asked again.
    #[benchmark]
    fn close_commits(s: Linear<1, SEATS>) {
        let (id, _) = working::<T>(s);
        let task = expire::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert_eq!(stage::<T>(id), Stage::Refunded);
    }

    /// Nobody has revealed, and nobody is asked again. To blame costs more than to compare.
    #[benchmark]
    fn judge(s: Linear<1, SEATS>) {
        let (id, staff) = working::<T>(s);
        commit_all::<T>(id, &staff, |_| 0);
        let task = expire::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert_eq!(stage::<T>(id), Stage::Refunded);
    }

    #[benchmark]
    fn settle(s: Linear<1, SEATS>) {
        let id = agreed::<T>(s);
        // As if it were on a model, so that its creator is paid too.
        TermsOf::<T>::mutate(id, |terms| {
            terms.as_mut().expect("they are kept").job.model = Some(T::BenchmarkHelper::model());
        });
        let task = expire::<T>(id);
        let workers: Vec<_> = task.seats.iter().map(|seat| seat.provider).collect();
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert_eq!(stage::<T>(id), Stage::Settled);
        assert!(workers.into_iter().all(T::BenchmarkHelper::is_noted));
    }

    /// It is over, and nobody said what came of it. Almost half were outvoted, and are let go.
    #[benchmark]
    fn look_at_audit() {
        let requester = requester::<T>();
        let workers: Vec<_> = (1..=SEATS).map(|nth| T::BenchmarkHelper::enlist(nth).0).collect();
        let (outvoted, agree) = workers.split_at(OUTVOTED_AT_MOST as usize);
        let id = await_audit::<T>(&requester, agree);
        accuse::<T>(id, outvoted);
        let task = expire::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert_eq!(stage::<T>(id), Stage::Window);
        assert!(super::task::<T>(id).outvoted.is_empty());
    }

    #[benchmark]
    fn prune(s: Linear<1, SEATS>) {
        let id = agreed::<T>(s);
        let window = expire::<T>(id);
        Pallet::<T>::look_at(id, window);
        let task = expire::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert!(Tasks::<T>::get(id).is_none());
    }

    /// The best is taken of a full sample, for which as many silent ones were looked at in vain. It
    /// must be nobody's who failed before.
    #[benchmark]
    fn find_worker(s: Linear<{ 2 * SEATS }, SAMPLE>, f: Linear<0, FAILED_AT_MOST>) {
        let id = queued_among::<T>(s, 1, f);
        #[block]
        {
            Pallet::<T>::find_workers(id, task::<T>(id));
        }
        assert_eq!(stage::<T>(id), Stage::AwaitingKeys);
    }

    /// As above, and nine are drawn.
    #[benchmark]
    fn find_workers(s: Linear<{ 2 * SEATS }, SAMPLE>, f: Linear<0, FAILED_AT_MOST>) {
        let id = queued_among::<T>(s, MAX_REDUNDANCY, f);
        #[block]
        {
            Pallet::<T>::find_workers(id, task::<T>(id));
        }
        assert_eq!(task::<T>(id).round, 1);
        assert_eq!(stage::<T>(id), Stage::AwaitingKeys);
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::benchmarks::new_test_ext(),
        crate::tests::mock::Test
    );
}
