//! Guards judge what panels are for.

use crate::{
    calls::learning,
    course::{any_provider, operator_of, Course},
    dice::Dice,
    market::{outcome, run_block, ALICE},
    Clock, Mock,
};
use cairn_protocol::{
    chunk,
    id::{ContentId, Digest, PanelId, ProviderId},
    learning::{
        brief::{Brief, Subject},
        evaluation::{excess, DeltaFlaw, Evaluation, Opinion},
        model::content_of,
    },
    preimage::{OpinionCommitment, Statement},
};
use cairn_seams::Clock as _;
use pallet_cairn_panels::{types::Stage, Briefs, Call, Opened, Panels};

const SALT: Digest = [3; 32];
/// What an example loses on the model as it is, in millionths of a nat.
const BASELINE: u64 = 2_000_000;

/// What is done with a panel.
#[derive(Clone, Copy)]
enum What {
    Judge,
    Commit,
    Reveal,
    Poke,
}

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    if Panels::<Mock>::iter_keys().next().is_none() && !dice.once_in(8) {
        learning::hand_in(course, dice);
    }
    let what =
        dice.weighted(&[(8, What::Judge), (2, What::Commit), (2, What::Reveal), (1, What::Poke)]);
    let id = any_panel(dice);
    let guards: Vec<_> = Panels::<Mock>::get(id)
        .map(|panel| panel.guards.iter().map(|seat| seat.guard).collect())
        .unwrap_or_default();
    let seated = guards.get(dice.below(guards.len().max(1))).copied();
    let guard = seated.filter(|_| !dice.once_in(16)).unwrap_or_else(|| any_provider(dice));
    match what {
        What::Judge => dice.sensibly(|dice| judge(course, dice, id)),
        What::Commit => {
            let opinion = opinion(dice, id);
            commit(course, dice, id, guard, &opinion);
        }
        What::Reveal => {
            let opinion = opinion(dice, id);
            reveal(course, dice, id, guard, opinion);
        }
        What::Poke => {
            course.call(ALICE, Call::<Mock>::poke { panel: id });
        }
    }
}

fn any_panel(dice: &mut Dice) -> PanelId {
    let next = Opened::<Mock>::get();
    let mut open: Vec<_> = Panels::<Mock>::iter_keys().map(|PanelId(id)| id).collect();
    open.sort_unstable();
    let last = next.saturating_sub(1);
    let some = open.get(dice.below(open.len().max(1))).copied().unwrap_or(last);
    PanelId(dice.usually(some, &[last, next, u64::MAX]))
}

/// Has a panel judge, and lets time pass up to what comes of it.
pub(crate) fn judge(course: &mut Course, dice: &mut Dice, id: PanelId) {
    speak(course, dice, id);
    if Panels::<Mock>::get(id).is_some_and(|panel| panel.stage == Stage::Window) {
        pass_stage(course, dice, id);
    }
}

/// Has a panel's guards say what they find, most of them the same.
pub(crate) fn speak(course: &mut Course, dice: &mut Dice, id: PanelId) {
    let stage = |id| Panels::<Mock>::get(id).map(|panel| panel.stage);
    if stage(id) == Some(Stage::Drawing) {
        // Else most were silent for too long by now.
        course.roll();
        pass_stage(course, dice, id);
    }
    let found = opinion(dice, id);
    // As long as they differ there are more of them.
    for _ in 0..2 {
        let guards: Vec<_> = Panels::<Mock>::get(id)
            .map(|panel| panel.guards.iter().map(|seat| seat.guard).collect())
            .unwrap_or_default();
        let differ = dice.once_in(12);
        let said: Vec<_> = guards
            .into_iter()
            .map(|guard| {
                let own = if differ {
                    Opinion::Unavailable(ContentId([guard.0 as u8; 32]))
                } else {
                    found
                };
                (guard, own)
            })
            .collect();
        for (guard, opinion) in &said {
            if !dice.once_in(32) {
                commit(course, dice, id, *guard, opinion);
            }
        }
        if stage(id) == Some(Stage::Commits) {
            pass_stage(course, dice, id);
        }
        for (guard, opinion) in said {
            if !dice.once_in(32) {
                reveal(course, dice, id, guard, opinion);
            }
        }
        if stage(id) == Some(Stage::Reveals) {
            pass_stage(course, dice, id);
        }
        if stage(id) != Some(Stage::Drawing) {
            break;
        }
        pass_stage(course, dice, id);
    }
}

