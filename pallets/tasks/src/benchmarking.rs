//! Measures every call and each step of the hook at its most expensive.

use crate::{types::*, *};
use alloc::{boxed::Box, vec, vec::Vec};
use cairn_protocol::{
    id::{Amount, BlockId, Digest, Height, ProviderId, TaskId},
    job::{
        Inline, Job, JobKind, Payload, Policy, Requirements, Seal, Terms, INLINE_BYTES,
        MAX_REDUNDANCY, PARAMETER_BYTES,
    },
    lifecycle::Stage,
    preimage::{ResultCommitment, Statement},
    profile::DeviceClass,
    result::{Answer, Fingerprint, Output, FINGERPRINT_VALUES},
};
use cairn_seams::{Clock, Models, Ticket};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{
        fungible::{Inspect, Mutate},
        Get,
    },
    weights::WeightMeter,
    BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers an available provider with an owner of its own that does every kind of job, for
    /// the least there can be, and has a payload key. Gives it and its operator.
    fn enlist(nth: u32) -> (ProviderId, AccountId);

    /// Lets a provider fall silent. It keeps its seats until it is drawn.
    fn silence(provider: ProviderId);

    /// A model that anyone may use and that has a creator; none where none can be registered.
    fn model() -> Option<BlockId>;

    /// Has these rules hold.
    fn set_rules(rules: Rules);

    /// Makes the seed of a ticket there.
    fn make_seed(ticket: &Ticket);
}

/// Providers looked at for one task, at most.
const SAMPLE: u32 = 64;
const SEATS: u32 = MAX_REDUNDANCY as u32;
const SALT: Digest = [5; 32];

/// The operator of a provider, for whom most has to be looked up, with enough for anything.
fn requester<T: Config>() -> T::AccountId {
    let (_, requester) = T::BenchmarkHelper::enlist(0);
    T::Currency::set_balance(&requester, Amount::MAX >> 16);
    let creator = T::BenchmarkHelper::model().and_then(|model| T::Models::creator(&model));
    for paid in creator.into_iter().chain([T::Treasury::get()]) {
        T::Currency::set_balance(&paid, T::Currency::minimum_balance());
    }
    requester
}

/// The longest that there are.
fn terms<T: Config>(workers: u8, sealed: bool) -> Terms {
    let Rules { clocks, prices, .. } = T::Rules::get();
    let model = T::BenchmarkHelper::model();
    let (kind, policy) = match model {
        Some(_) => (JobKind::Infer, Policy::Proven),
        None => (JobKind::Simulate, Policy::Replicated),
    };
    let reward = prices.reward_least.saturating_mul(1_000 * Amount::from(workers));
    let seal = Seal { commitment: [1; 32], key_blocks: clocks.keys_most };
    let mut terms = Terms {
        job: Job {
            kind,
            model,
            engine: cairn_protocol::id::EngineId([2; 32]),
            input: Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: [3; 32],
            units: 1,
            sampled: false,
        },
        policy,
        redundancy: workers,
        requirements: Requirements {
            class: DeviceClass::Cpu,
            memory_mib: 0,
            compute: 0,
            throughput: 0,
            within: None,
            near: None,
            reputation: 0,
            enclave: false,
        },
        reward,
        tip: reward,
        match_by: T::Clock::now().saturating_add(clocks.match_most),
        work_blocks: clocks.work_most,
        seal: sealed.then_some(seal),
        output_bytes: INLINE_BYTES,
        auditable: true,
    };
    // The length of each of the two may take a byte more.
    let short = u32::try_from(terms.encoded_size()).unwrap_or(u32::MAX);
    let room = prices.terms_bytes.saturating_sub(short).saturating_sub(2);
    let input = room.min(INLINE_BYTES);
    let parameters = room.saturating_sub(input).min(PARAMETER_BYTES);
    terms.job.input = Payload::Inline(Inline::truncate_from(vec![0; input as usize]));
    terms.job.parameters = BoundedVec::truncate_from(vec![0; parameters as usize]);
    terms
}

