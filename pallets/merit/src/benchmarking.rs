//! Measures every call, and the end of a session, at its worst.

use crate::{types::*, *};
use alloc::vec::Vec;
use cairn_protocol::{id::ProviderId, job::JobKind};
use cairn_seams::OnSettled;
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::MutateHold, Get};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Makes so many accounts that can pay the deposit the validators of a session, in an era
    /// without points.
    fn validators(count: u32) -> Vec<AccountId>;

    /// Registers a provider of another owner, with an operator that works for it. The validator
    /// and the owner have declared each other linked.
    fn enlist(validator: &AccountId) -> ProviderId;
}

/// Links a provider whatever its owner, for a validator that can pay the deposit.
pub fn link<T: Config>(validator: &T::AccountId, provider: ProviderId) {
    let deposit = T::Deposit::get();
    T::Currency::hold(&HoldReason::Link.into(), validator, deposit).expect("it has funds");
    let session = CurrentSession::<T>::get().unwrap_or_default();
    CurrentSession::<T>::put(session);
    let link = Link { provider, deposit, session: session.number, work: 0 };
    Links::<T>::insert(validator, link);
    ValidatorOf::<T>::insert(provider, validator);
}

/// Validators with a provider each, and enough blocks for all of them to get something.
fn linked<T: Config>(count: u32) -> Vec<(T::AccountId, ProviderId)> {
    frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(1_000_000u32));
    let enlist = |validator: T::AccountId| {
        let provider = T::BenchmarkHelper::enlist(&validator);
        link::<T>(&validator, provider);
        (validator, provider)
    };
    T::BenchmarkHelper::validators(count).into_iter().map(enlist).collect()
}

fn first<Item>(all: Vec<Item>) -> Item {
    all.into_iter().next().expect("one was asked for")
}

#[benchmarks]
mod benches {
    use super::*;

    /// The provider was linked by somebody who has nothing to do with it.
    #[benchmark]
    fn link_provider() {
        let all = T::BenchmarkHelper::validators(T::MaxValidators::get().max(2));
        let (validator, former) = (all[0].clone(), all[1].clone());
        let provider = T::BenchmarkHelper::enlist(&validator);
        link::<T>(&former, provider);
        #[extrinsic_call]
        _(RawOrigin::Signed(validator.clone()), provider);
        assert_eq!(ValidatorOf::<T>::get(provider), Some(validator));
        assert!(!Links::<T>::contains_key(former));
    }

    #[benchmark]
    fn unlink_provider() {
        let (validator, _) = first(linked::<T>(1));
        #[extrinsic_call]
        _(RawOrigin::Signed(validator.clone()));
        assert!(!Links::<T>::contains_key(validator));
    }

    #[benchmark]
    fn flush(v: Linear<1, 300>) {
        let all = linked::<T>(v.min(T::MaxValidators::get()));
        for (_, provider) in &all {
            Pallet::<T>::settled(*provider, JobKind::Infer, u128::MAX);
        }
        #[block]
        {
            Pallet::<T>::flush();
        }
        assert!(T::EraPoints::given().is_some_and(|given| given > 0));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
