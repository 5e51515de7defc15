//! Tasks from submission to settlement.

use crate::{
    calls::audits,
    course::{any_provider, operator_of, Course},
    dice::Dice,
    market::{any_model, run_block, ALICE, BOB, POOR},
    AccountId, Clock, Mock,
};
use cairn_protocol::{
    chunk,
    failure::Failure,
    id::{BlockId, ContentId, Digest, EngineId, Height, ProviderId, Region, TaskId},
    job::{Job, JobKind, Payload, Policy, Requirements, Seal, Terms},
    lifecycle::Stage,
    preimage::{ResultCommitment, Statement},
    profile::DeviceClass,
    result::{Answer, Fingerprint, Output},
};
use cairn_seams::Clock as _;
use frame_support::BoundedVec;
use pallet_cairn_tasks::{
    types::{TaskOf, WrappedKey},
    Call, Submitted, Tasks,
};

const ENGINE: EngineId = EngineId([1; 32]);
const SALT: Digest = [5; 32];

/// What is done with a task.
#[derive(Clone, Copy)]
enum What {
    Submit,
    Cancel,
    PostKey,
    RejectKey,
    Decline,
    Commit,
    Reveal,
    /// Its workers do all that is to be done.
    Deliver,
    Acknowledge,
    Complain,
    Show,
    Poke,
}

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    let what = dice.weighted(&[
        (6, What::Submit),
        (1, What::Cancel),
        (1, What::PostKey),
        (1, What::RejectKey),
        (1, What::Decline),
        (3, What::Commit),
        (3, What::Reveal),
        (14, What::Deliver),
        (1, What::Acknowledge),
        (1, What::Complain),
        (1, What::Show),
        (2, What::Poke),
    ]);
    if matches!(what, What::Submit) {
        return submit(course, dice);
    }
    let id = any_task(dice);
    let task = Tasks::<Mock>::get(id);
    let requester = task.as_ref().map_or(ALICE, |task| task.requester);
    let who = dice.usually(requester, &[ALICE, BOB, POOR]);
    let seat = task.as_ref().and_then(|task| task.seats.get(dice.below(task.seats.len().max(1))));
    let seated = seat.map(|seat| seat.provider);
    let provider = seated.filter(|_| !dice.once_in(16)).unwrap_or_else(|| any_provider(dice));
    match what {
        What::Submit => {}
        What::Cancel => {
            course.call(who, Call::<Mock>::cancel { task: id });
        }
        What::PostKey => post_key(course, dice, who, id, provider),
        What::RejectKey => {
            course.call(operator_of(dice, provider), Call::<Mock>::reject_key { task: id });
        }
        What::Decline => decline(course, dice, id, provider),
        What::Commit => commit(course, dice, id, provider),
        What::Reveal => reveal(course, dice, id, provider),
        What::Deliver => {
            if let Some(task) = task {
                dice.sensibly(|dice| deliver(course, dice, id, task));
            } else {
                submit(course, dice);
            }
        }
        What::Acknowledge => {
            course.call(who, Call::<Mock>::acknowledge { task: id });
        }
        What::Complain => complain(course, dice, who, id, provider),
        What::Show => prove(course, dice, id, provider),
        What::Poke => {
            course.call(who, Call::<Mock>::poke { task: id });
        }
    }
}

/// Brings a task as far as its workers come, with nothing wild in it.
pub(crate) fn bring(course: &mut Course, dice: &mut Dice) {
    let id = TaskId(Submitted::<Mock>::get());
    let mut terms = dice.sensibly(terms);
    terms.auditable = true;
    terms.redundancy = 1;
    let requester = dice.one(&[ALICE, BOB]);
    if !course.call(requester, Call::<Mock>::submit { terms: Box::new(terms) }) {
        return;
    }
    course.blocks(18, run_block);
    if dice.once_in(2) && !Clock::is_stopped() {
        audits::plant(course, dice, id);
        // A note counts from the block after it on.
        course.blocks(1, run_block);
    }
    if let Some(task) = Tasks::<Mock>::get(id) {
        dice.sensibly(|dice| deliver(course, dice, id, task));
    }
}

/// What a worker most often says.
pub(crate) fn usual_answer() -> Answer {
    answer(&mut Dice::new(&[]), 2, false)
}

/// A task that is under way, or once in a while another.
pub(crate) fn any_task(dice: &mut Dice) -> TaskId {
    let next = Submitted::<Mock>::get();
    let mut open: Vec<_> = Tasks::<Mock>::iter()
        .filter(|(_, task)| !task.stage.is_end())
        .map(|(TaskId(id), _)| id)
        .collect();
    open.sort_unstable();
    let last = next.saturating_sub(1);
    let some = open.get(dice.below(open.len().max(1))).copied().unwrap_or(last);
    TaskId(dice.usually(some, &[last, next, u64::MAX]))
}

fn submit(course: &mut Course, dice: &mut Dice) {
    let who = dice.mostly(&[ALICE, BOB], &[POOR, 100, 200]);
    let terms = Box::new(dice.sensibly(terms));
    if course.call(who, Call::<Mock>::submit { terms }) && dice.once_in(2) {
        // Until its workers are drawn.
        course.blocks(18, run_block);
    }
}

