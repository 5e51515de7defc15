//! Guards look at results again, and planters put them to the test.

use crate::{
    calls::tasks,
    course::{any_provider, operator_of, Course},
    dice::Dice,
    market::{run_block, ALICE, BOB},
    Clock, Mock,
};
use cairn_protocol::{
    audit::{Finding, Report},
    id::{ContentId, Digest, ProviderId, TaskId},
    job::{Policy, WrappedKey},
    preimage::{AuditCommitment, PlantCommitment, Statement},
};
use cairn_seams::Clock as _;
use pallet_cairn_audits::{
    types::{AuditOf, Stage},
    Audits, Call, Licences, Notes,
};
use pallet_cairn_tasks::Tasks;

const SALT: Digest = [6; 32];
const TRACE: Digest = [7; 32];
/// Who may be licensed to plant: some of those who do not guard, or too few guards were left.
const PLANTERS: [ProviderId; 2] = [ProviderId(1), ProviderId(5)];

/// What is done with an audit.
#[derive(Clone, Copy)]
enum What {
    /// Those who take part do all that is to be done.
    Deliver,
    Bring,
    Commit,
    Reveal,
    PostKey,
    RejectKey,
    Poke,
    License,
    Plant,
    DigUp,
    Unmask,
}

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    let what = dice.weighted(&[
        (8, What::Deliver),
        (4, What::Bring),
        (2, What::Commit),
        (2, What::Reveal),
        (1, What::PostKey),
        (1, What::RejectKey),
        (1, What::Poke),
        (2, What::License),
        (1, What::Plant),
        (1, What::DigUp),
        (2, What::Unmask),
    ]);
    match what {
        What::Bring => return tasks::bring(course, dice),
        What::License => return license(course, dice),
        What::Plant => {
            let id = tasks::any_task(dice);
            return plant(course, dice, id);
        }
        What::DigUp => return dig_up(course, dice),
        _ => {}
    }
    let mut open: Vec<_> = Audits::<Mock>::iter_keys().map(|TaskId(id)| id).collect();
    open.sort_unstable();
    let known = open.get(dice.below(open.len().max(1))).copied().unwrap_or(0);
    let id = TaskId(dice.usually(known, &[known + 1, u64::MAX]));
    let Some(audit) = Audits::<Mock>::get(id) else {
        if dice.once_in(4) {
            course.call(ALICE, Call::<Mock>::poke { task: id });
        } else {
            tasks::bring(course, dice);
        }
        return;
    };
    let members: Vec<_> = audit.members().map(|member| member.provider).collect();
    let member = members.get(dice.below(members.len().max(1))).copied();
    let provider = member.filter(|_| !dice.once_in(16)).unwrap_or_else(|| any_provider(dice));
    match what {
        What::Commit => {
            let report = report(dice, &audit);
            commit(course, dice, id, &audit, provider, &report);
        }
        What::Reveal => {
            let report = report(dice, &audit);
            reveal(course, dice, id, provider, report);
        }
        What::PostKey => post_key(course, dice, id, &audit, provider),
        What::RejectKey => {
            course.call(operator_of(dice, provider), Call::<Mock>::reject_key { task: id });
        }
        What::Poke => {
            course.call(BOB, Call::<Mock>::poke { task: id });
        }
        What::Unmask => unmask(course, dice, id, &audit),
        _ => dice.sensibly(|dice| deliver(course, dice, id)),
    }
}

/// Has an audit go as far as it does: keys, commitments, reports, the planter's word.
fn deliver(course: &mut Course, dice: &mut Dice, id: TaskId) {
    let stage = |id| Audits::<Mock>::get(id).map(|audit: AuditOf<Mock>| audit.stage);
    if stage(id) == Some(Stage::Drawing) {
        pass_stage(course, dice, id);
    }
    let Some(audit) = Audits::<Mock>::get(id) else { return };
    if audit.stage == Stage::Keys {
        for guard in &audit.guards {
            post_key(course, dice, id, &audit, guard.provider);
        }
    }
    // Most say when they reveal what they committed to.
    let noted = noted_by(id, &audit).is_some();
    let reports: Vec<_> = audit
        .members()
        .map(|member| {
            let mut report = report(dice, &audit);
            // Nobody finds the trace of what was made up, but some planters note what was not.
            let guard = audit.guard(member.provider).is_some();
            if noted && report.trace == TRACE && guard && !dice.once_in(16) {
                report.trace = [2; 32];
            }
            (member.provider, report)
        })
        .collect();
    for (provider, report) in &reports {
        if !dice.once_in(16) {
            commit(course, dice, id, &audit, *provider, report);
        }
    }
    if stage(id) == Some(Stage::Commits) {
        pass_stage(course, dice, id);
    }
    for (provider, report) in reports {
        if !dice.once_in(16) {
            reveal(course, dice, id, provider, report);
        }
    }
    if stage(id) == Some(Stage::Reveals) {
        pass_stage(course, dice, id);
    }
    if dice.once_in(2) {
        unmask(course, dice, id, &audit);
    }
    if dice.once_in(2) {
        course.blocks(dice.between(1, 20), run_block);
    }
}