/// Lets the stage of a panel pass, or nearly.
fn pass_stage(course: &mut Course, dice: &mut Dice, id: PanelId) {
    let left = Panels::<Mock>::get(id).map_or(0, |panel| panel.due.saturating_sub(Clock::now()));
    if !Clock::is_stopped() && left < 100 {
        let enough = u64::from(left) + 2;
        let blocks = if dice.once_in(16) { 3 } else { enough };
        course.blocks(blocks, run_block);
    }
}

/// What a guard finds, or says that it does.
fn opinion(dice: &mut Dice, id: PanelId) -> Opinion {
    let Some(brief) = Briefs::<Mock>::get(id) else {
        return Opinion::Unavailable(ContentId([1; 32]));
    };
    let (artifact, candidate) = match &brief.subject {
        Subject::Delta { artifact, .. } => {
            (artifact.id, chunk::content(&outcome(artifact.id.0[0])))
        }
        Subject::Heads(parts) => (brief.source.file().id, content_of(parts)),
    };
    let flaw = dice.one(&DeltaFlaw::ALL);
    match dice.below(16) {
        0 => Opinion::Unavailable(artifact),
        1 => Opinion::Flawed(flaw),
        2 => Opinion::Unavailable(ContentId([1; 32])),
        _ => {
            // By a tenth or less, by too little, or by all there is.
            let usual = [1_800_000, 1_900_000, 1_800_000, 1_900_000, 1_700_000, 1_995_000];
            let loss = dice.mostly(&usual, &[0, BASELINE, 2_100_000]);
            let candidate = dice.usually(candidate, &[ContentId([1; 32])]);
            measured(dice, &brief, candidate, loss)
        }
    }
}

/// All examples lose that much, but for a little.
fn measured(dice: &mut Dice, brief: &Brief, candidate: ContentId, each: u64) -> Opinion {
    let count = dice.usually(brief.count, &[0, 64, u32::MAX]);
    let (baseline, loss) = (u64::from(count) * BASELINE, u64::from(count) * each);
    let sum = excess(baseline, loss, brief.threshold);
    let least = sum.unsigned_abs().saturating_pow(2) / u128::from(count.max(1));
    // What scatters as widely may be luck, and fewer squares than these there cannot be.
    let usual = least.saturating_add(1_000_000_000_000_000);
    let squares = dice.usually(usual, &[least.saturating_mul(1_000), 0]);
    let squares = squares.into();
    let trace = [3; 32];
    Opinion::Measured(Evaluation { candidate, baseline, loss, count, sum, squares, trace })
}

fn commit(course: &mut Course, dice: &mut Dice, id: PanelId, guard: ProviderId, opinion: &Opinion) {
    let genesis = pallet_cairn_panels::Pallet::<Mock>::genesis();
    let statement = OpinionCommitment {
        panel: id,
        round: Panels::<Mock>::get(id).map_or(0, |panel| panel.round),
        provider: dice.usually(guard, &[ProviderId(0), ProviderId(2)]),
        opinion: opinion.digest(&genesis),
        salt: SALT,
    };
    let commitment = statement.digest(&genesis);
    course.call(operator_of(dice, guard), Call::<Mock>::commit { panel: id, commitment });
}

fn reveal(course: &mut Course, dice: &mut Dice, id: PanelId, guard: ProviderId, opinion: Opinion) {
    let salt = dice.usually(SALT, &[[1; 32]]);
    course.call(operator_of(dice, guard), Call::<Mock>::reveal { panel: id, opinion, salt });
}
