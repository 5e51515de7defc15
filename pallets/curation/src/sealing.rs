//! Sets are sealed for a period that has not begun.

use crate::{pallet::*, types::*};
use cairn_protocol::{id::ContentId, learning::source::Source};
use cairn_seams::{Authors, Clock, Lineage, Registry, Sealing};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_commit_set(id: TrialId, set: SetOf<T>) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let rules = T::Rules::get();
        let known = Curators::<T>::get(&set.curator).ok_or(Error::<T>::NotACurator)?;
        ensure!(known.bond >= rules.curators.bond, Error::<T>::BondTooSmall);
        ensure!(known.sets < rules.sets.open, Error::<T>::TooManySets);
        let period = Period::<T>::get();
        ensure!(id.period > period, Error::<T>::PeriodBegan);
        let last = period.saturating_add(rules.sets.ahead);
        ensure!(id.period <= last, Error::<T>::TooFarAhead);
        ensure!(T::Lineage::card(&id.model).is_some(), Error::<T>::UnknownModel);
        let generated = T::Lineage::validation(&id.model).is_some_and(|data| !Self::waits(&data));
        ensure!(!generated, Error::<T>::NeedsNoSets);
        Self::check_records(&set, &rules.sets)?;

        let mut trial = Trials::<T>::get(id).unwrap_or_else(Trial::announced);
        let nth = trial.sets;
        ensure!(nth < T::MaxSets::get(), Error::<T>::NoRoom);
        let kin = T::Registry::kin(T::Registry::names(&set.curator));
        let mut others = SealedSets::<T>::iter_prefix_values(id);
        ensure!(others.all(|other| !kin.contains(&other.curator)), Error::<T>::SealedAlready);
        // What is handed in from now on is refused; this may have been before.
        ensure!(!kin.iter().any(T::Authors::is_pending), Error::<T>::StillAnAuthor);

        trial.sets = nth.saturating_add(1);
        let sets = known.sets.saturating_add(1);
        Curators::<T>::insert(&set.curator, Curator { sets, ..known });
        let until = Barred::<T>::get(id.model, &set.curator).unwrap_or(0).max(id.period);
        Barred::<T>::insert(id.model, &set.curator, until);
        Trials::<T>::insert(id, trial);
        Turns::<T>::insert(id.period, id.model, ());
        SealedSets::<T>::insert(id, nth, &set);
        let TrialId { model, period } = id;
        let SealedSet { curator, commitment, encrypted, .. } = set;
        Self::deposit_event(Event::SetCommitted {
            model,
            period,
            set: nth,
            curator,
            commitment,
            encrypted,
        });
        Ok(())
    }

    /// Whether a model can be measured on what is said to be in a set.
    fn check_records(set: &SetOf<T>, rules: &Sets) -> Result<(), Error<T>> {
        let bytes = set.count.checked_mul(set.record_bytes.into());
        let bytes = bytes.filter(|bytes| *bytes <= rules.bytes).ok_or(Error::<T>::TooLarge)?;
        // What they are called is not known yet, and counts for nothing here.
        let records = Source::Records(set.records(ContentId([0; 32])));
        records.check().map_err(|_| Error::<T>::WrongRecords)?;
        ensure!(set.encrypted.bytes >= bytes, Error::<T>::EncryptedTooShort);
        Ok(())
    }
}
