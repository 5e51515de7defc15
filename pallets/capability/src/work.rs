//! Members commit to their answers, then show them.

use crate::{types::*, *};
use cairn_protocol::{
    id::{Digest, ProviderId},
    preimage::{ChallengeCommitment, Statement},
};
use cairn_seams::{Clock, Registry};
use frame_support::{dispatch::DispatchResult, ensure, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::Zero, DispatchError};

impl<T: Config> Pallet<T> {
    /// What binds statements to this chain.
    pub fn genesis() -> Digest {
        let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut digest = Digest::default();
        digest.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }

    /// A challenge, and which of its members an account operates.
    fn open(
        operator: &T::AccountId,
        id: ChallengeId,
    ) -> Result<(Challenge, ProviderId), DispatchError> {
        ensure!(!T::Clock::is_stopped(), Error::<T>::Stopped);
        let challenge = Challenges::<T>::get(id).ok_or(Error::<T>::UnknownChallenge)?;
        let provider = T::Registry::operated_by(operator).ok_or(Error::<T>::NotOperator)?;
        ensure!(challenge.member(provider).is_some(), Error::<T>::NotMember);
        Ok((challenge, provider))
    }

    pub(crate) fn do_commit(
        operator: T::AccountId,
        id: ChallengeId,
        commitment: Digest,
    ) -> DispatchResult {
        let (mut challenge, provider) = Self::open(&operator, id)?;
        let now = Self::moment();
        let in_time = challenge.stage == Stage::Commits && now.height <= challenge.due;
        let latency = challenge.handed_out.latency(&now);
        let member = challenge.member_mut(provider).ok_or(Error::<T>::NotMember)?;
        ensure!(member.progress == Progress::Working, Error::<T>::AlreadyCommitted);
        ensure!(in_time, Error::<T>::CommitsClosed);
        member.progress = Progress::Committed { commitment, latency };
        T::Registry::end_work(provider);
        Self::deposit_event(Event::Committed { challenge: id, provider, commitment });
        if challenge.committed() == challenge.members.len() {
            Self::open_reveals(id, &mut challenge, now.height);
            Self::schedule(id, challenge.due);
        }
        Challenges::<T>::insert(id, challenge);
        Ok(())
    }

    /// Says what it cost where that is less than the most.
    pub(crate) fn do_reveal(
        operator: T::AccountId,
        id: ChallengeId,
        answer: Digest,
        salt: Digest,
    ) -> Result<Option<Weight>, DispatchError> {
        let (mut challenge, provider) = Self::open(&operator, id)?;
        // A full block may have kept the chain from doing so.
        let late = Self::close_commits(id, &mut challenge);
        ensure!(challenge.stage == Stage::Reveals, Error::<T>::RevealsClosed);
        let due = challenge.due;
        let member = challenge.member_mut(provider).ok_or(Error::<T>::NotMember)?;
        let (commitment, latency) = match member.progress {
            Progress::Working => return Err(Error::<T>::NothingCommitted.into()),
            Progress::Committed { commitment, latency } => (commitment, latency),
            Progress::Revealed { .. } => return Err(Error::<T>::AlreadyRevealed.into()),
        };
        ensure!(T::Clock::now() <= due, Error::<T>::TooLate);
        // It names the provider, so that a commitment copied from another one opens for nobody.
        let opened = ChallengeCommitment { challenge: id, provider, answer, salt };
        ensure!(opened.digest(&Self::genesis()) == commitment, Error::<T>::WrongReveal);
        member.progress = Progress::Revealed { answer, latency };
        Self::deposit_event(Event::Revealed { challenge: id, provider, answer });
        if challenge.hidden() == 0 {
            Self::judge(id, &challenge);
            return Ok(None);
        }
        if late {
            Self::schedule(id, due);
        }
        Challenges::<T>::insert(id, challenge);
        Ok(Some(T::WeightInfo::reveal()))
    }
}
