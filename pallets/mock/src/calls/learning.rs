//! Deltas, from what their authors commit to up to what becomes of them.

use crate::{
    calls::{
        custody,
        experts::{any_component, ground},
        panels,
    },
    config::DELTA_RULES,
    course::Course,
    dice::Dice,
    market::{any_model, curators, file, run_block, ALICE, BOB, CREATOR, POOR},
    AccountId, Clock, Mock,
};
use cairn_protocol::{
    dag::{BlockKind, Header, SemVer},
    id::{BlockId, ContentId, DeltaId, Digest},
    learning::reward::Decay,
    preimage::{DeltaCommitment, Statement},
};
use cairn_seams::Clock as _;
use pallet_cairn_experts::{Blocks, Heads};
use pallet_cairn_learning::{
    types::{DeltaOf, Stage, Standard},
    Call, Commitments, Deltas, Submitted,
};

const SALT: Digest = [4; 32];
/// Artifacts that deltas have: few enough that some are handed in again.
const ARTIFACTS: u64 = 60;

/// What is done with a delta.
#[derive(Clone, Copy)]
enum What {
    /// All that it takes until its component is another one.
    Bring,
    /// What is under way goes on as far as it does.
    Deliver,
    HandIn,
    Commit,
    Submit,
    Withdraw,
    Standard,
    Poke,
    TakeBack,
}

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    let what = dice.weighted(&[
        (8, What::Bring),
        (6, What::Deliver),
        (3, What::HandIn),
        (2, What::Commit),
        (2, What::Submit),
        (2, What::Withdraw),
        (1, What::Standard),
        (2, What::Poke),
        (2, What::TakeBack),
    ]);
    match what {
        What::Bring => bring(course, dice),
        What::Deliver => {
            let id = any_delta(dice, |delta| delta.stage.is_pending());
            dice.sensibly(|dice| deliver(course, dice, id));
        }
        What::HandIn => {
            hand_in(course, dice);
        }
        What::Commit => {
            let model = any_model(dice);
            let header = header(dice, model);
            commit(course, dice, &header);
        }
        What::Submit => {
            let model = any_model(dice);
            let header = header(dice, model);
            submit(course, dice, header);
        }
        What::Withdraw => withdraw(course, dice),
        What::Standard => set_standard(course, dice),
        What::Poke => {
            let delta = any_delta(dice, |_| true);
            course.call(BOB, Call::<Mock>::poke { delta });
        }
        What::TakeBack => take_back(course, dice),
    }
}

/// Hands a delta in, and has it judged and kept.
pub(crate) fn bring(course: &mut Course, dice: &mut Dice) {
    if let Some(id) = hand_in(course, dice) {
        dice.sensibly(|dice| deliver(course, dice, id));
    }
}

/// Has a delta come as far as it does: judged, and kept by enough.
pub(crate) fn deliver(course: &mut Course, dice: &mut Dice, id: DeltaId) {
    if let Some(panel) = Deltas::<Mock>::get(id).and_then(|delta| delta.panel) {
        panels::judge(course, dice, panel);
    }
    if Deltas::<Mock>::get(id).is_some_and(|delta| delta.stage == Stage::Keeping) {
        custody::keep(course, dice, id);
    }
}

/// Hands in a delta of some model.
pub(crate) fn hand_in(course: &mut Course, dice: &mut Dice) -> Option<DeltaId> {
    let model = any_model(dice);
    hand_in_for(course, dice, model)
}

/// Commits to a delta, waits, and shows it. Says which one it is, if it was taken.
pub(crate) fn hand_in_for(course: &mut Course, dice: &mut Dice, model: BlockId) -> Option<DeltaId> {
    dice.sensibly(|dice| {
        let header = header(dice, model);
        if !commit(course, dice, &header) {
            return None;
        }
        let delay = u64::from(DELTA_RULES.terms.delay);
        if !Clock::is_stopped() {
            course.blocks(dice.usually(delay, &[1, 70]), run_block);
        }
        submit(course, dice, header)
    })
}

/// What somebody says of a delta that it made.
fn header(dice: &mut Dice, model: BlockId) -> Header<AccountId> {
    let [curator, ..] = curators();
    let author = dice.mostly(&[ALICE, BOB, CREATOR], &[POOR, curator]);
    let name = any_component(dice);
    let parent = ground(dice, model, &name);
    let artifact = file(100 + dice.between(0, ARTIFACTS));
    let gain = dice.usually(1_000, &[0]);
    let release = SemVer::default();
    let header = Header::delta(model, name, parent, artifact, release, author, gain);
    let other = any_model(dice);
    Header {
        kind: dice.usually(header.kind, &BlockKind::ALL),
        model: dice.usually(header.model, &[None, Some(other), Some(BlockId([9; 32]))]),
        ..header
    }
}

