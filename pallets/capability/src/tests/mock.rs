//! A chain of the pallet with its real neighbours; of the chain below them there is the block
//! number, and authors whose VRFs are hashes.

use crate::{self as pallet_cairn_capability, types::*, *};
use cairn_doubles::{afresh, endowed};
use cairn_protocol::{
    id::{Amount, Digest, Height, ProviderId, Seed},
    job::JobKind,
    profile::{DeviceClass, Profile, Role},
};
use codec::Encode;
use frame_support::{assert_ok, parameter_types, traits::ConstU32};
use pallet_cairn_providers::{types::Obstacle, Card};

pub(crate) use super::rounds::*;
pub(crate) use cairn_doubles::{operator, owner};

pub(crate) type AccountId = u64;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type Clock = pallet_cairn_clock;
    #[runtime::pallet_index(3)]
    pub type Entropy = pallet_cairn_entropy;
    #[runtime::pallet_index(4)]
    pub type Providers = pallet_cairn_providers;
    #[runtime::pallet_index(5)]
    pub type Reputation = pallet_cairn_reputation;
    #[runtime::pallet_index(6)]
    pub type Capability = pallet_cairn_capability;
}

cairn_doubles::money!(Test, ExistentialDeposit = 100);

impl pallet_cairn_clock::Config for Test {}

// The beacon, the register and reputation are the real ones.
cairn_doubles::authors!();
cairn_doubles::beacon!(Test, Helper);
cairn_doubles::standards!();
cairn_doubles::reputation!(Test);
cairn_doubles::providers!(Test {
    type HeartbeatPeriod = ConstU32<500>;
    type HeartbeatTimeout = ConstU32<HEARTBEAT_TIMEOUT>;
    type MaxSample = ConstU32<32>;
    type OnSlash = ();
    type ThroughputFloors = Floors;
});

/// Twenty blocks of what each class must reach.
pub(crate) const WORK: Work =
    Work { cpu: 1_000, small_gpu: 2_000, gpu: 20_000, large_gpu: 200_000, accelerator: 2_000_000 };
pub(crate) const COMMIT_BLOCKS: Height = 40;
pub(crate) const REVEAL_BLOCKS: Height = 10;
pub(crate) const HEARTBEAT_TIMEOUT: Height = 5_000;
/// From asking for a seed to the block that draws with it.
pub(crate) const WINDOW: u64 = 17;

parameter_types! {
    /// At one, every draw challenges somebody, if it can.
    pub static Interval: Height = 1;
    pub static Sample: u32 = 8;
    pub static Floors: pallet_cairn_providers::ThroughputFloors = ThroughputFloors::get();
}

cairn_doubles::measured!();

/// A job of round numbers.
pub struct RoundJob;
impl Job for RoundJob {
    fn cost(class: DeviceClass) -> u64 {
        WORK.of(class)
    }

    fn solve(seed: &Seed, units: u64) -> Digest {
        sp_io::hashing::blake2_256(&(seed, units).encode())
    }
}

impl Config for Test {
    type Beacon = Entropy;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
    type Clock = Clock;
    type CommitBlocks = ConstU32<COMMIT_BLOCKS>;
    type Interval = Interval;
    type Job = RoundJob;
    type MaxOpen = ConstU32<4>;
    type Measured = Register;
    type Registry = Providers;
    type Reputation = Reputation;
    type RevealBlocks = ConstU32<REVEAL_BLOCKS>;
    type Sample = Sample;
    type ServedPerBlock = ConstU32<2>;
    type WeightInfo = ();
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;

#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(_: u32, class: DeviceClass) -> (ProviderId, AccountId) {
        let provider = join_with(class, &Role::ALL);
        (provider, operator(provider))
    }

    fn silence(provider: ProviderId) {
        pallet_cairn_providers::Providers::<Test>::mutate(provider, |record| {
            record.as_mut().expect("it is registered").missed = true;
        });
    }

    fn evictions() -> u32 {
        use frame_support::traits::Get;
        <Test as pallet_cairn_providers::Config>::MaxEvictions::get()
    }

    fn make_seed(ticket: &cairn_seams::Ticket, seed: Seed) {
        pallet_cairn_entropy::benchmarking::close::<Test>(ticket, seed);
    }
}