fn pass<T: Config>(blocks: Height) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now + BlockNumberFor::<T>::from(blocks));
}

fn task<T: Config>(id: TaskId) -> TaskOf<T> {
    Tasks::<T>::get(id).expect("it is kept")
}

/// Lets the stage end that a task is in.
fn expire<T: Config>(id: TaskId) -> TaskOf<T> {
    let task = task::<T>(id);
    pass::<T>(task.due.saturating_add(1).saturating_sub(T::Clock::now()));
    task
}

fn submit<T: Config>(requester: &T::AccountId, workers: u8, sealed: bool) -> TaskId {
    let terms = terms::<T>(workers, sealed);
    Pallet::<T>::do_submit(requester.clone(), terms).expect("it can be paid and judged")
}

/// Makes the seed of a task's draw.
fn seeded<T: Config>(id: TaskId) -> TaskOf<T> {
    let task = task::<T>(id);
    let Place::Drawing(ticket) = &task.place else { panic!("it waits for its seed") };
    T::BenchmarkHelper::make_seed(ticket);
    task
}

/// Puts a task into the queue.
fn enqueue<T: Config>(id: TaskId) {
    let mut task = seeded::<T>(id);
    Pallet::<T>::enter_queue(id, &mut task);
    assert!(matches!(task.place, Place::Ready { .. }));
    Tasks::<T>::insert(id, task);
}

type Staff<T> = Vec<(ProviderId, AccountIdOf<T>)>;

/// A task of nine workers who have just been assigned, with their operators in the order of
/// their seats.
fn assigned<T: Config>(sealed: bool) -> (T::AccountId, TaskId, Staff<T>) {
    let requester = requester::<T>();
    let staff: Staff<T> = (1..=SEATS).map(T::BenchmarkHelper::enlist).collect();
    let id = submit::<T>(&requester, MAX_REDUNDANCY, sealed);
    enqueue::<T>(id);
    let key = Queue::<T>::iter_keys().next().expect("it queues");
    Pallet::<T>::find_workers(key);
    let seats = task::<T>(id).seats;
    assert_eq!(seats.len() as u32, SEATS);
    let member = |seat: &Seat| {
        staff.iter().find(|(provider, _)| *provider == seat.provider).cloned().expect("it is new")
    };
    (requester, id, seats.iter().map(member).collect())
}

/// A sealed task on which so many workers are at it, as if no more had been asked for. It is not
/// tried again.
fn working<T: Config>(seats: u32) -> (TaskId, Staff<T>) {
    let (requester, id, mut staff) = assigned::<T>(true);
    for (provider, _) in &staff {
        post_key::<T>(&requester, id, *provider).expect("it waits for its key");
    }
    leave_but::<T>(id, &mut staff, seats);
    (id, staff)
}

/// Takes their seats from all others.
fn leave_but<T: Config>(id: TaskId, staff: &mut Staff<T>, seats: u32) {
    let mut task = task::<T>(id);
    for (provider, _) in staff.drain(seats as usize..) {
        Pallet::<T>::leave_seat(id, &mut task, provider);
    }
    task.redundancy = seats as u8;
    task.reassigned = u8::MAX;
    Tasks::<T>::insert(id, task);
}

fn key() -> WrappedKey {
    WrappedKey::Inline(BoundedVec::truncate_from(vec![4; WRAPPED_KEY_BYTES as usize]))
}

fn post_key<T: Config>(
    requester: &T::AccountId,
    id: TaskId,
    provider: ProviderId,
) -> frame_support::dispatch::DispatchResult {
    Pallet::<T>::do_post_key(requester.clone(), id, provider, key())
}

/// The largest answer, one of its kind.
fn answer<T: Config>(id: TaskId, output: u8) -> Answer {
    let engine = TermsOf::<T>::get(id).expect("it is kept").job.engine;
    let fingerprint = vec![i32::MAX; FINGERPRINT_VALUES as usize];
    Answer {
        engine,
        output: Output::Inline(Inline::truncate_from(vec![output; INLINE_BYTES as usize])),
        fingerprint: Some(Fingerprint(BoundedVec::truncate_from(fingerprint))),
        units: 1,
    }
}

