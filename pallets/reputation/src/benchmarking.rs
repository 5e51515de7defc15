//! Measures what reporting and reading cost at their worst.

use crate::*;
use cairn_protocol::{id::ProviderId, job::JobKind, reputation::Observation, share::WHOLE};
use cairn_seams::{Registry, Reputation};
use frame_benchmarking::v2::*;

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers two providers of two owners that are not linked. Gives the first, and the
    /// operator of the second: the requester for whom most has to be looked up.
    fn register() -> (ProviderId, AccountId);

    /// Goes on by some blocks.
    fn pass_blocks();
}

const SEEN: Observation =
    Observation { accurate: Some(true), timely: Some(true), available: Some(false) };

/// A provider with records of some age at every kind, and somebody who could ask it for work.
fn known_provider<T: Config>() -> (ProviderId, T::AccountId) {
    let (provider, requester) = T::BenchmarkHelper::register();
    for kind in JobKind::ALL {
        Pallet::<T>::observe(provider, kind, SEEN);
    }
    T::BenchmarkHelper::pass_blocks();
    (provider, requester)
}

fn observed<T: Config>(provider: ProviderId, kind: JobKind) {
    let standing = Pallet::<T>::standing(provider, kind);
    let event = Event::<T>::Observed { provider, kind, standing };
    frame_system::Pallet::<T>::assert_last_event(event.into());
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn observe() {
        let (provider, _) = known_provider::<T>();
        #[block]
        {
            Pallet::<T>::observe(provider, JobKind::Infer, SEEN);
        }
        observed::<T>(provider, JobKind::Infer);
    }

    #[benchmark]
    fn observe_for() {
        let (provider, requester) = known_provider::<T>();
        assert!(T::Registry::operated_by(&requester).is_some());
        #[block]
        {
            Pallet::<T>::observe_for(provider, JobKind::Infer, SEEN, &requester);
        }
        observed::<T>(provider, JobKind::Infer);
    }

    #[benchmark]
    fn forget() {
        let (provider, _) = known_provider::<T>();
        #[block]
        {
            Pallet::<T>::forget(provider);
        }
        assert_eq!(Records::<T>::iter_prefix(provider).count(), 0);
    }

    #[benchmark]
    fn standing() {
        let (provider, _) = known_provider::<T>();
        let worth;
        #[block]
        {
            worth = Pallet::<T>::standing(provider, JobKind::Infer);
        }
        assert!(worth <= WHOLE);
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::new_test_ext(),
        crate::tests::mock::Test
    );
}
