//! Measures every call and each step of the hooks at its most expensive.

use crate::{types::*, *};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{Amount, BlockId, DeltaId, ProviderId},
    job::JobKind,
    share::WHOLE,
};
use cairn_seams::{Clock, OnSettled, Purse};
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{fungible::Mutate, EnsureOrigin, Get},
    weights::WeightMeter,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// A model that is registered.
    fn model() -> BlockId;

    /// A data set that is registered for it.
    fn data() -> BlockId;

    /// Registers a provider, of an owner who can be paid.
    fn enlist() -> ProviderId;

    /// Makes the end of a period as dear as it can be for those who hear it.
    fn crowd_period();
}

const DELTA: DeltaId = DeltaId(0);
const MUCH: Amount = Amount::MAX >> 32;

/// An account with so much that it can put some aside.
fn sponsor<T: Config>(nth: u32) -> T::AccountId {
    let account: T::AccountId = account("sponsor", nth, 0);
    T::Currency::set_balance(&account, MUCH);
    account
}

fn least<T: Config>() -> Amount {
    T::Rules::get().least.max(1) << 8
}

/// A model with as many sponsors as it may have but one. Each has put something aside.
fn sponsored<T: Config>(model: BlockId) {
    for nth in 1..MOST_SPONSORS {
        Pallet::<T>::do_sponsor(sponsor::<T>(nth), model, least::<T>()).expect("there is a place");
    }
}

/// In the first period.
fn begun<T: Config>() {
    pass::<T>(1);
    Pallet::<T>::turn();
}

fn pass<T: Config>(blocks: u32) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now + BlockNumberFor::<T>::from(blocks));
}

/// Lets the period end, and the next one begin.
fn next_period<T: Config>() {
    let ends = Current::<T>::get().expect("it has begun").ends;
    pass::<T>(ends.saturating_sub(T::Clock::now()));
    Pallet::<T>::turn();
}

fn origin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    T::AdmitOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn admit() -> Result<(), BenchmarkError> {
        begun::<T>();
        let (origin, model) = (super::origin::<T>()?, T::BenchmarkHelper::model());
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, model, WHOLE);
        assert_eq!(Admissions::<T>::get(model), Some(WHOLE));
        Ok(())
    }

    #[benchmark]
    fn admit_data() -> Result<(), BenchmarkError> {
        begun::<T>();
        let (origin, data) = (super::origin::<T>()?, T::BenchmarkHelper::data());
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, data, WHOLE);
        assert_eq!(Admissions::<T>::get(data), Some(WHOLE));
        Ok(())
    }

    #[benchmark]
    fn expel() -> Result<(), BenchmarkError> {
        begun::<T>();
        let (origin, model) = (super::origin::<T>()?, T::BenchmarkHelper::model());
        Pallet::<T>::do_admit(model, 1).expect("it is registered");
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, model);
        assert_eq!(Admissions::<T>::get(model), None);
        Ok(())
    }

    /// There are as many as there may be, one of whom makes room.
    #[benchmark]
    fn sponsor() {
        begun::<T>();
        let model = T::BenchmarkHelper::model();
        sponsored::<T>(model);
        let eighth = super::sponsor::<T>(MOST_SPONSORS);
        Pallet::<T>::do_sponsor(eighth, model, least::<T>()).expect("there is a place");
        let last = super::sponsor::<T>(0);
        #[extrinsic_call]
        _(RawOrigin::Signed(last.clone()), model, least::<T>() + 1);
        let sponsors = Sponsors::<T>::get(model);
        assert_eq!(sponsors.len() as u32, MOST_SPONSORS);
        assert!(sponsors.iter().any(|one| one.account == last));
    }

    /// Of the last of all, after its notice.
    #[benchmark]
    fn withdraw_sponsorship() {
        begun::<T>();
        let model = T::BenchmarkHelper::model();
        sponsored::<T>(model);
        let last = super::sponsor::<T>(0);
        Pallet::<T>::do_sponsor(last.clone(), model, least::<T>()).expect("there is a place");
        Pallet::<T>::do_withdraw(last.clone(), model).expect("it gives notice");
        pass::<T>(T::Rules::get().notice);
        #[extrinsic_call]
        _(RawOrigin::Signed(last), model);
        assert_eq!(Sponsors::<T>::get(model).len() as u32, MOST_SPONSORS - 1);
    }

    #[benchmark]
    fn claim() {
        begun::<T>();
        let (provider, anyone) = (T::BenchmarkHelper::enlist(), super::sponsor::<T>(0));
        Pallet::<T>::settled(provider, JobKind::Infer, MUCH >> 16);
        next_period::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(anyone), 0, provider);
        assert!(Issued::<T>::get().inference > 0);
    }

    /// A block in which the period goes on.
    #[benchmark]
    fn turn() {
        begun::<T>();
        #[block]
        {
            Pallet::<T>::turn();
        }
        assert_eq!(Pallet::<T>::number(), 0);
    }

    /// One of which a reward is held, so that its ledger stays.
    #[benchmark]
    fn roll_over() {
        begun::<T>();
        let (model, data) = (T::BenchmarkHelper::model(), T::BenchmarkHelper::data());
        Pallet::<T>::do_admit(model, WHOLE).expect("it is registered");
        Pallet::<T>::do_admit_data(data, WHOLE).expect("it is registered");
        let author = super::sponsor::<T>(0);
        let held = Pallet::<T>::reserve(DELTA, &model, &data, &author, least::<T>());
        assert!(held > 0);
        T::BenchmarkHelper::crowd_period();
        let ends = Current::<T>::get().expect("it has begun").ends;
        pass::<T>(ends.saturating_sub(T::Clock::now()));
        #[block]
        {
            Pallet::<T>::roll_over(0);
        }
        assert_eq!(Pallet::<T>::number(), 1);
    }

    /// The last of its fees are forgotten, and the period with them.
    #[benchmark]
    fn retire(p: Linear<0, 63>) {
        begun::<T>();
        let most = T::ForgottenPerBlock::get().saturating_sub(1);
        let providers: Vec<ProviderId> = (0..p.min(most).into()).map(ProviderId).collect();
        for provider in providers {
            Pallet::<T>::settled(provider, JobKind::Infer, MUCH >> 16);
        }
        for _ in 0..=T::Rules::get().claimable.max(1) {
            next_period::<T>();
        }
        let mut meter = WeightMeter::new();
        #[block]
        {
            Pallet::<T>::retire(&mut meter);
        }
        assert_eq!((Retired::<T>::get(), Fees::<T>::iter_key_prefix(0).count()), (1, 0));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
