//! Contributions to the beacon.

use crate::{
    course::Course,
    dice::Dice,
    market::{operator, owner, run_block, CONTRIBUTORS, PEOPLE},
    AccountId, Clock, Entropy, Mock,
};
use cairn_protocol::{
    id::{Digest, Height, Seed},
    preimage::{EntropyCommitment, Statement},
};
use cairn_seams::{Beacon, Clock as _, Subject};
use pallet_cairn_entropy::{types::Phase, Call, CurrentRound};

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    match dice.below(16) {
        0..4 => {
            let who = someone(dice);
            commit(course, dice, who);
        }
        4..8 => {
            let who = someone(dice);
            reveal(course, dice, who);
        }
        8..14 => dice.sensibly(|dice| round(course, dice)),
        14 => draw(course, dice),
        _ => {
            // A commitment that nobody can open.
            let commitment = [dice.between(0, 3) as u8; 32];
            course.call(someone(dice), Call::<Mock>::commit { commitment });
        }
    }
}

/// An operator of one who contributes, or somebody else.
fn someone(dice: &mut Dice) -> AccountId {
    let n = dice.between(0, CONTRIBUTORS - 1);
    let wild = [owner(n), operator(dice.between(0, PEOPLE - 1)), 5];
    dice.usually(operator(n), &wild)
}

fn value(dice: &mut Dice) -> Seed {
    dice.mostly(&[[1; 32]], &[[2; 32], [0; 32]])
}

fn commit(course: &mut Course, dice: &mut Dice, contributor: AccountId) -> bool {
    let current = CurrentRound::<Mock>::get().began;
    let began: Height = dice.usually(current, &[current.wrapping_sub(1), 0, Height::MAX]);
    let whose = dice.usually(contributor, &[operator(0), operator(1)]);
    let value = value(dice);
    let statement = EntropyCommitment { round: began, contributor: whose, value };
    let commitment = statement.digest(&genesis());
    course.call(contributor, Call::<Mock>::commit { commitment })
}

fn reveal(course: &mut Course, dice: &mut Dice, contributor: AccountId) -> bool {
    let value = value(dice);
    course.call(contributor, Call::<Mock>::reveal { value })
}

/// Everyone contributes, and some stay silent.
fn round(course: &mut Course, dice: &mut Dice) {
    to_phase(course, Phase::Commit);
    for n in 0..CONTRIBUTORS {
        if !dice.once_in(8) {
            commit(course, dice, operator(n));
        }
    }
    to_phase(course, Phase::Reveal);
    for n in 0..CONTRIBUTORS {
        if !dice.once_in(8) {
            reveal(course, dice, operator(n));
        }
    }
}

fn to_phase(course: &mut Course, phase: Phase) {
    for _ in 0..30 {
        if CurrentRound::<Mock>::get().phase(Clock::now()) == phase || Clock::is_stopped() {
            return;
        }
        course.blocks(1, run_block);
    }
}

/// Somebody asks for a seed, which nobody can read until its window is closed.
fn draw(course: &mut Course, dice: &mut Dice) {
    let id = dice.between(0, 3);
    let blocks = dice.between(1, 40);
    let subject = Subject { purpose: *b"mock/any", id, nth: 0 };
    let ticket = Entropy::request(subject);
    assert!(Entropy::seed(&ticket).is_none(), "a seed is known when it is asked for");
    let asked = Clock::now();
    for _ in 0..blocks {
        course.blocks(1, run_block);
        let known = Entropy::seed(&ticket).is_some();
        let passed = Clock::now() - asked;
        assert!(!known || passed > 16, "a seed is known after {passed} blocks");
        assert!(!known || Clock::now() >= Entropy::ready_at(&ticket), "a seed is known early");
    }
    Entropy::release(ticket);
    course.check();
}

fn genesis() -> Digest {
    pallet_cairn_tasks::Pallet::<Mock>::genesis()
}
