//! What is known of a provider, as of now. Reading writes nothing.

use crate::{Card, Config, Entry, Pallet, Records};
use cairn_protocol::{
    id::ProviderId,
    job::JobKind,
    reputation::{Record, Score},
};
use cairn_seams::Clock;
use frame_support::traits::{Defensive, Get};

impl<T: Config> Pallet<T> {
    /// What a provider's record at a kind of job is worth; a newcomer's where there is none.
    pub fn score(provider: ProviderId, kind: JobKind) -> Score {
        Records::<T>::get(provider, kind).score(&T::Rules::get(), T::Clock::now())
    }

    /// All that is known of a provider, by kind in the order of their indices.
    pub fn card(provider: ProviderId) -> Card {
        let (rules, now) = (T::Rules::get(), T::Clock::now());
        let entry = |kind, record: Record| Entry {
            kind,
            record: record.faded(&rules, now),
            score: record.score(&rules, now),
        };
        let mut card = Card::new();
        for kind in JobKind::ALL {
            if let Ok(record) = Records::<T>::try_get(provider, kind) {
                // There is room for every kind, so the push cannot fail.
                let _ = card.try_push(entry(kind, record)).defensive();
            }
        }
        card
    }
}
