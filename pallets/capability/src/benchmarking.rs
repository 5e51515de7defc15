//! Measures every call and hook step at its most expensive.

use crate::{types::*, *};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{Digest, ProviderId, Seed},
    preimage::{ChallengeCommitment, Statement},
    profile::DeviceClass,
};
use cairn_seams::Clock;
use frame_benchmarking::v2::*;
use frame_support::{traits::Get, weights::WeightMeter};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers an available provider of a party of its own that offers every kind of work, with
    /// that hardware and all roles. Gives it and its operator.
    fn enlist(nth: u32, class: DeviceClass) -> (ProviderId, AccountId);
}

const CLASS: DeviceClass = DeviceClass::Accelerator;
const SEED: Seed = [3; 32];
const ANSWER: Digest = [4; 32];
const SALT: Digest = [5; 32];

/// So many of the class that is challenged.
fn enlist<T: Config>(count: u32) -> Vec<(ProviderId, T::AccountId)> {
    (0..count).map(|nth| T::BenchmarkHelper::enlist(nth, CLASS)).collect()
}

/// A challenge of three, with all others open that there may be. Its operators, by member.
fn handed_out<T: Config>() -> (ChallengeId, Vec<(ProviderId, T::AccountId)>) {
    pass::<T>(1);
    let operators = enlist::<T>(MEMBERS);
    Pallet::<T>::ask();
    Pallet::<T>::draw(0, u32::MAX, &SEED);
    let challenge = Challenges::<T>::get(0).expect("there are three, and the urn is full");
    for id in 1..u64::from(T::MaxOpen::get()) {
        assert!(Pallet::<T>::schedule(id, u32::MAX));
    }
    let operator = |member: &Member| {
        operators.iter().find(|known| known.0 == member.provider).cloned().expect("it is enlisted")
    };
    (0, challenge.members.iter().map(operator).collect())
}

fn pass<T: Config>(blocks: u32) {
    let now = frame_system::Pallet::<T>::block_number();
    frame_system::Pallet::<T>::set_block_number(now + BlockNumberFor::<T>::from(blocks));
}

fn commit<T: Config>(id: ChallengeId, (provider, operator): &(ProviderId, T::AccountId)) {
    let statement =
        ChallengeCommitment { challenge: id, provider: *provider, answer: ANSWER, salt: SALT };
    let commitment = statement.digest(&Pallet::<T>::genesis());
    Pallet::<T>::do_commit(operator.clone(), id, commitment).expect("it is in time");
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn commit() {
        let (id, members) = handed_out::<T>();
        members.iter().skip(1).for_each(|member| super::commit::<T>(id, member));
        let (_, operator) = members[0].clone();
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), id, ANSWER);
        assert_eq!(Challenges::<T>::get(id).map(|known| known.stage), Some(Stage::Reveals));
    }

    #[benchmark]
    fn reveal() {
        let (id, members) = handed_out::<T>();
        members.iter().take(2).for_each(|member| super::commit::<T>(id, member));
        let blocks = T::CommitBlocks::get().saturating_add(1);
        pass::<T>(blocks);
        let (_, operator) = members[0].clone();
        #[extrinsic_call]
        _(RawOrigin::Signed(operator), id, ANSWER, SALT);
        assert_eq!(Challenges::<T>::get(id).map(|known| known.hidden()), Some(1));
    }

    #[benchmark]
    fn wait() {
        pass::<T>(1);
        Pallet::<T>::ask();
        #[block]
        {
            Pallet::<T>::pass_draw();
        }
        assert_eq!(Draws::<T>::get(), 1);
    }

    #[benchmark]
    fn ask() {
        pass::<T>(1);
        #[block]
        {
            Pallet::<T>::pass_draw();
        }
        assert_eq!(Awaited::<T>::get().map(|ticket| ticket.requested_at), Some(T::Clock::now()));
    }

    /// The seed is given rather than waited for: nobody can make blocks here. As many are looked at
    /// again, of whom one has the third seat.
    #[benchmark]
    fn draw(s: Linear<{ MEMBERS }, 16>) {
        pass::<T>(1);
        enlist::<T>(s);
        for nth in s..s.saturating_mul(2) {
            let (provider, _) = T::BenchmarkHelper::enlist(nth, CLASS);
            T::Measured::note_throughput(provider, T::Measured::floor(CLASS).saturating_sub(1));
        }
        assert_eq!(T::Measured::rising(CLASS), s);
        Pallet::<T>::ask();
        let ticket = Awaited::<T>::get().expect("it was asked for");
        #[block]
        {
            assert_eq!(<T::Beacon as cairn_seams::Beacon>::seed(&ticket), None);
            <T::Beacon as cairn_seams::Beacon>::release(ticket);
            Pallet::<T>::draw(0, u32::MAX, &SEED);
            Pallet::<T>::ask();
        }
        assert!(Challenges::<T>::contains_key(0));
    }

    #[benchmark]
    fn serve() {
        handed_out::<T>();
        let mut meter = WeightMeter::new();
        #[block]
        {
            Pallet::<T>::serve(&mut meter);
        }
        assert!(Challenges::<T>::contains_key(0));
    }

    /// All agree, each for the second time so late that it leaves every pool of its class and enters
    /// those of the one below.
    #[benchmark]
    fn judge() {
        let (id, members) = handed_out::<T>();
        for (provider, _) in &members {
            T::Measured::note_throughput(*provider, T::Measured::floor(CLASS));
        }
        pass::<T>(T::CommitBlocks::get());
        members.iter().for_each(|member| super::commit::<T>(id, member));
        let mut challenge = Challenges::<T>::get(id).expect("it was handed out");
        for member in challenge.members.iter_mut() {
            if let Progress::Committed { latency, .. } = member.progress {
                member.progress = Progress::Revealed { answer: ANSWER, latency };
            }
        }
        #[block]
        {
            Pallet::<T>::judge(id, &challenge);
        }
        assert!(!Challenges::<T>::contains_key(id));
        assert_eq!(T::Measured::rising(CLASS), MEMBERS);
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::externalities(),
        crate::tests::mock::Test
    );
}