/// Everyone commits, each to the output that is named for its place.
fn commit_all<T: Config>(id: TaskId, staff: &Staff<T>, output: fn(u8) -> u8) -> Vec<Answer> {
    let genesis = Pallet::<T>::genesis();
    let answers: Vec<_> = (0..).take(staff.len()).map(|nth| answer::<T>(id, output(nth))).collect();
    let seats = task::<T>(id).seats;
    for ((answer, seat), (provider, operator)) in answers.iter().zip(seats).zip(staff) {
        let statement = ResultCommitment {
            task: id,
            round: seat.round,
            provider: *provider,
            generation: seat.generation,
            answer: answer.digest(&genesis),
            salt: SALT,
        };
        let commitment = statement.digest(&genesis);
        Pallet::<T>::do_commit(operator.clone(), id, commitment).expect("it is in time");
    }
    assert_eq!(task::<T>(id).stage, Stage::Committed);
    answers
}

fn reveal_all<T: Config>(id: TaskId, staff: &[(ProviderId, T::AccountId)], answers: Vec<Answer>) {
    for ((_, operator), answer) in staff.iter().zip(answers) {
        Pallet::<T>::do_reveal(operator.clone(), id, answer, SALT).expect("it is what was said");
    }
}

/// A task on which so many agreed.
fn agreed<T: Config>(seats: u32) -> TaskId {
    let (id, staff) = working::<T>(seats);
    let answers = commit_all::<T>(id, &staff, |_| 0);
    reveal_all::<T>(id, &staff, answers);
    assert_eq!(task::<T>(id).stage, Stage::Window);
    id
}

fn stage<T: Config>(id: TaskId) -> Stage {
    task::<T>(id).stage
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn submit() {
        let requester = requester::<T>();
        let terms = terms::<T>(MAX_REDUNDANCY, true);
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

    /// The last of nine, each of whom says something else: all of them leave.
    #[benchmark]
    fn reveal() {
        let (id, staff) = working::<T>(SEATS);
        let mut answers = commit_all::<T>(id, &staff, |nth| nth);
        let last = answers.pop().expect("there are nine");
        reveal_all::<T>(id, &staff, answers);
        let operator = staff[staff.len() - 1].1.clone();
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), id, Box::new(last), SALT);
        assert_eq!(stage::<T>(id), Stage::Refunded);
    }

    #[benchmark]
    fn acknowledge() {
        let id = agreed::<T>(SEATS);
        let requester = task::<T>(id).requester;
        #[extrinsic_call]
        _(RawOrigin::Signed(requester), id);
        assert!(task::<T>(id).acknowledged);
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

    /// A block in which nothing is due and nobody waits.
    #[benchmark]
    fn serve() {
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
        let task = expire::<T>(id);
        #[block]
        {
            Pallet::<T>::look_at(id, task);
        }
        assert_eq!(stage::<T>(id), Stage::Settled);
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

    /// Nine are drawn of a full sample, for which as many silent ones were looked at in vain.
    #[benchmark]
    fn find_workers(s: Linear<{ 2 * SEATS }, SAMPLE>) {
        let mut rules = T::Rules::get();
        rules.draws.sample = s as u8;
        T::BenchmarkHelper::set_rules(rules);
        for nth in 1..=2 * s {
            let (provider, _) = T::BenchmarkHelper::enlist(nth);
            if nth > s {
                T::BenchmarkHelper::silence(provider);
            }
        }
        let requester = requester::<T>();
        let id = super::submit::<T>(&requester, MAX_REDUNDANCY, true);
        enqueue::<T>(id);
        #[block]
        {
            let key = Queue::<T>::iter_keys().next().expect("it queues");
            Pallet::<T>::find_workers(key);
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
