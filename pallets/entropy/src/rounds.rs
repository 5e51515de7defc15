//! Contributions: commit, reveal, and the end of a round.

use crate::{
    types::{Contribution, Mix, Phase, Round, RoundMix, Value},
    *,
};
use alloc::vec::Vec;
use cairn_protocol::{
    id::Seed,
    preimage::{EntropyCommitment, Statement},
    profile::Role,
};
use cairn_seams::{Lane, Registry};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Weight},
    traits::{
        fungible::{BalancedHold, MutateHold},
        tokens::Precision,
        Get, OnUnbalanced,
    },
};

impl<T: Config> Pallet<T> {
    /// Holds the stake of a provider for a value that it will reveal.
    pub(crate) fn do_commit(contributor: T::AccountId, commitment: Digest) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::Stopped);
        let round = CurrentRound::<T>::get();
        ensure!(round.phase(T::Clock::now()) == Phase::Commit, Error::<T>::NotCommitting);
        let provider = T::Registry::operated_by(&contributor).ok_or(Error::<T>::NotOperator)?;
        let lane = Lane::Holders(Role::Entropy);
        ensure!(T::Registry::serves(provider, lane), Error::<T>::NotServing);
        ensure!(T::Registry::candidate(provider, lane).is_some(), Error::<T>::NotAvailable);

        let mut contributions = Contributions::<T>::get();
        // The operator's key may have changed hands since the provider, or the account, committed.
        let committed = contributions
            .iter()
            .any(|other| other.provider == provider || other.contributor == contributor);
        ensure!(!committed, Error::<T>::AlreadyCommitted);
        let stake = T::Stake::get();
        let value = Value::Sealed { commitment, stake };
        contributions
            .try_push(Contribution { contributor: contributor.clone(), provider, value })
            .map_err(|_| Error::<T>::RoundFull)?;
        T::Currency::hold(&HoldReason::Commitment.into(), &contributor, stake)
            .map_err(|_| Error::<T>::StakeUnaffordable)?;

        Contributions::<T>::put(contributions);
        Self::deposit_event(Event::Committed { round: round.began, contributor, provider });
        Ok(())
    }

    /// Takes the value that was committed to, and gives the stake back.
    pub(crate) fn do_reveal(contributor: T::AccountId, value: Seed) -> DispatchResult {
        ensure!(!T::Clock::is_stopped(), Error::<T>::Stopped);
        let round = CurrentRound::<T>::get();
        ensure!(round.phase(T::Clock::now()) == Phase::Reveal, Error::<T>::NotRevealing);

        let mut contributions = Contributions::<T>::get();
        let contribution = contributions
            .iter_mut()
            .find(|other| other.contributor == contributor)
            .ok_or(Error::<T>::NothingCommitted)?;
        let Value::Sealed { commitment, stake } = contribution.value else {
            return Err(Error::<T>::AlreadyRevealed.into());
        };
        let opened =
            EntropyCommitment { round: round.began, contributor: contributor.clone(), value };
        ensure!(opened.digest(&Self::genesis()) == commitment, Error::<T>::WrongValue);
        contribution.value = Value::Revealed { value };
        T::Currency::release(
            &HoldReason::Commitment.into(),
            &contributor,
            stake,
            Precision::BestEffort,
        )?;

        Contributions::<T>::put(contributions);
        Self::deposit_event(Event::Revealed { round: round.began, contributor, value });
        Ok(())
    }

    /// Ends the round if it is over, and says what that cost.
    pub(crate) fn pass_round() -> Weight {
        let now = T::Clock::now();
        let round = CurrentRound::<T>::get();
        if T::Clock::is_stopped() || round.phase(now) != Phase::Over {
            return T::WeightInfo::round_goes_on();
        }
        T::WeightInfo::end_round(Self::end_round(round, now))
    }

    /// Mixes in what was revealed, takes the stakes of what was not, and begins the next round.
    /// Returns how many contributions there were.
    pub(crate) fn end_round(round: Round, now: Height) -> u32 {
        let contributions = Contributions::<T>::take();
        let count = contributions.len().try_into().unwrap_or(u32::MAX);
        let mut revealed = Vec::new();
        for Contribution { contributor, value, .. } in contributions {
            match value {
                Value::Revealed { value } => revealed.push((contributor, value)),
                Value::Sealed { stake, .. } => Self::forfeit(round, contributor, stake),
            }
        }
        if !revealed.is_empty() {
            Self::mix(round, now, revealed);
        }
        // Not shorter than a mix takes to settle, so that the one before it has settled always.
        let length = T::RoundBlocks::get().max(Self::settling()).max(2);
        CurrentRound::<T>::put(Round { began: now, length });
        count
    }

    /// Heights between the end of a round and the closing of the first window it counts in.
    fn settling() -> Height {
        Self::window_length() / 2
    }

    fn mix(round: Round, now: Height, revealed: Vec<(T::AccountId, Seed)>) {
        let before = ContributedMix::<T>::get().current;
        let contributions = revealed.len().try_into().unwrap_or(u32::MAX);
        let mix = RoundMix { round: round.began, before, revealed }.digest(&Self::genesis());
        let settles_at = now.saturating_add(Self::settling());
        ContributedMix::<T>::put(Mix { current: mix, previous: before, settles_at });
        Self::deposit_event(Event::Mixed { round: round.began, contributions, mix, settles_at });
    }

    fn forfeit(round: Round, contributor: T::AccountId, stake: BalanceOf<T>) {
        let (taken, _) = T::Currency::slash(&HoldReason::Commitment.into(), &contributor, stake);
        T::OnForfeit::on_unbalanced(taken);
        Self::deposit_event(Event::Forfeited { round: round.began, contributor, stake });
    }
}
