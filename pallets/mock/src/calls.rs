//! What is called, pallet by pallet.

mod audits;
mod capability;
mod curation;
mod custody;
mod entropy;
mod experts;
mod learning;
mod merit;
mod panels;
mod providers;
mod reputation;
mod rewards;
mod tasks;

use crate::{course::Course, dice::Dice, drive::Area};

/// Makes a call of a pallet, or a few that belong together.
pub(crate) fn make(area: Area, course: &mut Course, dice: &mut Dice) {
    match area {
        Area::All => {
            let one = dice.weighted(&[
                (8, Area::Tasks),
                (4, Area::Audits),
                (1, Area::Merit),
                (3, Area::Capability),
                (4, Area::Providers),
                (3, Area::Entropy),
                (1, Area::Experts),
                (1, Area::Reputation),
                (3, Area::Learning),
                (1, Area::Panels),
                (2, Area::Custody),
                (2, Area::Rewards),
                (2, Area::Curation),
            ]);
            make(one, course, dice);
        }
        Area::Audits => audits::make(course, dice),
        Area::Capability => capability::make(course, dice),
        Area::Curation => curation::make(course, dice),
        Area::Custody => custody::make(course, dice),
        Area::Entropy => entropy::make(course, dice),
        Area::Experts => experts::make(course, dice),
        Area::Learning => learning::make(course, dice),
        Area::Merit => merit::make(course, dice),
        Area::Panels => panels::make(course, dice),
        Area::Providers => providers::make(course, dice),
        Area::Reputation => reputation::make(course, dice),
        Area::Rewards => rewards::make(course, dice),
        Area::Tasks => tasks::make(course, dice),
    }
}
