//! Measures every call at its worst.

use crate::*;
use alloc::boxed::Box;
use cairn_protocol::{
    dag::{Header, SemVer},
    id::{ContentId, File},
};
use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Unbalanced},
    tokens::Precision,
};
use frame_system::RawOrigin;

/// The header of a model, whose author can pay for it and has no more.
fn header<T: Config>() -> Header<T::AccountId> {
    let author: T::AccountId = account("author", 0, 0);
    let description = File { id: ContentId([1; 32]), bytes: 1 << 20 };
    let header = Header::meta(author, description, SemVer::default());
    let funds = Pallet::<T>::deposit_of(&header).saturating_add(T::Currency::minimum_balance());
    T::Currency::increase_balance(&header.author, funds, Precision::Exact)
        .expect("it has none yet");
    header
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn create_model() {
        let header = super::header::<T>();
        let (model, author) = (header.id(), header.author.clone());
        #[extrinsic_call]
        _(RawOrigin::Signed(author), Box::new(header));
        assert!(Blocks::<T>::contains_key(model));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
