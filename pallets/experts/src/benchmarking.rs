//! Measures every call at its worst.

use crate::{types::*, *};
use alloc::{boxed::Box, vec, vec::Vec};
use cairn_protocol::{
    dag::{BlockKind, Component, Header, SemVer, COMPONENT_BYTES},
    id::{Amount, BlockId, ContentId, File, ProviderId},
    learning::{
        model::{Access, ModelCard, LICENCE_BYTES, MAX_COMPONENTS},
        source::{Purpose, Source},
    },
    spec::Records,
};
use cairn_seams::Lineage;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{
        fungible::{Inspect, Unbalanced},
        tokens::Precision,
        Get,
    },
    BoundedVec,
};
use frame_system::RawOrigin;

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers a provider, the same each time. Gives it and its operator.
    fn enlist() -> (ProviderId, AccountId);

    /// Makes it as dear as it can be for others to hear that a component of a model was published.
    fn heed(model: &BlockId);
}

const RELEASE: SemVer = SemVer { major: 1, minor: 0, patch: 0 };
const ARTIFACT: File = File { id: ContentId([1; 32]), bytes: 1 << 20 };

fn author<T: Config>() -> T::AccountId {
    account("author", 0, 0)
}

fn header<T: Config>() -> Header<T::AccountId> {
    Header::meta(author::<T>(), ARTIFACT, RELEASE)
}

/// The longest name that there is, another for each number.
pub fn component(nth: u32) -> Component {
    let mut name = vec![b'c'; COMPONENT_BYTES as usize];
    name[..4].copy_from_slice(&nth.to_be_bytes());
    Component::truncate_from(name)
}

fn every_name() -> Components {
    BoundedVec::truncate_from((0..MAX_COMPONENTS).map(component).collect())
}

/// As long as a card can be.
fn card() -> ModelCard {
    ModelCard {
        configuration: ContentId([2; 32]),
        tokenizer: Some(ContentId([3; 32])),
        judge: ContentId([4; 32]),
        components: every_name(),
        royalty: 1,
        price_hint: 1,
        licence: BoundedVec::truncate_from(vec![b'L'; LICENCE_BYTES as usize]),
        access: Access::PerUse { price: 1 },
    }
}

/// Gives an account enough for whatever is held of it here, and as much to spend.
fn endow<T: Config>(who: &T::AccountId) {
    let megabyte = T::ByteDeposit::get() << 20;
    let funds = T::Currency::minimum_balance() + T::ItemDeposit::get() * 1_000 + megabyte;
    T::Currency::increase_balance(who, funds, Precision::BestEffort).expect("it may grow");
}

/// A model with the longest card, the same each time, whose author can pay for more.
pub fn create<T: Config>() -> BlockId {
    let header = header::<T>();
    let model = header.id();
    if !Blocks::<T>::contains_key(model) {
        endow::<T>(&header.author);
        Pallet::<T>::do_create_model(header.author.clone(), header, card())
            .expect("it can be paid");
    }
    model
}

/// Publishes all components of that model, each on what it was.
pub fn publish_all<T: Config>(release: SemVer) -> BlockId {
    let model = create::<T>();
    for name in every_name() {
        let header = expert::<T>(model, name, release);
        Pallet::<T>::do_publish(author::<T>(), header).expect("it can be paid");
    }
    model
}

/// A component that stands where it may.
fn expert<T: Config>(
    model: BlockId,
    component: Component,
    release: SemVer,
) -> Header<T::AccountId> {
    let parent = Pallet::<T>::head(&model, &component).map_or(model, |head| head.block);
    let kind = BlockKind::Expert;
    Header::component(kind, model, component, parent, ARTIFACT, release, author::<T>())
}

fn records() -> Source {
    Source::Records(Records { file: ARTIFACT, record_bytes: 1_024 })
}

