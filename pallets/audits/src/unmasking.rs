//! Results that were false on purpose.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    audit::{agrees, Verdict},
    fault::Fault,
    id::{Digest, ProviderId, TaskId},
    lifecycle::audit::{Act, Turn},
    preimage::{PlantCommitment, Statement},
};
use cairn_seams::{Clock, Registry};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_unmask(
        requester: T::AccountId,
        id: TaskId,
        planter: ProviderId,
        salt: Digest,
    ) -> DispatchResult {
        let audit = Self::open(id, Act::Unmask, &requester)?;
        let [worker] = audit.workers.as_slice() else {
            return Err(Error::<T>::NotPlantable.into());
        };
        ensure!(!audit.is_outcome(), Error::<T>::NotPlantable);
        ensure!(Self::is_licensed(planter), Error::<T>::NotLicensed);
        let worker = worker.provider;
        let statement = PlantCommitment { planter, task: id, worker, answer: audit.answer, salt };
        let digest = statement.digest(&Self::genesis());
        let note = Notes::<T>::get(planter, digest).ok_or(Error::<T>::UnknownNote)?;
        let plants = T::Rules::get().plants;
        // From then on everyone could know what the worker said.
        ensure!(note.noted < audit.begun, Error::<T>::NotedTooLate);
        ensure!(Self::counts(&note, &plants), Error::<T>::NoteTooOld);
        // A planter's word is worth less than the work of a guard.
        ensure!(!audit.is_retraced(), Error::<T>::FoundAgain);

        Self::remove_note(planter, digest, note);
        let paid = Self::pay_planter(planter, &plants);
        Self::deposit_event(Event::Unmasked { task: id, planter, paid });
        Self::catch(id, audit);
        Ok(())
    }

    /// Whoever found again what is known to be false did not look.
    fn catch(id: TaskId, mut audit: AuditOf<T>) {
        let claim = audit.claimed();
        let (unread, read): (Vec<_>, Vec<_>) = audit
            .reports()
            .into_iter()
            .partition(|(_, report)| agrees(audit.policy, &claim, report));
        for (guard, _) in unread {
            T::Registry::penalise(guard, Fault::AgreedUnread, id.0);
            Self::note(guard, Some(false));
            audit.guards.retain(|one| one.provider != guard);
            Keys::<T>::remove(id, guard);
            T::Registry::disengage(guard);
        }
        let right: Vec<_> = read.into_iter().map(|(guard, _)| (guard, Some(true))).collect();
        Self::finish(id, audit, Turn::Unmasked, Verdict::Unmasked, &right);
    }

    fn pay_planter(planter: ProviderId, plants: &Plants) -> cairn_protocol::id::Amount {
        Licences::<T>::mutate(planter, |licence| {
            let Some(known) = licence else { return 0 };
            let (counted, paid) = known.planted(T::Clock::now(), plants);
            *known = counted;
            if paid {
                Self::reward(planter, plants.reward)
            } else {
                0
            }
        })
    }
}