fn commit(course: &mut Course, dice: &mut Dice, header: &Header<AccountId>) -> bool {
    let author = dice.usually(header.author, &[ALICE, BOB]);
    let artifact = dice.usually(header.artifact.id, &[ContentId([1; 32])]);
    let genesis = pallet_cairn_learning::Pallet::<Mock>::genesis();
    let digest = DeltaCommitment { author, artifact, salt: SALT }.digest(&genesis);
    let model = header.model.unwrap_or(BlockId([9; 32]));
    let component = header.component.clone();
    course.call(header.author, Call::<Mock>::commit_delta { model, component, digest })
}

fn submit(course: &mut Course, dice: &mut Dice, header: Header<AccountId>) -> Option<DeltaId> {
    let author = dice.usually(header.author, &[ALICE, BOB]);
    let salt = dice.usually(SALT, &[[1; 32]]);
    let id = DeltaId(Submitted::<Mock>::get());
    let header = Box::new(header);
    course.call(author, Call::<Mock>::submit_delta { header, salt }).then_some(id)
}

/// An author takes back what it committed to, or somebody else takes it off.
fn withdraw(course: &mut Course, dice: &mut Dice) {
    let mut all: Vec<(AccountId, Digest)> = Commitments::<Mock>::iter_keys().collect();
    all.sort_unstable();
    let known = all.get(dice.below(all.len().max(1))).copied();
    let (author, digest) = known.unwrap_or((ALICE, [1; 32]));
    let caller = dice.usually(author, &[BOB, POOR]);
    let call = if caller == author {
        Call::<Mock>::withdraw_commit { digest }
    } else {
        Call::<Mock>::forget_commit { author, digest }
    };
    course.call(caller, call);
}

fn set_standard(course: &mut Course, dice: &mut Dice) {
    let model = any_model(dice);
    let threshold = dice.mostly(&[10_000, 2_000, 100_000], &[0, 1_000_000, u32::MAX]);
    let decay = Decay { floor_loss: dice.one(&[0, 1_500_000]), least: dice.one(&[1_000, 0]) };
    let standard = (!dice.once_in(3)).then_some(Standard { threshold, decay });
    let call = Call::<Mock>::set_standard { model, standard };
    if dice.once_in(8) {
        course.call(ALICE, call);
    } else {
        course.govern(call);
    }
}

/// Takes a delta off that was laid, or tries to take another one off.
pub(crate) fn take_back(course: &mut Course, dice: &mut Dice) {
    if dice.once_in(4) {
        return take_block_back(course, dice);
    }
    let delta = any_delta(dice, |delta| delta.stage == Stage::Laid);
    let call = Call::<Mock>::invalidate { delta };
    if dice.once_in(8) {
        course.call(CREATOR, call);
    } else if course.govern(call) && dice.once_in(2) {
        course.blocks(dice.between(1, 4), run_block);
    }
}

/// The same by the name of a block, whether its delta is known or forgotten.
fn take_block_back(course: &mut Course, dice: &mut Dice) {
    let block =
        |id: BlockId| Blocks::<Mock>::get(id).filter(|one| one.header.kind == BlockKind::Delta);
    let heads = Heads::<Mock>::iter().map(|(model, name, top)| (model, name, top.block));
    let mut heads: Vec<_> = heads.filter(|(_, _, head)| block(*head).is_some()).collect();
    heads.sort_unstable();
    let nth = dice.below(heads.len().max(1));
    let Some((model, component, head)) = heads.get(nth).cloned() else { return };
    // The head, what it was laid on, or something else.
    let below = block(head).and_then(|head| head.onto).unwrap_or(head);
    let block = dice.mostly(&[head, below], &[model, BlockId([9; 32])]);
    let call = Call::<Mock>::invalidate_block { model, component, block };
    if dice.once_in(8) {
        course.call(CREATOR, call);
    } else if course.govern(call) && dice.once_in(2) {
        course.call(BOB, Call::<Mock>::cut {});
        course.blocks(dice.between(1, 4), run_block);
    }
}

/// A delta of which that is so, or once in a while another.
pub(crate) fn any_delta(dice: &mut Dice, is_so: impl Fn(&DeltaOf<Mock>) -> bool) -> DeltaId {
    let next = Submitted::<Mock>::get();
    let found = Deltas::<Mock>::iter().filter(|(_, delta)| is_so(delta));
    let mut found: Vec<_> = found.map(|(DeltaId(id), _)| id).collect();
    found.sort_unstable();
    let last = next.saturating_sub(1);
    let some = found.get(dice.below(found.len().max(1))).copied().unwrap_or(last);
    DeltaId(dice.usually(some, &[last, next, u64::MAX]))
}
