//! Answers to challenges.

use crate::{
    config::EasyJob,
    course::{any_provider, operator_of, Course},
    dice::Dice,
    market::{operator, run_block},
    Capability, Clock, Mock,
};
use cairn_protocol::{
    id::{Digest, ProviderId},
    preimage::{ChallengeCommitment, Statement},
};
use cairn_seams::Clock as _;
use pallet_cairn_capability::{
    types::{Challenge, ChallengeId, Stage},
    Call, Challenges, Job,
};

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    let mut open: Vec<_> = Challenges::<Mock>::iter_keys().collect();
    if open.is_empty() {
        // Somebody is drawn soon.
        course.blocks(dice.between(1, 20), run_block);
        open = Challenges::<Mock>::iter_keys().collect();
    }
    open.sort_unstable();
    let known = open.get(dice.below(open.len().max(1))).copied().unwrap_or(0);
    let id = dice.usually(known, &[known + 1, u64::MAX]);
    let Some(challenge) = Challenges::<Mock>::get(id) else {
        course.call(operator(0), Call::<Mock>::commit { challenge: id, commitment: [0; 32] });
        return;
    };
    let member = challenge.members.get(dice.below(3)).map(|member| member.provider);
    let provider = member.filter(|_| !dice.once_in(16)).unwrap_or_else(|| any_provider(dice));
    match dice.below(16) {
        0..4 => commit(course, dice, id, &challenge, provider),
        4..8 => reveal(course, dice, id, &challenge, provider),
        _ => dice.sensibly(|dice| deliver(course, dice, id, &challenge)),
    }
}

fn deliver(course: &mut Course, dice: &mut Dice, id: ChallengeId, challenge: &Challenge) {
    let members: Vec<_> = challenge.members.iter().map(|member| member.provider).collect();
    for member in &members {
        if !dice.once_in(12) {
            commit(course, dice, id, challenge, *member);
        }
    }
    if dice.once_in(8) {
        course.blocks(dice.between(1, 45), run_block);
    }
    let waits = Challenges::<Mock>::get(id).is_some_and(|now| now.stage == Stage::Commits);
    if waits && !Clock::is_stopped() {
        let left = challenge.commit_by.saturating_sub(Clock::now()) + 1;
        course.blocks(u64::from(left), run_block);
    }
    for member in &members {
        if !dice.once_in(12) {
            reveal(course, dice, id, challenge, *member);
        }
    }
}

fn answer(dice: &mut Dice, challenge: &Challenge) -> Digest {
    let right = EasyJob::solve(&challenge.seed, challenge.units);
    dice.usually(right, &[[1; 32], [2; 32]])
}

fn salt(provider: ProviderId) -> Digest {
    [provider.0 as u8; 32]
}

fn commit(
    course: &mut Course,
    dice: &mut Dice,
    id: ChallengeId,
    challenge: &Challenge,
    provider: ProviderId,
) {
    let answer = answer(dice, challenge);
    // A copied commitment names another provider.
    let whose = dice.usually(provider, &[ProviderId(0), ProviderId(1)]);
    let statement =
        ChallengeCommitment { challenge: id, provider: whose, answer, salt: salt(whose) };
    let commitment = statement.digest(&Capability::genesis());
    let who = operator_of(dice, provider);
    course.call(who, Call::<Mock>::commit { challenge: id, commitment });
}

fn reveal(
    course: &mut Course,
    dice: &mut Dice,
    id: ChallengeId,
    challenge: &Challenge,
    provider: ProviderId,
) {
    let (answer, salt) = (answer(dice, challenge), salt(provider));
    let who = operator_of(dice, provider);
    course.call(who, Call::<Mock>::reveal { challenge: id, answer, salt });
}
