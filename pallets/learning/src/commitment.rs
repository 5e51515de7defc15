//! Deltas are committed to before they are shown.

use crate::{pallet::*, types::*};
use cairn_protocol::id::{Digest, Height};
use cairn_seams::{Clock, Lineage, Sealing};
use frame_support::{dispatch::DispatchResult, ensure, pallet_prelude::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
    /// What binds statements to this chain.
    pub fn genesis() -> Digest {
        let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut digest = Digest::default();
        digest.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }

    pub(crate) fn do_commit_delta(
        author: T::AccountId,
        place: Place,
        digest: Digest,
    ) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let head = T::Lineage::head(&place.model, &place.component);
        ensure!(head.is_some(), Error::<T>::UnknownComponent);
        ensure!(!T::Sealing::barred(&place.model, &author), Error::<T>::Barred);
        let known = Commitments::<T>::contains_key(&author, digest);
        ensure!(!known, Error::<T>::CommittedAlready);
        let deposit = T::Rules::get().terms.commitment;
        Self::hold(HoldReason::Commitment, &author, deposit)?;
        let commitment = Commitment { place: place.clone(), deposit, made: T::Clock::now() };
        Commitments::<T>::insert(&author, digest, commitment);
        Self::deposit_event(Event::DeltaCommitted { author, digest, place });
        Ok(())
    }

    /// Whoever asks for it, the deposit is its author's.
    pub(crate) fn do_withdraw_commit(author: T::AccountId, digest: Digest) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let commitment = Commitments::<T>::get(&author, digest).ok_or(Error::<T>::NotCommitted)?;
        // Else whoever commits to many would have chosen one by the time it shows it, for nothing.
        ensure!(T::Clock::now() > Self::counts_until(&commitment), Error::<T>::StillCounts);
        Self::spend(&author, digest, &commitment);
        Self::deposit_event(Event::CommitmentWithdrawn { author, digest });
        Ok(())
    }

    /// Up to when a delta may be shown that was committed to.
    pub(crate) fn counts_until(commitment: &Commitment) -> Height {
        commitment.made.saturating_add(T::Rules::get().terms.life)
    }

    /// The commitment is done with.
    pub(crate) fn spend(author: &T::AccountId, digest: Digest, commitment: &Commitment) {
        Commitments::<T>::remove(author, digest);
        Self::give_back(HoldReason::Commitment, author, commitment.deposit);
    }
}
