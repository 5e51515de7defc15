//! Measures every call and hook step at its most expensive.

use crate::{
    drawing::{number, part},
    types::*,
    *,
};
use alloc::vec::Vec;
use cairn_protocol::{
    id::{Digest, ProviderId, Seed},
    preimage::{ChallengeCommitment, Statement},
    profile::DeviceClass,
};
use cairn_seams::{Beacon, Clock, Registry, Ticket};
use core::ops::Range;
use frame_benchmarking::v2::*;
use frame_support::{traits::Get, weights::WeightMeter};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};

/// What the benchmarks need of the neighbours.
pub trait BenchmarkHelper<AccountId> {
    /// Registers an available provider of a party of its own that offers every kind of work, with
    /// that hardware and all roles. Gives it and its operator.
    fn enlist(nth: u32, class: DeviceClass) -> (ProviderId, AccountId);

    /// Lets a provider fall silent. It keeps its seats until it is drawn.
    fn silence(provider: ProviderId);

    /// How many of the silent lose their seat in a pool by one draw, at most.
    fn evictions() -> u32;

    /// Makes the seed of a ticket there.
    fn make_seed(ticket: &Ticket, seed: Seed);
}

const CLASS: DeviceClass = DeviceClass::Accelerator;
const SEED: Seed = [3; 32];
const ANSWER: Digest = [4; 32];
const SALT: Digest = [5; 32];

/// These of the class that is challenged, with their operators.
fn enlist<T: Config>(which: Range<u32>) -> Vec<(ProviderId, T::AccountId)> {
    which.map(|nth| T::BenchmarkHelper::enlist(nth, CLASS)).collect()
}

/// The same, without their operators.
fn crowd<T: Config>(which: Range<u32>) -> Vec<ProviderId> {
    enlist::<T>(which).into_iter().map(|(provider, _)| provider).collect()
}

/// Has the first half of a crowd fall silent, whose places others then have to take, and gives all
/// others work.
fn thin_out<T: Config>(crowd: &[ProviderId]) {
    let (silent, others) = crowd.split_at(crowd.len() / 2);
    silent.iter().copied().for_each(T::BenchmarkHelper::silence);
    others.iter().copied().for_each(T::Registry::begin_work);
}

/// Opens all other challenges that there may be.
fn open_others<T: Config>() {
    for id in 1..u64::from(T::MaxOpen::get()) {
        assert!(Pallet::<T>::schedule(id, u32::MAX));
    }
}

/// Makes the seed that is waited for one by which a lot in the upper half of the urn is drawn.
fn make_seed<T: Config>() -> Seed {
    let ticket = Awaited::<T>::get().expect("it was asked for");
    (0..=u8::MAX)
        .find_map(|byte| {
            T::BenchmarkHelper::make_seed(&ticket, [byte; 32]);
            let seed = T::Beacon::seed(&ticket)?;
            (number(&part(&seed, "class")) > u64::MAX / 2).then_some(seed)
        })
        .expect("every second one is")
}

/// A challenge of three, with all others open that there may be. Its operators, by member.
fn handed_out<T: Config>() -> (ChallengeId, Vec<(ProviderId, T::AccountId)>) {
    pass::<T>(1);
    let operators = enlist::<T>(0..MEMBERS);
    Pallet::<T>::ask();
    Pallet::<T>::draw(0, u32::MAX, &SEED);
    let challenge = Challenges::<T>::get(0).expect("there are three, and the urn is full");
    open_others::<T>();
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

    /// In the class as among those who are rising to it one is silent for each who is there, and as
    /// many of the silent as may lose their seats. All others work on something, but for three of
    /// the class. The last of these comes last, after all who are rising were looked at in vain, so
    /// nearly all are compared with two members and looked at by each kind of work.
    #[benchmark]
    fn draw(s: Linear<{ MEMBERS }, { T::Sample::get() }>) {
        pass::<T>(1);
        Pallet::<T>::ask();
        // The urn is full.
        let blocks = T::Interval::get();
        pass::<T>(blocks);
        open_others::<T>();
        let own = crowd::<T>(0..2 * s);
        let rising = crowd::<T>(2 * s..4 * s);
        for provider in &rising {
            T::Measured::note_throughput(*provider, T::Measured::floor(CLASS).saturating_sub(1));
        }
        assert_eq!([T::Measured::population(CLASS), T::Measured::rising(CLASS)], [2 * s; 2]);
        // Three lots of five are the class's, and they are the last.
        let seed = make_seed::<T>();
        // As long as nobody is silent, all are drawn, in the order in which they are looked at.
        let mut order = T::Measured::sample(CLASS, 2 * s, &part(&seed, "members"));
        thin_out::<T>(&own);
        thin_out::<T>(&rising);
        order.retain(|one| !own[..s as usize].contains(one));
        assert_eq!(order.len() as u32, s);
        let idle = [order[0], order[1], order[order.len() - 1]];
        idle.into_iter().for_each(T::Registry::end_work);
        #[block]
        {
            Pallet::<T>::pass_draw();
        }
        let challenge = Challenges::<T>::get(0).expect("three are idle");
        assert_eq!(challenge.class, CLASS);
        let members: Vec<_> = challenge.members.iter().map(|member| member.provider).collect();
        assert_eq!(members, idle);
        let left = 2 * s - T::BenchmarkHelper::evictions().min(s);
        assert_eq!([T::Measured::population(CLASS), T::Measured::rising(CLASS)], [left; 2]);
        assert_eq!(Draws::<T>::get(), 2);
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