/// A set to judge deltas of that model on, another for each number.
pub fn validation<T: Config>(nth: u16) -> BlockId {
    let model = create::<T>();
    let release = SemVer { patch: nth, ..RELEASE };
    let header = Header::data(model, ARTIFACT, release, author::<T>());
    let data = header.id();
    Pallet::<T>::do_register_data(author::<T>(), header, records(), Purpose::Validation)
        .expect("it can be paid");
    data
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn create_model() {
        let header = super::header::<T>();
        endow::<T>(&header.author);
        let (model, author) = (header.id(), header.author.clone());
        #[extrinsic_call]
        _(RawOrigin::Signed(author), Box::new(header), Box::new(card()));
        assert!(Blocks::<T>::contains_key(model));
    }

    /// Anew, where it has a head, and others have something to do when they hear of it.
    #[benchmark]
    fn publish() {
        let model = publish_all::<T>(RELEASE);
        T::BenchmarkHelper::heed(&model);
        let header = expert::<T>(model, component(0), SemVer { minor: 1, ..RELEASE });
        let block = header.id();
        #[extrinsic_call]
        _(RawOrigin::Signed(author::<T>()), Box::new(header));
        assert_eq!(Heads::<T>::get(model, component(0)).map(|top| top.block), Some(block));
    }

    #[benchmark]
    fn register_data() {
        let model = create::<T>();
        let header = Header::data(model, ARTIFACT, RELEASE, author::<T>());
        let data = header.id();
        #[extrinsic_call]
        _(RawOrigin::Signed(author::<T>()), Box::new(header), records(), Purpose::Validation);
        assert!(DataSets::<T>::contains_key(data));
    }

    /// Another one, after the model was measured on the first.
    #[benchmark]
    fn choose_validation() {
        let model = create::<T>();
        let (first, other) = (validation::<T>(0), validation::<T>(1));
        Pallet::<T>::do_choose_validation(author::<T>(), model, first).expect("it fits");
        Pallet::<T>::note_loss(&model, &first, 2, 1);
        #[extrinsic_call]
        _(RawOrigin::Signed(author::<T>()), model, other);
        assert_eq!(Validation::<T>::get(model), Some(other));
    }

    /// To a higher price, after another was announced.
    #[benchmark]
    fn set_access() {
        let model = create::<T>();
        let priced = |price| Access::PerUse { price };
        Pallet::<T>::do_set_access(author::<T>(), model, priced(2)).expect("it is its own");
        #[extrinsic_call]
        _(RawOrigin::Signed(author::<T>()), model, priced(Amount::MAX));
        let next = Announced::<T>::get(model).expect("it is higher");
        assert_eq!(next.access, priced(Amount::MAX));
    }

    #[benchmark]
    fn license() {
        let model = create::<T>();
        let who: T::AccountId = account("licensee", 0, 0);
        #[extrinsic_call]
        _(RawOrigin::Signed(author::<T>()), model, who.clone());
        assert!(Licences::<T>::contains_key(model, who));
    }

    #[benchmark]
    fn revoke_licence() {
        let model = create::<T>();
        let who: T::AccountId = account("licensee", 0, 0);
        Pallet::<T>::do_license(author::<T>(), model, who.clone()).expect("it can be paid");
        #[extrinsic_call]
        _(RawOrigin::Signed(author::<T>()), model, who.clone());
        assert!(!Licences::<T>::contains_key(model, who));
    }

    /// Again, so that one deposit goes back and another is held.
    #[benchmark]
    fn serve() {
        let model = create::<T>();
        let (provider, operator) = T::BenchmarkHelper::enlist();
        endow::<T>(&operator);
        let some = BoundedVec::truncate_from(vec![component(0)]);
        Pallet::<T>::do_serve(operator.clone(), provider, model, some).expect("it is its own");
        let backwards = every_name().into_iter().rev().collect::<Vec<_>>();
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), provider, model, BoundedVec::truncate_from(backwards));
        let serving = Servers::<T>::get(model, provider).expect("it was declared");
        assert_eq!(serving.components, every_name());
    }

    /// The last of as many as there may be.
    #[benchmark]
    fn stop_serving() {
        let model = create::<T>();
        let (provider, operator) = T::BenchmarkHelper::enlist();
        endow::<T>(&operator);
        let others = (1..T::MaxServed::get()).map(|nth| {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&nth.to_be_bytes());
            BlockId(id)
        });
        Served::<T>::insert(provider, BoundedVec::truncate_from(others.collect()));
        Pallet::<T>::do_serve(operator.clone(), provider, model, every_name())
            .expect("there is room");
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), provider, model);
        assert!(!Servers::<T>::contains_key(model, provider));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