/// Lets the stage of an audit pass, or nearly.
fn pass_stage(course: &mut Course, dice: &mut Dice, id: TaskId) {
    let left = Audits::<Mock>::get(id).map_or(0, |audit| audit.due.saturating_sub(Clock::now()));
    if !Clock::is_stopped() && left < 100 {
        course.blocks(dice.one(&[u64::from(left) + 2, u64::from(left) + 2, 3]), run_block);
    }
}

fn report(dice: &mut Dice, audit: &AuditOf<Mock>) -> Report {
    let finding = match audit.policy {
        Policy::Outcome { .. } => Finding::Loss(dice.mostly(&[1, 1, 1, 2], &[u64::MAX])),
        _ => audit.claim.clone(),
    };
    let finding = dice.usually(finding, &[Finding::Answer([9; 32]), Finding::Loss(0)]);
    let exact = !matches!(audit.policy, Policy::Tolerance { .. });
    let trace = if exact { TRACE } else { Digest::default() };
    // Some do not look, and some look wrongly.
    let finding = if dice.once_in(16) { Finding::Answer([8; 32]) } else { finding };
    Report { finding, trace: dice.usually(trace, &[[1; 32]]) }
}

fn commit(
    course: &mut Course,
    dice: &mut Dice,
    id: TaskId,
    audit: &AuditOf<Mock>,
    provider: ProviderId,
    report: &Report,
) {
    let genesis = pallet_cairn_audits::Pallet::<Mock>::genesis();
    let statement = AuditCommitment {
        task: id,
        round: audit.round,
        provider: dice.usually(provider, &[ProviderId(0), ProviderId(1)]),
        answer: report.digest(&genesis),
        trace: report.trace,
        salt: SALT,
    };
    let commitment = statement.digest(&genesis);
    course.call(operator_of(dice, provider), Call::<Mock>::commit { task: id, commitment });
}

fn reveal(course: &mut Course, dice: &mut Dice, id: TaskId, provider: ProviderId, report: Report) {
    let salt = dice.usually(SALT, &[[1; 32]]);
    course.call(operator_of(dice, provider), Call::<Mock>::reveal { task: id, report, salt });
}

fn post_key(
    course: &mut Course,
    dice: &mut Dice,
    id: TaskId,
    audit: &AuditOf<Mock>,
    guard: ProviderId,
) {
    let who = dice.usually(audit.requester, &[ALICE, BOB]);
    let key = WrappedKey::Artifact(ContentId([1; 32]));
    course.call(who, Call::<Mock>::post_key { task: id, guard, key });
}

fn planter(dice: &mut Dice) -> ProviderId {
    let planter = dice.one(&PLANTERS);
    dice.usually(planter, &[ProviderId(2), ProviderId(u64::MAX)])
}

fn license(course: &mut Course, dice: &mut Dice) {
    let planter = planter(dice);
    if dice.once_in(4) {
        course.govern(Call::<Mock>::revoke_licence { planter });
    } else if dice.once_in(8) {
        course.call(ALICE, Call::<Mock>::license { planter });
    } else {
        course.govern(Call::<Mock>::license { planter });
    }
}

fn planted(planter: ProviderId, task: TaskId, worker: ProviderId, answer: Digest) -> Digest {
    let genesis = pallet_cairn_audits::Pallet::<Mock>::genesis();
    PlantCommitment { planter, task, worker, answer, salt: SALT }.digest(&genesis)
}

/// Notes that what the worker of a task is about to say is false, or something else.
pub(crate) fn plant(course: &mut Course, dice: &mut Dice, id: TaskId) {
    let planter = planter(dice);
    if Licences::<Mock>::get(planter).is_none() && !dice.once_in(4) {
        course.govern(Call::<Mock>::license { planter });
    }
    let task = Tasks::<Mock>::get(id);
    let worker = task.and_then(|task| task.seats.first().map(|seat| seat.provider));
    let gist = tasks::usual_answer().gist(&pallet_cairn_audits::Pallet::<Mock>::genesis());
    let note = worker.map_or([3; 32], |worker| planted(planter, id, worker, gist));
    let note = dice.usually(note, &[[3; 32], [4; 32]]);
    course.call(operator_of(dice, planter), Call::<Mock>::plant { note });
}

fn dig_up(course: &mut Course, dice: &mut Dice) {
    let mut kept: Vec<_> = Notes::<Mock>::iter_keys().collect();
    kept.sort_unstable();
    let some = kept.get(dice.below(kept.len().max(1))).copied();
    let (planter, note) = some.unwrap_or((ProviderId(0), [3; 32]));
    course.call(BOB, Call::<Mock>::dig_up { planter, note });
}

/// Whoever has noted that the result is false, if somebody has.
fn noted_by(id: TaskId, audit: &AuditOf<Mock>) -> Option<ProviderId> {
    let worker = audit.workers.first().map_or(ProviderId(0), |worker| worker.provider);
    let noted = |planter: &ProviderId| {
        Notes::<Mock>::contains_key(planter, planted(*planter, id, worker, audit.answer))
    };
    PLANTERS.into_iter().find(noted)
}

fn unmask(course: &mut Course, dice: &mut Dice, id: TaskId, audit: &AuditOf<Mock>) {
    let who = dice.usually(audit.requester, &[ALICE, BOB]);
    let planter = noted_by(id, audit).unwrap_or_else(|| planter(dice));
    let salt = dice.usually(SALT, &[[1; 32]]);
    course.call(who, Call::<Mock>::unmask { task: id, planter, salt });
}
