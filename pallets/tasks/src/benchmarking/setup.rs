//! Tasks in the state that a benchmark starts from.

use crate::{benchmarking::BenchmarkHelper, types::*, *};
use alloc::{vec, vec::Vec};
use cairn_protocol::{
    chunk,
    id::{Amount, BlockId, ContentId, Digest, EngineId, Height, ProviderId, TaskId},
    job::{
        Inline, Job, JobKind, Payload, Policy, Requirements, Seal, Terms, INLINE_BYTES,
        MAX_REDUNDANCY, PARAMETER_BYTES,
    },
    lifecycle::{Stage, Turn},
    preimage::{ResultCommitment, Statement},
    profile::DeviceClass,
    result::{Answer, Fingerprint, Output, FINGERPRINT_VALUES},
};
use cairn_seams::{Beacon, Clock, Models, Registry};
use codec::Encode;
use frame_support::{
    traits::{
        fungible::{Inspect, Mutate},
        Get,
    },
    BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;

/// Providers looked at for one task, at most.
pub(super) const SAMPLE: u32 = 64;
pub(super) const SEATS: u32 = MAX_REDUNDANCY as u32;
pub(super) const SALT: Digest = [5; 32];

/// The operator of a provider, for whom most has to be looked up, with enough for anything.
pub(super) fn requester<T: Config>() -> T::AccountId {
    let (_, requester) = T::BenchmarkHelper::enlist(0);
    T::Currency::set_balance(&requester, Amount::MAX >> 16);
    let creator = T::Models::creator(&T::BenchmarkHelper::model());
    for paid in creator.into_iter().chain([T::Treasury::get()]) {
        T::Currency::set_balance(&paid, T::Currency::minimum_balance());
    }
    requester
}

/// The longest that there are. Those on no model may be audited, however many workers there are.
pub(super) fn terms<T: Config>(model: Option<BlockId>, workers: u8, sealed: bool) -> Terms {
    let Rules { clocks, prices, .. } = T::Rules::get();
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
            engine: EngineId([2; 32]),
            input: Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: [3; 32],
            units: 1,
            sampled: false,
        },
        policy,
        redundancy: workers,
        requirements: Requirements::any(DeviceClass::Cpu),
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

pub(super) fn pass<T: Config>(blocks: Height) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now + BlockNumberFor::<T>::from(blocks));
}

pub(super) fn task<T: Config>(id: TaskId) -> TaskOf<T> {
    Tasks::<T>::get(id).expect("it is kept")
}

/// Lets the stage end that a task is in.
pub(super) fn expire<T: Config>(id: TaskId) -> TaskOf<T> {
    let task = task::<T>(id);
    pass::<T>(task.due.saturating_add(1).saturating_sub(T::Clock::now()));
    task
}

pub(super) fn submit<T: Config>(requester: &T::AccountId, workers: u8, sealed: bool) -> TaskId {
    let terms = terms::<T>(None, workers, sealed);
    Pallet::<T>::do_submit(requester.clone(), terms).expect("it can be paid and judged")
}

/// Makes the seed of a task's draw.
pub(super) fn seeded<T: Config>(id: TaskId) -> TaskOf<T> {
    let task = task::<T>(id);
    let Place::Drawing(ticket) = &task.place else { panic!("it waits for its seed") };
    T::BenchmarkHelper::make_seed(ticket);
    task
}

/// Makes a task on which these agreed, and which waits for its audit.
pub fn await_audit<T: Config>(requester: &T::AccountId, workers: &[ProviderId]) -> TaskId {
    let id = submit::<T>(requester, MAX_REDUNDANCY, false);
    let mut task = seeded::<T>(id);
    if let Place::Drawing(ticket) = task.place {
        T::Beacon::release(ticket);
    }
    for provider in workers {
        let progress = Progress::Revealed;
        let seat = Seat { provider: *provider, round: 1, generation: 0, progress };
        task.seats.try_push(seat).expect("there are nine at most");
        T::Registry::engage(*provider);
        Answers::<T>::insert(id, provider, answer::<T>(id, 0));
    }
    task.redundancy = workers.len() as u8;
    task.place = Place::Nowhere;
    task.stage = Stage::Audited;
    Pallet::<T>::schedule_due(id, &mut task, T::Clock::now().saturating_add(1_000));
    Tasks::<T>::insert(id, task);
    id
}

/// Has a task that waits for its audit remember that these were outvoted.
pub(super) fn accuse<T: Config>(id: TaskId, outvoted: &[ProviderId]) {
    let mut task = task::<T>(id);
    task.redundancy = MAX_REDUNDANCY;
    Pallet::<T>::accuse(&mut task, outvoted);
    assert_eq!(task.outvoted.len(), outvoted.len());
    Tasks::<T>::insert(id, task);
}

/// Puts a task into the queue.
pub(super) fn enqueue<T: Config>(id: TaskId) {
    let mut task = seeded::<T>(id);
    Pallet::<T>::enter_queue(id, &mut task);
    assert!(matches!(task.place, Place::Ready { .. }));
    Tasks::<T>::insert(id, task);
}

/// A task in the queue whose sample is so many, for which as many silent ones are looked at, and at
/// which so many others failed.
pub(super) fn queued_among<T: Config>(sample: u32, workers: u8, failed: u32) -> TaskId {
    let mut rules = T::Rules::get();
    rules.draws.sample = sample as u8;
    T::BenchmarkHelper::set_rules(rules);
    for nth in 1..=2 * sample {
        let (provider, _) = T::BenchmarkHelper::enlist(nth);
        if nth > sample {
            T::BenchmarkHelper::silence(provider);
        }
    }
    let id = submit::<T>(&requester::<T>(), workers, true);
    let mut task = task::<T>(id);
    task.excluded = BoundedVec::truncate_from((0..failed).map(paused::<T>).collect());
    Tasks::<T>::insert(id, task);
    enqueue::<T>(id);
    id
}