fn terms(dice: &mut Dice) -> Terms {
    let now = Clock::now();
    let job = job(dice);
    let usual = match job.kind {
        JobKind::Simulate | JobKind::Wasm => Policy::Replicated,
        JobKind::Train => Policy::Outcome { target: 1, guards: 3 },
        _ if job.sampled => Policy::Tolerance { within: 1_000 },
        _ => dice.one(&[Policy::Proven, Policy::Tolerance { within: 1_000 }]),
    };
    let policy = dice.usually(
        usual,
        &[
            Policy::Proven,
            Policy::Replicated,
            Policy::Tolerance { within: u32::MAX },
            Policy::Outcome { target: 0, guards: u8::MAX },
        ],
    );
    let wait = dice.between(1, 120) as Height;
    let sealed = dice.once_in(4).then(|| Seal {
        commitment: [1; 32],
        key_blocks: dice.mostly(&[10, 30], &[0, Height::MAX]),
    });
    Terms {
        job,
        policy,
        redundancy: dice.mostly(&[1, 1, 3, 3, 5, 9], &[0, 2, 10, u8::MAX]),
        requirements: requirements(dice),
        reward: dice.mostly(&[9_000, 9_000, 100_000], &[0, 99, u128::MAX, u128::MAX / 2]),
        tip: dice.mostly(&[0, 900, 5_000], &[u128::MAX, u128::MAX / 2, 1]),
        match_by: dice.usually(now.saturating_add(wait), &[0, now, Height::MAX]),
        work_blocks: dice.mostly(&[20, 5, 100], &[0, 4, Height::MAX]),
        seal: sealed,
        output_bytes: dice.mostly(&[64, 64, 2], &[0, u32::MAX]),
        auditable: dice.once_in(2),
    }
}

fn job(dice: &mut Dice) -> Job {
    let usual = [JobKind::Infer, JobKind::Infer, JobKind::Simulate, JobKind::Train];
    let kind = dice.mostly(&usual, &JobKind::ALL);
    let some = any_model(dice);
    let model = kind.needs_model().then_some(some);
    let model = dice.usually(model, &[None, Some(some), Some(BlockId([9; 32]))]);
    let bytes = dice.mostly(&[3, 3, 100], &[0, 2_048]);
    let input = Payload::Inline(vec![1; bytes].try_into().expect("it is short"));
    let artifact = Payload::Artifact { id: ContentId([1; 32]), bytes: u64::MAX };
    Job {
        kind,
        model,
        engine: ENGINE,
        input: dice.usually(input, &[artifact]),
        parameters: Default::default(),
        seed: [0; 32],
        units: dice.mostly(&[10, 10, 1], &[0, u64::MAX]),
        sampled: dice.once_in(8),
    }
}

fn requirements(dice: &mut Dice) -> Requirements {
    Requirements {
        class: dice.mostly(&[DeviceClass::Cpu, DeviceClass::Gpu], &DeviceClass::ALL),
        memory_mib: dice.usually(0, &[16_384, u32::MAX]),
        compute: dice.usually(0, &[86, u16::MAX]),
        throughput: dice.usually(0, &[1, u64::MAX]),
        within: dice.usually(None, &[Some(Region(0x0101)), Some(Region(0x0201))]),
        near: dice.usually(None, &[Some(Region(0x0101)), Some(Region(0x0201))]),
        reputation: dice.usually(0, &[500_000, 1_000_000, u32::MAX]),
        enclave: dice.once_in(32),
    }
}

fn answer(dice: &mut Dice, bytes: usize, as_artifact: bool) -> Answer {
    let said = dice.mostly(&[1, 1, 1, 1, 1, 1, 1, 2], &[3, 4]);
    let values = vec![1_000_000, i32::from(said) * 900];
    let fingerprint = Fingerprint(values.try_into().expect("there are two"));
    let output = Output::Inline(vec![said; bytes].try_into().expect("it is short"));
    let kept = artifact();
    let length = dice.usually(kept.len() as u64, &[0, 1, u64::MAX]);
    let artifact = Output::Artifact { id: chunk::content(&kept), bytes: length };
    Answer {
        engine: dice.usually(ENGINE, &[EngineId([2; 32])]),
        output: if as_artifact { artifact } else { output },
        fingerprint: dice.usually(Some(fingerprint), &[None]),
        units: dice.usually(1, &[0, u64::MAX]),
    }
}

/// What a worker commits to; what a copied commitment says names another one.
fn commitment(dice: &mut Dice, id: TaskId, provider: ProviderId, answer: &Answer) -> Digest {
    let genesis = pallet_cairn_tasks::Pallet::<Mock>::genesis();
    let seat = Tasks::<Mock>::get(id).and_then(|task| task.seat(provider).copied());
    let (round, generation) = seat.map_or((0, 0), |seat| (seat.round, seat.generation));
    let statement = ResultCommitment {
        task: id,
        round,
        provider: dice.usually(provider, &[ProviderId(0), ProviderId(1)]),
        generation,
        answer: answer.digest(&genesis),
        salt: dice.usually(SALT, &[[6; 32]]),
    };
    statement.digest(&genesis)
}

