//! Sets of examples that nobody knows, sealed before a period and opened after it.

use crate::{
    calls::{learning, panels},
    course::Course,
    dice::Dice,
    market::{curators, header, run_block, ALICE, CREATOR, LICENSED, OPEN, POOR, PRICED},
    AccountId, Clock, Mock,
};
use cairn_protocol::{
    id::{BlockId, ContentId, Digest, File},
    preimage::{SetCommitment, Statement},
};
use cairn_seams::Clock as _;
use pallet_cairn_curation::{
    types::{Opening, Progress, Stage, TrialId},
    Call, Period, SealedSets, Trials,
};
use pallet_cairn_rewards::Current;

/// Heads of a trial that panels are made to speak about.
const HEADS: usize = 3;

/// What is done about sealed sets.
#[derive(Clone, Copy)]
enum What {
    /// Sets are sealed, something is gained in their period, and they are opened and judged.
    Season,
    /// A trial whose period is over comes as far as it does.
    Deliver,
    Learn,
    Register,
    Leave,
    Commit,
    Reveal,
    Poke,
}

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    let what = dice.weighted(&[
        (6, What::Season),
        (3, What::Deliver),
        (2, What::Learn),
        (2, What::Register),
        (1, What::Leave),
        (4, What::Commit),
        (2, What::Reveal),
        (1, What::Poke),
    ]);
    let curator = any_curator(dice);
    match what {
        What::Season => dice.sensibly(|dice| season(course, dice)),
        What::Deliver => {
            let id = any_trial(dice);
            dice.sensibly(|dice| deliver(course, dice, id));
        }
        What::Learn => learning::bring(course, dice),
        What::Register => {
            course.call(curator, Call::<Mock>::register {});
        }
        What::Leave => {
            course.call(curator, Call::<Mock>::leave {});
        }
        What::Commit => {
            let id = next_trial(dice);
            commit(course, dice, curator, id);
        }
        What::Reveal => {
            let id = any_trial(dice);
            reveal(course, dice, curator, id);
        }
        What::Poke => {
            let TrialId { model, period } = any_trial(dice);
            course.call(ALICE, Call::<Mock>::poke { model, period });
        }
    }
}

fn any_curator(dice: &mut Dice) -> AccountId {
    dice.mostly(&curators(), &[POOR, ALICE])
}

/// The next period of a model, or once in a while another one.
fn next_trial(dice: &mut Dice) -> TrialId {
    let model = dice.mostly(&[PRICED, PRICED, LICENSED], &[OPEN, 9]);
    let next = Period::<Mock>::get() + 1;
    let period = dice.mostly(&[next, next, next + 1], &[next - 1, next + 2, u32::MAX]);
    TrialId { model: header(CREATOR, model).id(), period }
}

/// A trial there is, or may be.
fn any_trial(dice: &mut Dice) -> TrialId {
    let mut all: Vec<_> = Trials::<Mock>::iter_keys().collect();
    all.sort_unstable();
    let other = next_trial(dice);
    let some = all.get(dice.below(all.len().max(1))).copied().unwrap_or(other);
    dice.usually(some, &[other, TrialId { model: BlockId([9; 32]), period: 0 }])
}

fn season(course: &mut Course, dice: &mut Dice) {
    let id = next_trial(dice);
    for curator in &curators()[..3] {
        if !dice.once_in(16) {
            commit(course, dice, *curator, id);
        }
    }
    // Into its period; a delta that is laid there waits for the sets.
    to_period(course, id.period);
    if let Some(delta) = learning::hand_in_for(course, dice, id.model) {
        learning::deliver(course, dice, delta);
    }
    to_period(course, id.period.saturating_add(1));
    deliver(course, dice, id);
}

/// Lets blocks pass until a period goes on, if it is one of the next.
fn to_period(course: &mut Course, period: u32) {
    for _ in 0..2 {
        let Some(current) = Current::<Mock>::get() else { return };
        if current.number >= period || Clock::is_stopped() {
            return;
        }
        // Trials hear of it in the blocks after it began.
        let left = current.ends.saturating_sub(Clock::now());
        course.blocks(u64::from(left) + 2, run_block);
    }
}

/// Has the sets of a trial opened and measured.
fn deliver(course: &mut Course, dice: &mut Dice, id: TrialId) {
    let stage = |id| Trials::<Mock>::get(id).map(|trial| trial.stage);
    if stage(id) == Some(Stage::Reveals) {
        for curator in curators() {
            if !dice.once_in(16) {
                reveal(course, dice, curator, id);
            }
        }
        course.blocks(dice.one(&[2, 20]), run_block);
    }
    // At one head after the other.
    for _ in 0..HEADS {
        let mut sets: Vec<_> = SealedSets::<Mock>::iter_prefix(id).collect();
        sets.sort_unstable_by_key(|(nth, _)| *nth);
        for (_, set) in sets {
            if let Progress::Judging { panel, .. } = set.progress {
                panels::speak(course, dice, panel);
            }
        }
        course.blocks(dice.usually(8, &[1, 40]), run_block);
        if stage(id) != Some(Stage::Judging) {
            return;
        }
    }
}

/// What a curator keeps to itself.
fn opening(curator: AccountId, id: TrialId) -> Opening {
    let seed = [curator.to_le_bytes(), u64::from(id.period).to_le_bytes()].concat();
    let root = ContentId(sp_io::hashing::blake2_256(&seed));
    Opening { root, key: [2; 32], salt: [8; 32] }
}

fn commit(course: &mut Course, dice: &mut Dice, curator: AccountId, id: TrialId) {
    let TrialId { model, period } = id;
    let Opening { root, key, salt } = opening(curator, id);
    let set = SetCommitment { period, model, curator, root, key, salt };
    let commitment: Digest = set.digest(&pallet_cairn_curation::Pallet::<Mock>::genesis());
    let count = dice.mostly(&[64, 200], &[0, 63, u64::MAX]);
    let encrypted = File { id: ContentId([5; 32]), bytes: dice.usually(60_000, &[0, u64::MAX]) };
    let call = Call::<Mock>::commit_set {
        model,
        period,
        commitment,
        encrypted,
        record_bytes: dice.usually(256, &[0, 3, u32::MAX]),
        count,
    };
    course.call(curator, call);
}

fn reveal(course: &mut Course, dice: &mut Dice, curator: AccountId, id: TrialId) {
    let TrialId { model, period } = id;
    let Opening { root, key, salt } = opening(curator, id);
    let salt = dice.usually(salt, &[[1; 32]]);
    course.call(curator, Call::<Mock>::reveal_set { model, period, root, key, salt });
}
