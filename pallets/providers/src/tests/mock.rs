//! A chain of this pallet and balances, with a clock and scores set by hand.

use crate::{
    self as pallet_cairn_providers,
    types::{FaultShares, Registration, RoleBonds, ThroughputFloors},
    Call, Config, CreditOf, HoldReason, Pallet, Providers,
};
use cairn_protocol::{
    id::{Amount, ContentId, Height, ProviderId, Region, Seed},
    job::JobKind,
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role, RoleSet, PAYLOAD_KEY_BYTES},
    reputation::Observation,
    share::Ppm,
};
use cairn_seams::{Clock, Lane, Registry, Reputation};
use frame_support::{
    assert_ok,
    dispatch::{DispatchResult, DispatchResultWithPostInfo},
    parameter_types,
    traits::{
        fungible::{InspectHold, Mutate},
        ConstU128, ConstU32, Get, Hooks, Imbalance, OnUnbalanced, UnfilteredDispatchable,
    },
    weights::Weight,
    BoundedVec,
};
use frame_system::EnsureRoot;
use sp_runtime::BuildStorage;
use std::marker::PhantomData;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Market: pallet_cairn_providers,
    }
);

cairn_doubles::money!(Test, ExistentialDeposit = 1);

parameter_types! {
    pub static Now: Height = 1_000;
    pub static Stopped: bool = false;
    /// Providers whose record is gone.
    pub static Forgotten: Vec<ProviderId> = Vec::new();
    pub static Bonds: RoleBonds =
        RoleBonds { compute: 100, guard: 1_000, router: 50, storage: 200, entropy: 10 };
    pub static Shares: FaultShares = FaultShares {
        silent: 10_000,
        unrevealed: 20_000,
        withheld: 50_000,
        outvoted: 60_000,
        agreed_unread: 100_000,
        wrong: 500_000,
    };
    pub static Floors: ThroughputFloors =
        ThroughputFloors { small_gpu: 10, gpu: 100, large_gpu: 1_000, accelerator: 10_000 };
    pub static Unbonding: Height = 100;
    pub static Period: Height = 10;
    pub static Timeout: Height = 30;
    pub static Window: Height = 20;
    pub static Memory: Height = 50;
    pub static Evictions: u32 = 2;
    /// How often something was looked up that counts for every provider.
    pub static Reads: u32 = 0;
    /// What the handler of slashes was given.
    pub static Slashed: Amount = 0;
}

pub struct HandClock;

impl Clock for HandClock {
    fn now() -> Height {
        Now::get()
    }

    fn is_stopped() -> bool {
        Stopped::get()
    }
}

/// A score that tells whose it is and for what.
pub struct Telling;

impl Reputation<u64> for Telling {
    fn observe(_: ProviderId, _: JobKind, _: Observation) {}

    fn observe_for(_: ProviderId, _: JobKind, _: Observation, _: &u64) {}

    fn forget(provider: ProviderId) {
        Forgotten::mutate(|all| all.push(provider));
    }

    fn standing(provider: ProviderId, kind: JobKind) -> Ppm {
        Ppm::try_from(provider.0).unwrap() * 10 + kind as Ppm
    }

    fn standings(kind: JobKind) -> impl Fn(ProviderId) -> Ppm {
        Reads::mutate(|reads| *reads += 1);
        move |provider| Self::standing(provider, kind)
    }
}

/// Counts what is slashed, and burns it.
pub struct Burn;

impl OnUnbalanced<CreditOf<Test>> for Burn {
    fn on_nonzero_unbalanced(credit: CreditOf<Test>) {
        Slashed::mutate(|sum| *sum += credit.peek());
    }
}

/// A parameter, of which is known how often it is read.
pub struct Counted<Parameter>(PhantomData<Parameter>);

impl<Value, Parameter: Get<Value>> Get<Value> for Counted<Parameter> {
    fn get() -> Value {
        Reads::mutate(|reads| *reads += 1);
        Parameter::get()
    }
}

impl Config for Test {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type OnSlash = Burn;
    type Clock = HandClock;
    type Reputation = Telling;
    type AppealOrigin = EnsureRoot<u64>;
    type RoleBonds = Counted<Bonds>;
    type FaultShares = Shares;
    type ThroughputFloors = Floors;
    type ItemDeposit = ConstU128<10>;
    type ByteDeposit = ConstU128<1>;
    type UnbondingPeriod = Unbonding;
    type HeartbeatPeriod = Period;
    type HeartbeatTimeout = Counted<Timeout>;
    type AppealWindow = Window;
    type FaultMemory = Memory;
    type MaxLinks = ConstU32<4>;
    type MaxRegistrations = ConstU32<4>;
    type MaxSample = ConstU32<64>;
    type MaxEvictions = Evictions;
    type MaxSlashesPerBlock = ConstU32<3>;
    type WeightInfo = ();
}

