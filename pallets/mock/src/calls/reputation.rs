//! Nobody calls it: other pallets report to it.

use crate::{
    course::{any_provider, Course},
    dice::Dice,
    market::{owner, ALICE, BOB},
    Reputation,
};
use cairn_protocol::{job::JobKind, reputation::Observation};
use cairn_seams::Reputation as _;

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    let (provider, kind) = (any_provider(dice), dice.one(&JobKind::ALL));
    let mut seen = || dice.one(&[Some(true), Some(false), None]);
    let observation = Observation { accurate: seen(), timely: seen(), available: seen() };
    let what = (provider, kind, observation);
    match dice.below(16) {
        0..8 => course.report(what, || Reputation::observe(provider, kind, observation)),
        8..15 => {
            let requester = dice.one(&[ALICE, BOB, owner(provider.0 % 16)]);
            course.report((what, requester), || {
                Reputation::observe_for(provider, kind, observation, &requester);
            });
        }
        _ => course.report(provider, || Reputation::forget(provider)),
    }
}
