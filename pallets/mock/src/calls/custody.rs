//! Providers keep what models become, and show it.

use crate::{
    calls::learning,
    course::{any_provider, operator_of, Course},
    dice::Dice,
    market::{outcome, run_block, BOB},
    Clock, Entropy, Mock,
};
use cairn_protocol::{
    chunk,
    id::{DeltaId, ProviderId},
    profile::Role,
};
use cairn_seams::{Beacon, Clock as _};
use frame_support::BoundedVec;
use pallet_cairn_custody::{Call, Keeps, Stage};
use pallet_cairn_learning::Deltas;
use pallet_cairn_providers::Providers;

/// What is done with a file.
#[derive(Clone, Copy)]
enum What {
    Keep,
    Attest,
    /// Whoever is asked shows what is asked for.
    Answer,
    Show,
    Poke,
}

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    if Keeps::<Mock>::iter_keys().next().is_none() && !dice.once_in(8) {
        return learning::bring(course, dice);
    }
    let what = dice.weighted(&[
        (2, What::Keep),
        (2, What::Attest),
        (6, What::Answer),
        (2, What::Show),
        (1, What::Poke),
    ]);
    let delta = any_file(dice);
    match what {
        What::Keep => keep(course, dice, delta),
        What::Attest => {
            let provider = any_provider(dice);
            attest(course, dice, delta, provider);
        }
        What::Answer => answer(course, dice, delta),
        What::Show => {
            let provider = any_provider(dice);
            show(course, dice, delta, provider);
        }
        What::Poke => {
            course.call(BOB, Call::<Mock>::poke { delta });
        }
    }
}

fn any_file(dice: &mut Dice) -> DeltaId {
    let mut all: Vec<_> = Keeps::<Mock>::iter_keys().map(|DeltaId(id)| id).collect();
    all.sort_unstable();
    let some = all.get(dice.below(all.len().max(1))).copied().unwrap_or(0);
    DeltaId(dice.usually(some, &[some + 1, u64::MAX]))
}

/// Has as many attest as it takes.
pub(crate) fn keep(course: &mut Course, dice: &mut Dice, delta: DeltaId) {
    let mut able: Vec<_> = Providers::<Mock>::iter()
        .filter(|(_, one)| one.roles.contains(Role::Guard) || one.roles.contains(Role::Storage))
        .map(|(provider, _)| provider)
        .collect();
    able.sort_unstable();
    course.roll();
    let first = dice.below(able.len().max(1));
    for provider in able.iter().cycle().skip(first).take(3) {
        let gathers = Keeps::<Mock>::get(delta).is_some_and(|one| one.stage == Stage::Gathering);
        if gathers {
            attest(course, dice, delta, *provider);
        }
    }
    // The head moves when it is looked at.
    course.blocks(1, run_block);
}

fn attest(course: &mut Course, dice: &mut Dice, delta: DeltaId, provider: ProviderId) {
    course.call(operator_of(dice, provider), Call::<Mock>::attest { delta });
}

/// Waits until somebody is asked, who most often shows what is asked for.
fn answer(course: &mut Course, dice: &mut Dice, delta: DeltaId) {
    for _ in 0..2 {
        let Some(keep) = Keeps::<Mock>::get(delta) else { return };
        if let Stage::Asked { keeper, .. } = keep.stage {
            return dice.sensibly(|dice| show(course, dice, delta, keeper));
        }
        let left = u64::from(keep.due.saturating_sub(Clock::now()));
        if !Clock::is_stopped() && left < 100 {
            course.blocks(left + 2, run_block);
        }
    }
}

/// Shows chunks of what a component became by a delta, or other ones.
fn show(course: &mut Course, dice: &mut Dice, delta: DeltaId, provider: ProviderId) {
    let asked = Keeps::<Mock>::get(delta).and_then(|keep| {
        let seed = Entropy::seed(&keep.stage.ticket()?)?;
        Some(keep.asked(&seed))
    });
    let artifact = Deltas::<Mock>::get(delta).map_or(0, |delta| delta.header.artifact.id.0[0]);
    let kept = outcome(artifact);
    let asked = asked.unwrap_or_else(|| vec![0]);
    let mut proofs: Vec<_> = asked.iter().filter_map(|index| chunk::prove(&kept, *index)).collect();
    match dice.usually(0, &[1, 2]) {
        1 => proofs.reverse(),
        2 => proofs.truncate(1),
        _ => {}
    }
    let proofs = BoundedVec::truncate_from(proofs);
    course.call(operator_of(dice, provider), Call::<Mock>::show { delta, proofs });
}
