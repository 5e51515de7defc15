//! What the challenged do.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    id::{Digest, ProviderId},
    preimage::{ChallengeCommitment, Statement},
};
use frame_support::assert_ok;

/// Waits until somebody is challenged. Nobody else is from then on.
pub(crate) fn challenged() -> ChallengeId {
    let known: Vec<_> = Challenges::<Test>::iter_keys().collect();
    Interval::set(1);
    for _ in 0..=2 * WINDOW {
        if let Some(id) = Challenges::<Test>::iter_keys().find(|id| !known.contains(id)) {
            Interval::set(u32::MAX);
            return id;
        }
        run(1);
    }
    panic!("nobody is challenged");
}

pub(crate) fn challenge(id: ChallengeId) -> Challenge {
    Challenges::<Test>::get(id).unwrap()
}

pub(crate) fn members(id: ChallengeId) -> Vec<ProviderId> {
    challenge(id).members.iter().map(|member| member.provider).collect()
}

/// The right answer.
pub(crate) fn solution(id: ChallengeId) -> Digest {
    let challenge = challenge(id);
    RoundJob::solve(&challenge.seed, challenge.units)
}

pub(crate) fn salt(provider: ProviderId) -> Digest {
    [provider.0 as u8; 32]
}

pub(crate) fn commitment(id: ChallengeId, provider: ProviderId, answer: Digest) -> Digest {
    let salt = salt(provider);
    ChallengeCommitment { challenge: id, provider, answer, salt }.digest(&Capability::genesis())
}

pub(crate) fn commit(id: ChallengeId, provider: ProviderId, answer: Digest) {
    let commitment = commitment(id, provider, answer);
    assert_ok!(Capability::commit(RuntimeOrigin::signed(operator(provider)), id, commitment));
}

pub(crate) fn reveal(id: ChallengeId, provider: ProviderId, answer: Digest) {
    let signed = RuntimeOrigin::signed(operator(provider));
    assert_ok!(Capability::reveal(signed, id, answer, salt(provider)));
}

/// Waits until so many blocks have passed since a challenge was handed out.
pub(crate) fn after(id: ChallengeId, blocks: u64) {
    run_to(u64::from(challenge(id).handed_out.block) + blocks);
}

/// Has each member of a challenge answer right after so many blocks, in the order of blocks, and
/// all reveal. Says how it was judged.
pub(crate) fn answer(id: ChallengeId, mut each: Vec<(ProviderId, u64)>) {
    let right = solution(id);
    each.sort_by_key(|(_, blocks)| *blocks);
    for (provider, blocks) in &each {
        after(id, *blocks);
        commit(id, *provider, right);
    }
    if each.len() < MEMBERS as usize {
        after(id, u64::from(COMMIT_BLOCKS) + 1);
    }
    for (provider, _) in each {
        reveal(id, provider, right);
    }
}

/// This pallet's events since the last block began.
pub(crate) fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}

/// What the last challenge that was judged said of a provider.
pub(crate) fn outcome(of: ProviderId) -> Outcome {
    let judged = events().into_iter().rev().find_map(|event| match event {
        Event::Judged { outcomes, .. } => Some(outcomes),
        _ => None,
    });
    judged.unwrap().into_iter().find(|(provider, _)| *provider == of).unwrap().1
}