fn commit(course: &mut Course, dice: &mut Dice, id: TaskId, provider: ProviderId) {
    let answer = answer(dice, 2, false);
    give(course, dice, id, provider, &answer);
}

fn give(course: &mut Course, dice: &mut Dice, id: TaskId, provider: ProviderId, answer: &Answer) {
    let commitment = commitment(dice, id, provider, answer);
    let who = operator_of(dice, provider);
    course.call(who, Call::<Mock>::commit { task: id, commitment });
}

/// For what the requester asks for, or for what befell the worker; in words, or in none.
fn decline(course: &mut Course, dice: &mut Dice, id: TaskId, provider: ProviderId) {
    let failure = dice.one(&[Failure::MissingArtifact, Failure::Trapped, Failure::DiskFull]);
    let words = dice.usually(b"it does not fit".to_vec(), &[Vec::new(), vec![0xff; 128]]);
    let reason = BoundedVec::truncate_from(words);
    let who = operator_of(dice, provider);
    course.call(who, Call::<Mock>::decline { task: id, failure, reason });
}

fn reveal(course: &mut Course, dice: &mut Dice, id: TaskId, provider: ProviderId) {
    let answer = answer(dice, 2, false);
    show(course, dice, id, provider, answer);
}

fn show(course: &mut Course, dice: &mut Dice, id: TaskId, provider: ProviderId, answer: Answer) {
    let (who, salt) = (operator_of(dice, provider), dice.usually(SALT, &[[6; 32]]));
    course.call(who, Call::<Mock>::reveal { task: id, answer: Box::new(answer), salt });
}

fn post_key(
    course: &mut Course,
    dice: &mut Dice,
    who: AccountId,
    id: TaskId,
    provider: ProviderId,
) {
    let inline = WrappedKey::Inline(vec![1; 32].try_into().expect("it is short"));
    let key = dice.usually(WrappedKey::Artifact(ContentId([1; 32])), &[inline]);
    course.call(who, Call::<Mock>::post_key { task: id, provider, key });
}

/// Has a task done as far as it goes: keys, commitments, results, and the time to object.
fn deliver(course: &mut Course, dice: &mut Dice, id: TaskId, task: TaskOf<Mock>) {
    if task.stage == Stage::Queued && !Clock::is_stopped() {
        course.blocks(dice.one(&[18, 18, 5]), run_block);
    }
    let Some(task) = Tasks::<Mock>::get(id) else { return };
    let workers: Vec<_> = task.seats.iter().map(|seat| seat.provider).collect();
    if task.stage == Stage::AwaitingKeys {
        for worker in &workers {
            post_key(course, dice, task.requester, id, *worker);
        }
    }
    let (bytes, as_artifact) = (dice.usually(2, &[0, 65]), dice.once_in(3));
    let answers: Vec<_> = workers.iter().map(|_| answer(dice, bytes, as_artifact)).collect();
    for (worker, answer) in workers.iter().zip(&answers) {
        if !dice.once_in(16) {
            give(course, dice, id, *worker, answer);
        }
    }
    for (worker, answer) in workers.iter().zip(answers) {
        if !dice.once_in(16) {
            show(course, dice, id, *worker, answer);
        }
    }
    match (workers.first(), dice.below(4)) {
        (Some(worker), 0) if as_artifact => complain(course, dice, task.requester, id, *worker),
        (_, 0..2) => course.blocks(dice.between(1, 40), run_block),
        _ => {}
    }
}

/// A result that is not in the answer: three chunks, the last one short.
fn artifact() -> Vec<u8> {
    vec![7; 2 * 1_024 + 100]
}

/// Says that a result cannot be fetched, and most often has it shown.
fn complain(
    course: &mut Course,
    dice: &mut Dice,
    who: AccountId,
    id: TaskId,
    provider: ProviderId,
) {
    let call = Call::<Mock>::complain_unavailable { task: id, provider };
    if course.call(who, call) && !dice.once_in(4) {
        course.blocks(dice.usually(18, &[1, 17, 40]), run_block);
        prove(course, dice, id, provider);
    }
}

/// Shows what is asked for, or what is not.
fn prove(course: &mut Course, dice: &mut Dice, id: TaskId, provider: ProviderId) {
    let complaint = crate::Tasks::view(id).and_then(|view| view.complaint);
    let asked = complaint.map_or(vec![0], |complaint| complaint.chunks);
    let kept = artifact();
    let mut proofs: Vec<_> = asked.iter().filter_map(|index| chunk::prove(&kept, *index)).collect();
    match dice.below(16) {
        14 => proofs.reverse(),
        15 => proofs.truncate(1),
        _ => {}
    }
    let proofs = BoundedVec::truncate_from(proofs);
    course.call(operator_of(dice, provider), Call::<Mock>::show { task: id, proofs });
}
