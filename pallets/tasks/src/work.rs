//! Workers commit to their results, then show them.

use crate::{pallet::*, types::*, WeightInfo};
use cairn_protocol::{
    id::{Digest, TaskId},
    job::{Policy, Terms},
    lifecycle::{Act, Turn},
    preimage::{ResultCommitment, Statement},
    result::{Answer, Output},
};
use cairn_seams::{Clock, Registry};
use codec::Encode;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult, Get, Weight},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
    /// What binds statements to this chain.
    pub fn genesis() -> Digest {
        let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut digest = Digest::default();
        digest.iter_mut().zip(hash.encode()).for_each(|(to, from)| *to = from);
        digest
    }

    pub(crate) fn do_commit(
        operator: T::AccountId,
        id: TaskId,
        commitment: Digest,
    ) -> DispatchResult {
        let (mut task, Seat { provider, progress, .. }) =
            Self::open_seat(id, Act::Commit, &operator)
                .map_err(|error| Self::why_closed(&operator, id, error))?;
        ensure!(progress == Progress::Working, Error::<T>::CommittedAlready);
        task.advance(provider, Progress::Committed(commitment));
        Self::deposit_event(Event::Committed { task: id, provider, commitment });
        Self::open_if_committed(id, task);
        Ok(())
    }

    /// Opens the reveals where nobody is waited for any more.
    pub(crate) fn open_if_committed(id: TaskId, task: TaskOf<T>) {
        if task.committed() == task.seats.len() {
            Self::open_reveals(id, task);
        } else {
            Tasks::<T>::insert(id, task);
        }
    }

    /// From here on results may be known.
    pub(crate) fn open_reveals(id: TaskId, mut task: TaskOf<T>) {
        Self::turn(&mut task, Turn::AllCommitted);
        let due = T::Clock::now().saturating_add(T::Rules::get().clocks.reveal);
        Self::schedule_due(id, &mut task, due);
        Tasks::<T>::insert(id, task);
        Self::deposit_event(Event::RevealsOpened { task: id, due });
    }

    pub(crate) fn do_reveal(
        operator: T::AccountId,
        id: TaskId,
        answer: Answer,
        salt: Digest,
    ) -> Result<Weight, DispatchError> {
        let (mut task, seat) = Self::open_seat(id, Act::Reveal, &operator)
            .map_err(|error| Self::why_hidden(&operator, id, error))?;
        let provider = seat.provider;
        let terms = TermsOf::<T>::get(id).ok_or(Error::<T>::UnknownTask)?;
        let genesis = Self::genesis();
        let digest = answer.digest(&genesis);
        let commitment = match seat.progress {
            Progress::Committed(commitment) => commitment,
            Progress::Revealed => return Err(Error::<T>::RevealedAlready.into()),
            Progress::Locked | Progress::Working => {
                return Err(Error::<T>::NotCommitted.into());
            }
        };
        let opened = ResultCommitment {
            task: id,
            round: seat.round,
            provider,
            generation: seat.generation,
            answer: digest,
            salt,
        };
        ensure!(opened.digest(&genesis) == commitment, Error::<T>::NotTheCommitment);
        Self::check_answer(&terms, &answer)?;

        task.advance(provider, Progress::Revealed);
        Answers::<T>::insert(id, provider, answer);
        Self::deposit_event(Event::Revealed { task: id, provider, answer: digest });
        if task.seats.iter().any(|seat| seat.progress != Progress::Revealed) {
            Tasks::<T>::insert(id, task);
            // Less than where there is only one to judge.
            return Ok(T::WeightInfo::reveal(1));
        }
        let seats = u32::try_from(task.seats.len()).unwrap_or(u32::MAX);
        Self::judge(id, task);
        Ok(T::WeightInfo::reveal(seats))
    }

    /// Whoever has committed hears that before it hears that all have.
    pub(crate) fn why_closed(operator: &T::AccountId, id: TaskId, error: Error<T>) -> Error<T> {
        match (&error, Self::progress(operator, id)) {
            (Error::WrongStage, Some(Progress::Committed(_) | Progress::Revealed)) => {
                Error::CommittedAlready
            }
            _ => error,
        }
    }

    /// Whoever is still to commit hears that before it hears that others are.
    fn why_hidden(operator: &T::AccountId, id: TaskId, error: Error<T>) -> Error<T> {
        match (&error, Self::progress(operator, id)) {
            (Error::WrongStage, Some(Progress::Locked | Progress::Working)) => Error::NotCommitted,
            _ => error,
        }
    }

    /// How far an operator's provider has come.
    fn progress(operator: &T::AccountId, id: TaskId) -> Option<Progress> {
        let provider = T::Registry::operated_by(operator)?;
        Tasks::<T>::get(id)?.seat(provider).map(|seat| seat.progress)
    }

    fn check_answer(terms: &Terms, answer: &Answer) -> Result<(), Error<T>> {
        ensure!(answer.engine == terms.job.engine, Error::<T>::WrongEngine);
        ensure!(answer.units <= terms.job.units, Error::<T>::TooManyUnits);
        if let Output::Inline(bytes) = &answer.output {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            ensure!(length <= terms.output_bytes, Error::<T>::AnswerTooLong);
        }
        let compared = matches!(terms.policy, Policy::Tolerance { .. });
        ensure!(!compared || answer.fingerprint.is_some(), Error::<T>::FingerprintNeeded);
        Ok(())
    }
}