/// A provider beside those who are looked at.
fn paused<T: Config>(nth: u32) -> ProviderId {
    let (provider, operator) = T::BenchmarkHelper::enlist(2 * SAMPLE + 1 + nth);
    T::BenchmarkHelper::pause(provider, operator);
    provider
}

pub(super) type Staff<T> = Vec<(ProviderId, AccountIdOf<T>)>;

/// A task of nine workers who have just been assigned, with their operators in the order of
/// their seats.
pub(super) fn assigned<T: Config>(sealed: bool) -> (T::AccountId, TaskId, Staff<T>) {
    let requester = requester::<T>();
    let staff: Staff<T> = (1..=SEATS).map(T::BenchmarkHelper::enlist).collect();
    let id = submit::<T>(&requester, MAX_REDUNDANCY, sealed);
    enqueue::<T>(id);
    Pallet::<T>::find_workers(id, task::<T>(id));
    let seats = task::<T>(id).seats;
    assert_eq!(seats.len() as u32, SEATS);
    let member = |seat: &Seat| {
        staff.iter().find(|(provider, _)| *provider == seat.provider).cloned().expect("it is new")
    };
    (requester, id, seats.iter().map(member).collect())
}

/// A sealed task on which so many workers are at it, as if no more had been asked for. It is not
/// tried again.
pub(super) fn working<T: Config>(seats: u32) -> (TaskId, Staff<T>) {
    let (requester, id, mut staff) = assigned::<T>(true);
    for (provider, _) in &staff {
        post_key::<T>(&requester, id, *provider).expect("it waits for its key");
    }
    leave_but::<T>(id, &mut staff, seats);
    (id, staff)
}

/// Takes their seats from all others.
pub(super) fn leave_but<T: Config>(id: TaskId, staff: &mut Staff<T>, seats: u32) {
    let mut task = task::<T>(id);
    for (provider, _) in staff.drain(seats as usize..) {
        Pallet::<T>::leave_seat(id, &mut task, provider);
    }
    task.redundancy = seats as u8;
    task.reassigned = u8::MAX;
    Tasks::<T>::insert(id, task);
}

pub(super) fn key() -> WrappedKey {
    WrappedKey::Inline(BoundedVec::truncate_from(vec![4; WRAPPED_KEY_BYTES as usize]))
}

pub(super) fn post_key<T: Config>(
    requester: &T::AccountId,
    id: TaskId,
    provider: ProviderId,
) -> frame_support::dispatch::DispatchResult {
    Pallet::<T>::do_post_key(requester.clone(), id, provider, key())
}

/// The largest answer, one of its kind.
pub(super) fn answer<T: Config>(id: TaskId, output: u8) -> Answer {
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
pub(super) fn commit_all<T: Config>(
    id: TaskId,
    staff: &Staff<T>,
    output: impl Fn(u8) -> u8,
) -> Vec<Answer> {
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

pub(super) fn reveal_all<T: Config>(
    id: TaskId,
    staff: &[(ProviderId, T::AccountId)],
    answers: Vec<Answer>,
) {
    for ((_, operator), answer) in staff.iter().zip(answers) {
        Pallet::<T>::do_reveal(operator.clone(), id, answer, SALT).expect("it is what was said");
    }
}

/// A task on which so many agreed.
pub(super) fn agreed<T: Config>(seats: u32) -> TaskId {
    agreed_by::<T>(seats).0
}

/// The same, with those who did.
fn agreed_by<T: Config>(seats: u32) -> (TaskId, Staff<T>) {
    let (id, staff) = working::<T>(seats);
    let answers = commit_all::<T>(id, &staff, |_| 0);
    reveal_all::<T>(id, &staff, answers);
    let mut agreed = task::<T>(id);
    if agreed.stage == Stage::Audited {
        Pallet::<T>::turn(&mut agreed, Turn::AuditPassed);
        Pallet::<T>::open_window(id, agreed);
    }
    assert_eq!(task::<T>(id).stage, Stage::Window);
    (id, staff)
}

pub(super) fn stage<T: Config>(id: TaskId) -> Stage {
    task::<T>(id).stage
}

/// A complaint about the first of so many who agreed on an artifact of which so many chunks have
/// to be shown, with its worker's operator.
pub(super) fn contested<T: Config>(seats: u32, chunks: u32) -> (TaskId, AccountIdOf<T>) {
    let mut rules = T::Rules::get();
    rules.complaints.chunks = (chunks - 1) as u8;
    T::BenchmarkHelper::set_rules(rules);
    let (id, staff) = agreed_by::<T>(seats);
    // As if each had answered with its name.
    let (content, bytes) = artifact();
    for (provider, _) in &staff {
        Answers::<T>::mutate(id, provider, |answer| {
            let output = Output::Artifact { id: content, bytes: bytes.len() as u64 };
            answer.as_mut().expect("it has revealed").output = output;
        });
    }
    let requester = task::<T>(id).requester;
    let (provider, operator) = staff[0].clone();
    Pallet::<T>::do_complain(requester, id, provider).expect("it is in time");
    let open = Complaints::<T>::get(id).and_then(|all| all.open).expect("it was made");
    T::BenchmarkHelper::make_seed(&open.ticket);
    (id, operator)
}

/// A megabyte.
pub(super) fn artifact() -> (ContentId, Vec<u8>) {
    let bytes = vec![6; 1 << 20];
    (chunk::content(&bytes), bytes)
}