/// Providers that can be registered.
pub(crate) const MOST: u64 = 64;
pub(crate) const RICH: Amount = 10_000_000;
/// Operates nothing.
pub(crate) const STRANGER: AccountId = 1;

pub(crate) fn externalities() -> sp_io::TestExternalities {
    Luck::set(0);
    Interval::set(1);
    Sample::set(8);
    Floors::set(ThroughputFloors::get());
    afresh(endowed::<Test>((0..MOST).map(|n| owner(ProviderId(n))), RICH))
}

// The first seed is asked for in block one.
cairn_doubles::execute!();

pub(crate) fn check() {
    Clock::do_try_state().unwrap();
    Entropy::do_try_state().unwrap();
    Providers::do_try_state().unwrap();
    Reputation::do_try_state().unwrap();
    Capability::do_try_state().unwrap();
    // Members work until they have committed, and are engaged until they are judged. Nothing else
    // gives out work here but a test, which takes it back.
    let open: Vec<_> = Challenges::<Test>::iter_values().collect();
    for provider in (0..pallet_cairn_providers::NextProvider::<Test>::get()).map(ProviderId) {
        let Some(card) = Providers::card(provider) else { continue };
        let seats = || open.iter().filter_map(|challenge| challenge.member(provider));
        let working = seats().filter(|member| member.progress == Progress::Working).count();
        assert_eq!(card.load as usize, working + usize::from(Busy::get().contains(&provider)));
        assert_eq!(
            card.engagements as usize,
            seats().count() + usize::from(Busy::get().contains(&provider))
        );
        assert_eq!(card.pending, 0, "nobody is ever penalised");
    }
}

parameter_types! {
    /// Providers that work on something paid.
    pub static Busy: Vec<ProviderId> = Vec::new();
}

cairn_doubles::blocks!();

/// Makes blocks until the chain has that number.
pub(crate) fn run_to(number: u64) {
    run(number.saturating_sub(System::block_number()));
}

pub(crate) fn profile(n: u64, class: DeviceClass) -> Profile {
    cairn_doubles::profile(n, class, 4, &[JobKind::Embed, JobKind::Simulate])
}

/// Registers a provider of an owner, unconfirmed.
pub(crate) fn register(owner: AccountId, class: DeviceClass, roles: &[Role]) -> ProviderId {
    let provider = ProviderId(pallet_cairn_providers::NextProvider::<Test>::get());
    let profile = Box::new(profile(provider.0, class));
    let roles = roles.iter().copied().collect();
    let signed = RuntimeOrigin::signed(owner);
    assert_ok!(Providers::register(signed, operator(provider), profile, roles, 100_000));
    provider
}

pub(crate) fn heartbeat(provider: ProviderId) {
    assert_ok!(Providers::heartbeat(RuntimeOrigin::signed(operator(provider)), provider));
}

pub(crate) fn join_with(class: DeviceClass, roles: &[Role]) -> ProviderId {
    let next = ProviderId(pallet_cairn_providers::NextProvider::<Test>::get());
    let provider = register(owner(next), class, roles);
    heartbeat(provider);
    provider
}

/// A provider who computes, of an owner of its own, available.
pub(crate) fn join(class: DeviceClass) -> ProviderId {
    join_with(class, &[Role::Compute])
}

/// So many of them.
pub(crate) fn crowd(count: u64, class: DeviceClass) -> Vec<ProviderId> {
    (0..count).map(|_| join(class)).collect()
}

pub(crate) fn card(provider: ProviderId) -> Card<AccountId> {
    Providers::card(provider).unwrap()
}

/// The class it is drawn in, and what it was last measured to do.
pub(crate) fn measured(provider: ProviderId) -> (DeviceClass, Option<u64>) {
    let card = card(provider);
    (card.class, card.throughput)
}

pub(crate) fn obstacle(provider: ProviderId) -> Option<Obstacle> {
    card(provider).obstacle
}
