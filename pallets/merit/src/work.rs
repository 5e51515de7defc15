//! Settled work is noted, and rewarded when the session ends.

use crate::{types::*, *};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::JobKind,
};
use cairn_seams::{OnSettled, Registry};
use frame_support::{dispatch::DispatchClass, traits::Get};
use sp_runtime::{SaturatedConversion, Saturating};

/// A validator that did some work in the session that ends.
struct Claim<AccountId> {
    validator: AccountId,
    provider: ProviderId,
    work: Amount,
    earned: u32,
}

impl<T: Config> OnSettled for Pallet<T> {
    fn settled(provider: ProviderId, _: JobKind, irrecoverable: Amount) {
        let Some(validator) = ValidatorOf::<T>::get(provider) else { return };
        let Some(session) = CurrentSession::<T>::get() else { return };
        Links::<T>::mutate(validator, |link| {
            if let Some(link) = link {
                link.add(session.number, irrecoverable, T::Rules::get().most);
            }
        });
    }
}

impl<T: Config> Pallet<T> {
    /// Rewards what was done in the session that ends now. It is called once, while the
    /// validators and the era are still those of that session.
    pub fn flush() {
        let Some(session) = CurrentSession::<T>::get() else { return };
        let now = frame_system::Pallet::<T>::block_number();
        let blocks = now.saturating_sub(session.began).saturated_into();
        let number = session.number.saturating_add(1);
        CurrentSession::<T>::put(Session { number, began: now });

        let rules = T::Rules::get();
        let mut validators = T::EraPoints::validators();
        validators.truncate(T::MaxValidators::get().saturated_into());
        let looked_at = validators.len().saturated_into();
        frame_system::Pallet::<T>::register_extra_weight_unchecked(
            T::WeightInfo::flush(looked_at),
            DispatchClass::Mandatory,
        );
        let Some(given) = T::EraPoints::given() else { return };
        let pool = rules.pool(blocks, T::EraPoints::per_block(), given);
        let claims: Vec<_> = validators
            .into_iter()
            .filter_map(|validator| Self::claim(validator, session.number, &rules))
            .collect();
        Self::reward(pool, claims);
    }

    /// What a validator can ask for; none if it is nothing.
    fn claim(validator: T::AccountId, session: u32, rules: &Rules) -> Option<Claim<T::AccountId>> {
        let link = Links::<T>::get(&validator)?;
        let (provider, work) = (link.provider, link.of(session));
        let earned = rules.worth(work);
        let counts = earned > 0 && T::Registry::belongs_to(provider, &validator);
        counts.then_some(Claim { validator, provider, work, earned })
    }

    fn reward(pool: u32, claims: Vec<Claim<T::AccountId>>) {
        let add = |sum: u64, claim: &Claim<_>| sum.saturating_add(claim.earned.into());
        let by_all = claims.iter().fold(0, add);
        let mut given = Vec::new();
        for Claim { validator, provider, work, earned } in claims {
            let points = shared(pool, earned, by_all);
            if points > 0 {
                given.push((validator.clone(), points));
                Self::deposit_event(Event::Rewarded { validator, provider, work, points });
            }
        }
        if !given.is_empty() {
            T::EraPoints::give(given);
        }
    }
}
