//! Validators link providers, whose work earns them points.

use crate::{
    calls::tasks,
    course::{any_provider, Course},
    dice::Dice,
    market::{operator, owner, ALICE, BOB},
    AccountId, Mock,
};
use cairn_protocol::id::ProviderId;
use pallet_cairn_merit::Call;

pub(crate) fn make(course: &mut Course, dice: &mut Dice) {
    match dice.below(8) {
        0..3 => {
            let n = dice.between(0, 3);
            let provider = if dice.once_in(4) { any_provider(dice) } else { ProviderId(n) };
            let who = dice.usually(owner(n), &[ALICE, BOB, operator(n)]);
            course.call(who, Call::<Mock>::link_provider { provider });
        }
        3 => {
            course.call(validator(dice), Call::<Mock>::unlink_provider {});
        }
        _ => tasks::bring(course, dice),
    }
}

fn validator(dice: &mut Dice) -> AccountId {
    let n = dice.between(0, 3);
    dice.usually(owner(n), &[ALICE, BOB])
}
