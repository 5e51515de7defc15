//! Measures every call and hook at its worst.

use crate::{
    types::{Contribution, Round, Stage, Trace, Value, Window},
    *,
};
use cairn_protocol::{
    id::{ProviderId, Seed},
    preimage::{EntropyCommitment, Statement},
};
use cairn_seams::Ticket;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{fungible::MutateHold, Get},
    BoundedVec,
};
use frame_system::RawOrigin;

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Makes an account the operator of an available provider of entropy who can pay the stake.
    fn enlist(operator: &AccountId);

    /// Goes on to a height.
    fn set_height(height: Height);
}

/// Makes the seed of a ticket there, for benchmarks of those who asked for it.
pub fn close<T: Config>(ticket: &Ticket, seed: Seed) {
    Windows::<T>::mutate(ticket.requested_at, |window| {
        window.as_mut().expect("a seed was asked for").stage = Stage::Closed { seed };
    });
}

const NOW: Height = 1_000;
const VALUE: Seed = [7; 32];

/// A round of which half is over at `NOW`, or none.
fn begin_round<T: Config>(half_over: bool) -> Round {
    T::BenchmarkHelper::set_height(NOW);
    let began = if half_over { NOW - 10 } else { NOW };
    let round = Round { began, length: 20 };
    CurrentRound::<T>::put(round);
    round
}

/// Adds contributions of others, each with its stake.
fn add_others<T: Config>(count: u32) {
    let mut contributions = Contributions::<T>::get();
    for index in 0..count {
        let contributor: T::AccountId = account("contributor", index, 0);
        T::BenchmarkHelper::enlist(&contributor);
        let stake = T::Stake::get();
        T::Currency::hold(&HoldReason::Commitment.into(), &contributor, stake)
            .expect("the helper gave it funds");
        let provider = ProviderId(u64::MAX - u64::from(index));
        let value = Value::Sealed { commitment: Digest::default(), stake };
        contributions
            .try_push(Contribution { contributor, provider, value })
            .expect("the round is not full");
    }
    Contributions::<T>::put(contributions);
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn commit() {
        begin_round::<T>(false);
        add_others::<T>(T::MaxContributors::get() - 1);
        let caller: T::AccountId = whitelisted_caller();
        T::BenchmarkHelper::enlist(&caller);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), Digest::default());

        assert_eq!(Contributions::<T>::get().len() as u32, T::MaxContributors::get());
    }

    #[benchmark]
    fn reveal() {
        let round = begin_round::<T>(false);
        add_others::<T>(T::MaxContributors::get() - 1);
        // By now: a provider that was enlisted before would have been silent for long.
        let caller: T::AccountId = whitelisted_caller();
        T::BenchmarkHelper::enlist(&caller);
        let contribution =
            EntropyCommitment { round: round.began, contributor: caller.clone(), value: VALUE };
        let commitment = contribution.digest(&Pallet::<T>::genesis());
        Pallet::<T>::do_commit(caller.clone(), commitment).expect("the helper enlisted it");
        T::BenchmarkHelper::set_height(NOW + 10);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), VALUE);

        let mine = Contributions::<T>::get().into_iter().find(|c| c.contributor == caller);
        assert!(matches!(mine.map(|c| c.value), Some(Value::Revealed { value: VALUE })));
    }

    #[benchmark]
    fn round_goes_on() {
        let round = begin_round::<T>(true);
        #[block]
        {
            Pallet::<T>::pass_round();
        }
        assert_eq!(CurrentRound::<T>::get(), round);
    }

    #[benchmark]
    fn end_round(c: Linear<0, { T::MaxContributors::get() }>) {
        begin_round::<T>(false);
        add_others::<T>(c);
        T::BenchmarkHelper::set_height(NOW + 20);
        #[block]
        {
            Pallet::<T>::pass_round();
        }
        assert_eq!(CurrentRound::<T>::get().began, NOW + 20);
        assert!(Contributions::<T>::get().is_empty());
    }

    #[benchmark]
    fn record_block(g: Linear<0, { T::MaxGaps::get() }>, w: Linear<0, { T::MaxClosings::get() }>) {
        T::BenchmarkHelper::set_height(NOW);
        let next = NOW / 2;
        let mut authors = BoundedVec::new();
        for index in 0..T::MaxAuthors::get() {
            let author: T::AccountId = account("author", index, 0);
            authors.try_push((author, NOW - 1 - index)).expect("within the bound");
        }
        let sum = Digest::default();
        BlockTrace::<T>::put(Trace { recorded: NOW - 1, sum, next, authors });
        for height in next..next + w {
            let stage = Stage::Open { before: [1; 32] };
            Windows::<T>::insert(height, Window { tickets: 1, due: NOW, stage });
        }
        // This one stays, for it is not due, and nothing after it is passed.
        let stays = Window { tickets: 1, due: NOW + 1, stage: Stage::Open { before: [1; 32] } };
        Windows::<T>::insert(next + w + g, stays);
        let announced = Window { tickets: 1, due: NOW + 16, stage: Stage::Announced };
        Windows::<T>::insert(NOW, announced);
        #[block]
        {
            // Asked for its cost; outside a real block there may be no author.
            let block = T::BlockVrf::author_vrf();
            Pallet::<T>::record_block(block.or_else(|| Some((account("new", 0, 0), VALUE))));
        }
        for height in next..next + w {
            let stage = Windows::<T>::get(height).map(|window| window.stage);
            assert!(matches!(stage, Some(Stage::Closed { .. })));
        }
        assert_eq!(BlockTrace::<T>::get().map(|trace| trace.next), Some(next + w + g));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
