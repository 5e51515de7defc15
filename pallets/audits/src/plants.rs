//! Licences to plant false results, and notes that one was planted.

use crate::{pallet::*, types::*};
use cairn_protocol::id::{Digest, ProviderId};
use cairn_seams::{Clock, Registry};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::{fungible::MutateHold, tokens::Precision, Defensive},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn is_licensed(provider: ProviderId) -> bool {
        Licences::<T>::get(provider).is_some_and(|licence| licence.valid)
    }

    pub(crate) fn do_license(planter: ProviderId) -> DispatchResult {
        ensure!(T::Registry::owner(planter).is_some(), Error::<T>::UnknownProvider);
        let fresh = Licence { valid: false, notes: 0, since: T::Clock::now(), paid: 0 };
        let licence = Licences::<T>::get(planter).unwrap_or(fresh);
        ensure!(!licence.valid, Error::<T>::LicensedAlready);
        Licences::<T>::insert(planter, Licence { valid: true, ..licence });
        Self::deposit_event(Event::Licensed { planter });
        Ok(())
    }

    pub(crate) fn do_revoke_licence(planter: ProviderId) -> DispatchResult {
        let licence = Licences::<T>::get(planter).filter(|licence| licence.valid);
        let licence = licence.ok_or(Error::<T>::NotLicensed)?;
        Self::put_licence(planter, Licence { valid: false, ..licence });
        Self::deposit_event(Event::LicenceRevoked { planter });
        Ok(())
    }

    /// Keeps a licence as long as it is worth something, or notes are left of it.
    fn put_licence(planter: ProviderId, licence: Licence) {
        if licence.valid || licence.notes > 0 {
            Licences::<T>::insert(planter, licence);
        } else {
            Licences::<T>::remove(planter);
        }
    }

    pub(crate) fn do_plant(operator: T::AccountId, note: Digest) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let planter = T::Registry::operated_by(&operator).ok_or(Error::<T>::NotAnOperator)?;
        let licence = Licences::<T>::get(planter).filter(|licence| licence.valid);
        let licence = licence.ok_or(Error::<T>::NotLicensed)?;
        ensure!(!Notes::<T>::contains_key(planter, note), Error::<T>::NotedAlready);
        ensure!(licence.notes < T::MaxNotes::get(), Error::<T>::TooManyNotes);
        let deposit = T::Rules::get().plants.deposit;
        T::Currency::hold(&HoldReason::Note.into(), &operator, deposit)
            .map_err(|_| Error::<T>::NotEnoughBalance)?;
        let kept = Note { depositor: operator, deposit, noted: T::Clock::now() };
        Notes::<T>::insert(planter, note, kept);
        let notes = licence.notes.saturating_add(1);
        Licences::<T>::insert(planter, Licence { notes, ..licence });
        Self::deposit_event(Event::Noted { planter, note });
        Ok(())
    }

    /// Whether a note is young enough to be worth something.
    pub(crate) fn counts(note: &Note<T::AccountId>, plants: &Plants) -> bool {
        T::Clock::now() <= note.noted.saturating_add(plants.note_life)
    }

    pub(crate) fn do_dig_up(planter: ProviderId, digest: Digest) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let note = Notes::<T>::get(planter, digest).ok_or(Error::<T>::UnknownNote)?;
        let needed = Self::is_licensed(planter) && Self::counts(&note, &T::Rules::get().plants);
        ensure!(!needed, Error::<T>::NoteCounts);
        Self::remove_note(planter, digest, note);
        Ok(())
    }

    pub(crate) fn remove_note(planter: ProviderId, digest: Digest, note: Note<T::AccountId>) {
        Notes::<T>::remove(planter, digest);
        let exact = Precision::Exact;
        let _ =
            T::Currency::release(&HoldReason::Note.into(), &note.depositor, note.deposit, exact)
                .defensive();
        if let Some(licence) = Licences::<T>::get(planter).defensive() {
            let notes = licence.notes.saturating_sub(1);
            Self::put_licence(planter, Licence { notes, ..licence });
        }
        Self::deposit_event(Event::DugUp { planter, note: digest });
    }
}
