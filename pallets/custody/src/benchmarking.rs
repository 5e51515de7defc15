//! Measures every call and each step of the hook at its most expensive.

use crate::{types::*, *};
use alloc::{vec, vec::Vec};
use cairn_protocol::{
    chunk::{self, Proof},
    id::{BlockId, DeltaId, File, Height, ProviderId, Seed},
};
use cairn_seams::{Beacon, Clock, Custody};
use frame_benchmarking::v2::*;
use frame_support::{traits::Get, weights::WeightMeter};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers a provider of a party of its own that may keep files, and is there. Gives it and
    /// its operator.
    fn enlist(nth: u32) -> (ProviderId, AccountId);

    /// A model whose purse has something in it.
    fn model() -> BlockId;

    /// Makes a delta that waits until its candidate is kept, and then lays it.
    fn await_keepers(delta: DeltaId);

    /// Has these rules hold.
    fn set_rules(rules: Rules);

    /// Makes the seed of a ticket there.
    fn make_seed(ticket: &Ticket, seed: Seed);
}

const DELTA: DeltaId = DeltaId(0);

/// The last chunk is as long as the others, and the way to it among the longest.
fn bytes() -> Vec<u8> {
    vec![5; 1 << 20]
}

fn file() -> File {
    let bytes = bytes();
    File { id: chunk::content(&bytes), bytes: bytes.len() as u64 }
}

type Staff<T> = Vec<(ProviderId, <T as frame_system::Config>::AccountId)>;

fn pass<T: Config>(blocks: Height) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now + BlockNumberFor::<T>::from(blocks));
}

fn keep<T: Config>() -> Keep {
    Keeps::<T>::get(DELTA).expect("it is kept, or to be")
}

/// Lets time pass up to the next look.
fn expire<T: Config>() -> Keep {
    let keep = keep::<T>();
    pass::<T>(keep.next.saturating_sub(T::Clock::now()));
    keep
}

/// A file is asked for that so many keepers are enough for, one of whom is missing.
fn asked<T: Config>(enough: u32) -> Staff<T> {
    pass::<T>(2);
    let rules = Rules { keepers: enough as u8, most: MOST_KEEPERS as u8, ..T::Rules::get() };
    T::BenchmarkHelper::set_rules(rules);
    T::BenchmarkHelper::await_keepers(DELTA);
    Pallet::<T>::ask(DELTA, &T::BenchmarkHelper::model(), file());
    let staff: Staff<T> = (0..enough).map(T::BenchmarkHelper::enlist).collect();
    for (_, operator) in staff.iter().skip(1) {
        Pallet::<T>::do_attest(operator.clone(), DELTA).expect("there is room");
    }
    staff
}

/// Puts a file as it is once so many keep it, without laying anything.
fn kept<T: Config>(keepers: u32) -> Staff<T> {
    let staff = asked::<T>(keepers.saturating_add(1));
    let mut keep = keep::<T>();
    keep.until = T::Clock::now().saturating_add(Height::MAX >> 2);
    Pallet::<T>::rest(DELTA, keep);
    staff.into_iter().skip(1).collect()
}

/// A seed is waited for.
fn challenged<T: Config>(keepers: u32) -> (Staff<T>, Ticket) {
    let staff = kept::<T>(keepers);
    Pallet::<T>::challenge(DELTA, expire::<T>());
    let ticket = keep::<T>().stage.ticket().expect("it was asked for");
    T::BenchmarkHelper::make_seed(&ticket, [7; 32]);
    (staff, ticket)
}

/// A keeper has to show as many chunks as may be. Gives its operator, and it.
fn chosen<T: Config>(chunks: u32) -> (T::AccountId, ProviderId, Ticket) {
    let rules = Rules { chunks: chunks.saturating_sub(1) as u8, ..T::Rules::get() };
    T::BenchmarkHelper::set_rules(rules);
    let (staff, ticket) = challenged::<T>(MOST_KEEPERS - 1);
    Pallet::<T>::draw(DELTA, keep::<T>(), ticket);
    let Stage::Asked { keeper, .. } = keep::<T>().stage else { panic!("somebody is asked") };
    let (_, operator) = staff.into_iter().find(|(one, _)| *one == keeper).expect("it keeps it");
    (operator, keeper, ticket)
}

