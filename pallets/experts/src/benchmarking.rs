//! Measures every call at its worst.

use crate::*;
use alloc::boxed::Box;
use cairn_protocol::{
    dag::{Header, SemVer},
    id::{BlockId, ContentId, File},
};
use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Unbalanced},
    tokens::Precision,
};
use frame_system::RawOrigin;

fn header<T: Config>() -> Header<T::AccountId> {
    let author: T::AccountId = account("author", 0, 0);
    let description = File { id: ContentId([1; 32]), bytes: 1 << 20 };
    Header::meta(author, description, SemVer::default())
}

/// Lets the author of a block pay for it, with nothing left to spend.
fn endow<T: Config>(header: &Header<T::AccountId>) {
    let funds = Pallet::<T>::deposit_of(header).saturating_add(T::Currency::minimum_balance());
    T::Currency::increase_balance(&header.author, funds, Precision::Exact)
        .expect("it has none yet");
}

/// A model that is registered, the same each time.
pub fn create<T: Config>() -> BlockId {
    let header = header::<T>();
    let model = header.id();
    if !Blocks::<T>::contains_key(model) {
        endow::<T>(&header);
        Pallet::<T>::do_create_model(header.author.clone(), header).expect("it can be paid");
    }
    model
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn create_model() {
        let header = super::header::<T>();
        endow::<T>(&header);
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
