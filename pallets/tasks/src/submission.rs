//! Tasks come in, and are taken back.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::{Amount, Height, TaskId},
    job::{Terms, Unjudgeable, INLINE_BYTES},
    lifecycle::{Act, Stage, Turn},
    settlement::{fee, Escrow, Pay},
};
use cairn_seams::{Clock, Models};
use codec::Encode;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::{fungible::MutateHold, DefensiveSaturating},
};
use sp_runtime::DispatchError;

/// Why a task cannot be judged, in the pallet's words.
impl<T> From<Unjudgeable> for Error<T> {
    fn from(reason: Unjudgeable) -> Self {
        match reason {
            Unjudgeable::NoRedundancy => Self::NoRedundancy,
            Unjudgeable::TooMuchRedundancy => Self::TooMuchRedundancy,
            Unjudgeable::EvenRedundancy => Self::EvenRedundancy,
            Unjudgeable::SampledTextDiffers => Self::SampledTextDiffers,
            Unjudgeable::WrongNumberOfGuards => Self::WrongNumberOfGuards,
            Unjudgeable::NotSampledText => Self::NotSampledText,
            Unjudgeable::NotAKernelProgram
            | Unjudgeable::HashesMayDiffer
            | Unjudgeable::NoFingerprint
            | Unjudgeable::OutcomeIsForTraining => Self::PolicyDoesNotFit,
        }
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_submit(
        requester: T::AccountId,
        terms: Terms,
    ) -> Result<TaskId, DispatchError> {
        let (escrow, deposit) = Self::price(&requester, &terms)?;
        let total = escrow.total().ok_or(Error::<T>::AmountTooLarge)?;
        T::Currency::hold(&HoldReason::Escrow.into(), &requester, total)
            .map_err(|_| Error::<T>::NotEnoughBalance)?;
        T::Currency::hold(&HoldReason::Deposit.into(), &requester, deposit)
            .map_err(|_| Error::<T>::NotEnoughBalance)?;

        let id = Submitted::<T>::mutate(|count| {
            let id = TaskId(*count);
            *count = count.defensive_saturating_add(1);
            id
        });
        let now = T::Clock::now();
        let mut task = Task {
            requester: requester.clone(),
            kind: terms.job.kind,
            escrow,
            deposit,
            submitted: now,
            stage: Stage::Queued,
            due: terms.match_by,
            next: now,
            sought: now,
            redundancy: terms.redundancy,
            round: 0,
            reassigned: 0,
            accusers: 0,
            declined: 0,
            place: Place::Nowhere,
            seats: Default::default(),
            excluded: Default::default(),
            outvoted: Default::default(),
            acknowledged: false,
        };
        Self::ask_for_seed(id, &mut task);
        TasksOf::<T>::insert(&requester, id, ());
        TermsOf::<T>::insert(id, terms);
        Tasks::<T>::insert(id, task);
        Self::deposit_event(Event::Submitted { task: id, requester });
        Ok(id)
    }

    /// What a task costs its requester, if it may be submitted at all.
    pub(crate) fn price(
        requester: &T::AccountId,
        terms: &Terms,
    ) -> Result<(Escrow, Amount), Error<T>> {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let rules = T::Rules::get();
        Self::check_times(terms, &rules.clocks)?;
        let price = Self::check_job(requester, terms)?;

        let prices = &rules.prices;
        let least = prices.reward_least.saturating_mul(terms.redundancy.into());
        ensure!(terms.reward >= least, Error::<T>::RewardTooSmall);
        let length = u32::try_from(terms.encoded_size()).unwrap_or(u32::MAX);
        ensure!(length <= prices.terms_bytes, Error::<T>::TermsTooLong);
        let pay = Pay::of(terms.policy, terms.redundancy);
        let escrow = Escrow {
            reward: terms.reward,
            tip: terms.tip,
            fee: fee(prices.fee_fixed, prices.fee_share, terms.reward, terms.tip),
            reserve: pay.reserve(terms.reward).ok_or(Error::<T>::AmountTooLarge)?,
            price,
        };
        ensure!(escrow.total().is_some(), Error::<T>::AmountTooLarge);
        Ok((escrow, Self::footprint(terms).deposit(prices)))
    }

    fn check_times(terms: &Terms, clocks: &Clocks) -> Result<(), Error<T>> {
        let now = T::Clock::now();
        ensure!(terms.match_by > now, Error::<T>::DeadlinePassed);
        let most = now.saturating_add(clocks.match_most);
        ensure!(terms.match_by <= most, Error::<T>::DeadlineTooFar);
        let within = |blocks: Height, least, most| (least..=most).contains(&blocks);
        ensure!(
            within(terms.work_blocks, clocks.work_least, clocks.work_most),
            Error::<T>::WorkTimeOutOfRange
        );
        if let Some(seal) = &terms.seal {
            ensure!(
                within(seal.key_blocks, clocks.keys_least, clocks.keys_most),
                Error::<T>::KeyTimeOutOfRange
            );
        }
        Ok(())
    }

    /// Whether the job may be given out for this account, and what its model's author asks for it.
    fn check_job(requester: &T::AccountId, terms: &Terms) -> Result<Amount, Error<T>> {
        let job = &terms.job;
        terms.policy.judges(job, terms.redundancy)?;
        ensure!(job.units > 0, Error::<T>::NoWork);
        ensure!(terms.output_bytes <= INLINE_BYTES, Error::<T>::OutputTooLong);
        match (&job.model, job.kind.needs_model()) {
            (None, false) => Ok(0),
            (None, true) => Err(Error::<T>::ModelNeeded),
            (Some(_), false) => Err(Error::<T>::ModelNotNeeded),
            (Some(model), true) => {
                ensure!(T::Models::exists(model), Error::<T>::UnknownModel);
                T::Models::price(model, requester).ok_or(Error::<T>::ModelNotLicensed)
            }
        }
    }

    pub(crate) fn do_cancel(requester: T::AccountId, id: TaskId) -> DispatchResult {
        let mut task = Self::open(id, Act::Cancel, &requester)?;
        Self::leave_queue(&mut task);
        Self::refund(id, task, Turn::GivenUp, RefundReason::Cancelled);
        Ok(())
    }

    pub(crate) fn do_acknowledge(requester: T::AccountId, id: TaskId) -> DispatchResult {
        let mut task = Self::open(id, Act::Acknowledge, &requester)?;
        ensure!(!task.acknowledged, Error::<T>::AcknowledgedAlready);
        task.acknowledged = true;
        Tasks::<T>::insert(id, task);
        Self::deposit_event(Event::Acknowledged { task: id });
        Ok(())
    }
}