pub const ALICE: u64 = 1;
pub const BOB: u64 = 2;
pub const ENDOWMENT: Amount = 1_000_000;
/// What [`registered`] bonds: ten times the minimum of a computing guard.
pub const BOND: Amount = 11_000;

pub fn new_test_ext() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: (1..10).map(|who| (who, ENDOWMENT)).collect(),
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    let mut ext: sp_io::TestExternalities = storage.into();
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// Runs a test on a fresh chain, whose invariants must hold at the end.
pub fn execute(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        assert_eq!(Pallet::<Test>::do_try_state(), Ok(()));
    });
}

/// A call as a transaction makes it: all of it or nothing.
pub fn dispatch(who: u64, call: Call<Test>) -> DispatchResultWithPostInfo {
    RuntimeCall::Market(call).dispatch_bypass_filter(RuntimeOrigin::signed(who))
}

pub fn act(who: u64, call: Call<Test>) -> DispatchResult {
    dispatch(who, call).map(|_| ()).map_err(|error| error.error)
}

pub fn events() -> Vec<crate::Event<Test>> {
    System::read_events_for_pallet()
}

pub fn last_event() -> crate::Event<Test> {
    events().pop().unwrap()
}

pub fn roles(of: &[Role]) -> RoleSet {
    of.iter().copied().collect()
}

pub fn binding(nth: u64) -> [u8; 32] {
    let mut binding = [0xb1; 32];
    binding[..8].copy_from_slice(&nth.to_le_bytes());
    binding
}

/// A GPU that infers and embeds.
pub fn profile(nth: u64) -> Profile {
    Profile {
        hardware: Hardware {
            class: DeviceClass::Gpu,
            memory_mib: 24_576,
            compute: 89,
            slots: 2,
            binding: binding(nth),
        },
        region: Region(0x0102),
        offers: offers(&[(JobKind::Infer, 10), (JobKind::Embed, 20)]),
        payload_key: Some([7; PAYLOAD_KEY_BYTES as usize]),
        node: [8; 32],
        enclave: Some(ContentId([9; 32])),
    }
}

pub fn offers(of: &[(JobKind, Amount)]) -> Offers {
    let offers: Vec<_> =
        of.iter().map(|(kind, price)| Offer { kind: *kind, price: *price }).collect();
    Offers(BoundedVec::try_from(offers).unwrap())
}

pub fn register(
    owner: u64,
    operator: u64,
    profile: Profile,
    of: &[Role],
    bond: Amount,
) -> DispatchResult {
    let profile = Box::new(profile);
    act(owner, Call::register { operator, profile, roles: roles(of), bond })
}

/// The operator that [`registered`] names.
pub fn operator_of(provider: ProviderId) -> u64 {
    1_000_000 + provider.0
}

/// A computing guard that nobody has confirmed.
pub fn registered(owner: u64) -> ProviderId {
    let provider = ProviderId(crate::NextProvider::<Test>::get());
    let of = [Role::Compute, Role::Guard];
    assert_ok!(register(owner, operator_of(provider), profile(provider.0), &of, BOND));
    provider
}

/// A computing guard that takes work.
pub fn available(owner: u64) -> ProviderId {
    let provider = registered(owner);
    assert_ok!(beat(provider));
    provider
}

/// That many, each of an owner of its own.
pub fn crowd(count: u64) -> Vec<ProviderId> {
    let owners = 10_000_000..10_000_000 + count;
    owners
        .map(|owner| {
            Balances::set_balance(&owner, ENDOWMENT);
            available(owner)
        })
        .collect()
}

pub fn beat(provider: ProviderId) -> DispatchResult {
    act(record(provider).operator, Call::heartbeat { provider })
}

pub fn record(provider: ProviderId) -> Registration<u64> {
    Providers::<Test>::get(provider).unwrap()
}

pub fn held(reason: HoldReason, who: u64) -> Amount {
    Balances::balance_on_hold(&reason.into(), &who)
}

pub fn pass(blocks: Height) {
    Now::mutate(|now| *now += blocks);
}

/// What the chain does with the rest of a block.
pub fn idle() -> Weight {
    Market::on_idle(System::block_number(), Weight::MAX)
}

/// Who is drawn.
pub(crate) fn drawn(lane: Lane, class: DeviceClass, count: u32, seed: &Seed) -> Vec<ProviderId> {
    let field = Pallet::<Test>::sample(lane, class, count, seed);
    field.into_iter().map(|one| one.candidate.provider).collect()
}