#[benchmarks]
mod benches {
    use super::*;

    /// The last of as many as may be: the head moves.
    #[benchmark]
    fn attest() {
        let staff = asked::<T>(MOST_KEEPERS);
        let operator = staff[0].1.clone();
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), DELTA);
        let waits = Keeps::<T>::get(DELTA).is_some_and(|keep| keep.stage == Stage::Gathering);
        assert!(!waits);
    }

    #[benchmark]
    fn show(p: Linear<1, CHUNKS_SHOWN>) {
        let (operator, _, ticket) = chosen::<T>(p);
        let seed = T::Beacon::seed(&ticket).expect("it was made");
        let bytes = bytes();
        let prove = |nth| chunk::prove(&bytes, nth).expect("there is such a chunk");
        let proofs: Vec<Proof> = keep::<T>().asked(&seed).into_iter().map(prove).collect();
        assert_eq!(proofs.len() as u32, p);
        let proofs = proofs.try_into().expect("they are no more than that");
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), DELTA, proofs);
        assert_eq!(keep::<T>().stage, Stage::Resting);
    }

    /// One for which least is to be done; what is done for others is measured below.
    #[benchmark]
    fn poke() {
        kept::<T>(0);
        expire::<T>();
        let (_, anyone) = T::BenchmarkHelper::enlist(MOST_KEEPERS);
        #[extrinsic_call]
        _(RawOrigin::Signed(anyone), DELTA);
        assert_eq!(keep::<T>().stage, Stage::Resting);
    }

    /// A block in which nothing is due.
    #[benchmark]
    fn serve() {
        pass::<T>(1);
        let room = T::WeightInfo::serve().saturating_add(T::WeightInfo::find_due());
        let mut meter = WeightMeter::with_limit(room);
        #[block]
        {
            Pallet::<T>::serve(&mut meter);
        }
        assert_eq!(Served::<T>::get(), 1);
    }

    #[benchmark]
    fn find_due() {
        kept::<T>(MOST_KEEPERS - 1);
        let next = keep::<T>().next;
        let found;
        #[block]
        {
            found = Agenda::<T>::iter_key_prefix(next).next().and_then(Keeps::<T>::get);
        }
        assert_eq!(found.map(|keep| keep.next), Some(next));
    }

    #[benchmark]
    fn challenge() {
        kept::<T>(MOST_KEEPERS - 1);
        let keep = expire::<T>();
        #[block]
        {
            Pallet::<T>::challenge(DELTA, keep);
        }
        assert!(super::keep::<T>().stage.ticket().is_some());
    }

    #[benchmark]
    fn draw() {
        let (_, ticket) = challenged::<T>(MOST_KEEPERS - 1);
        let keep = keep::<T>();
        #[block]
        {
            Pallet::<T>::draw(DELTA, keep, ticket);
        }
        assert!(matches!(super::keep::<T>().stage, Stage::Asked { .. }));
    }

    #[benchmark]
    fn withhold() {
        let (_, keeper, ticket) = chosen::<T>(CHUNKS_SHOWN);
        let keep = expire::<T>();
        #[block]
        {
            Pallet::<T>::withhold(DELTA, keep, ticket, keeper);
        }
        assert!(!super::keep::<T>().keepers.contains(&keeper));
    }

    /// Too few attested, and the delta lapses.
    #[benchmark]
    fn let_go(k: Linear<0, { MOST_KEEPERS - 1 }>) {
        asked::<T>(k.saturating_add(1));
        let keep = expire::<T>();
        assert_eq!(keep.count(), k);
        #[block]
        {
            Pallet::<T>::give_up(DELTA, keep);
        }
        assert!(!Keeps::<T>::contains_key(DELTA));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
