//! A chain of the pallet with the real clock and balances, and a registry set by hand.

use crate as pallet_cairn_entropy;
use crate::{types::Value, *};
use cairn_doubles::{endowed, Known, Register};
use cairn_protocol::{
    id::{ProviderId, Region, Seed},
    preimage::{EntropyCommitment, Statement},
    profile::{Candidate, DeviceClass, Hardware, Role},
};
use cairn_seams::{Beacon, Lane, Subject, Ticket};
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        fungible::{Inspect, InspectHold},
        ConstU32, Hooks,
    },
};
use std::collections::BTreeMap;

pub(crate) type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

/// What frame-system makes the hash of block zero in tests.
pub(crate) const GENESIS: Digest = [69; 32];
pub(crate) const ALICE: AccountId = 11;
pub(crate) const BOB: AccountId = 12;
pub(crate) const CAROL: AccountId = 13;
pub(crate) const DAVE: AccountId = 14;
/// Those who have funds.
pub(crate) const ACCOUNTS: [AccountId; 4] = [ALICE, BOB, CAROL, DAVE];
pub(crate) const FUNDS: u64 = 1_000;
pub(crate) const STAKE: u64 = 50;
pub(crate) const WINDOW: Height = 16;
pub(crate) const ROUND: Height = 20;

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
    pub type MarketClock = pallet_cairn_clock;
    #[runtime::pallet_index(3)]
    pub type Entropy = pallet_cairn_entropy;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = pallet_balances::AccountData<u64>;
    type Block = Block;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
}

impl pallet_cairn_clock::Config for Test {}

parameter_types! {
    pub static WindowBlocks: Height = WINDOW;
    pub static LeastAuthors: u32 = 3;
    pub static ClosingsPerBlock: u32 = 4;
    pub static GapsPerBlock: u32 = 4;
    pub static RoundLength: Height = ROUND;
    pub static CurrentStake: u64 = STAKE;
    pub static ActiveAuthors: u32 = 4;
    pub static AuthorVrf: Option<(AccountId, Seed)> = None;
    /// Operators, and whether their provider is available.
    pub static Operators: BTreeMap<AccountId, (ProviderId, bool)> = BTreeMap::new();
    /// Providers that do something else.
    pub static Others: Vec<ProviderId> = Vec::new();
}

impl Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Hand;
    type BlockVrf = Hand;
    type Clock = MarketClock;
    type Currency = Balances;
    type MaxAuthors = ConstU32<5>;
    type MaxClosings = ClosingsPerBlock;
    type MaxGaps = GapsPerBlock;
    type MaxContributors = ConstU32<3>;
    type MinAuthors = LeastAuthors;
    type OnForfeit = ();
    type Registry = Register<Hand>;
    type RoundBlocks = RoundLength;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Stake = CurrentStake;
    type WeightInfo = ();
    type Window = WindowBlocks;
}

/// Neighbours that say what the statics above say.
pub struct Hand;

impl BlockVrf<AccountId> for Hand {
    fn author_vrf() -> Option<(AccountId, Seed)> {
        AuthorVrf::get()
    }

    fn active_authors() -> u32 {
        ActiveAuthors::get()
    }
}

impl Known<AccountId> for Hand {
    fn candidate(provider: ProviderId, lane: Lane) -> Option<Candidate> {
        let there = Operators::get().values().any(|known| *known == (provider, true));
        (there && Self::serves(provider, lane)).then_some(Candidate {
            provider,
            hardware: Hardware {
                class: DeviceClass::Cpu,
                memory_mib: 0,
                compute: 0,
                slots: 1,
                binding: [0; 32],
            },
            region: Region(0),
            price: None,
            throughput: 0,
            enclave: false,
            sealable: false,
            load: 0,
            bond: 0,
            reputation: 0,
        })
    }

    fn serves(provider: ProviderId, lane: Lane) -> bool {
        lane == Lane::Holders(Role::Entropy) && !Others::get().contains(&provider)
    }

    fn operated_by(operator: &AccountId) -> Option<ProviderId> {
        Operators::get().get(operator).map(|(provider, _)| *provider)
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper<AccountId> for Hand {
    fn enlist(operator: &AccountId) {
        appoint(*operator, *operator, true);
        <Balances as fungible::Mutate<_>>::mint_into(operator, FUNDS).unwrap();
    }

    fn set_height(height: Height) {
        System::set_block_number(height.into());
    }
}

/// Makes an account the operator of a provider.
pub(crate) fn appoint(operator: AccountId, provider: u64, available: bool) {
    Operators::mutate(|operators| operators.insert(operator, (ProviderId(provider), available)));
}

pub(crate) fn dismiss(operator: AccountId) {
    Operators::mutate(|operators| operators.remove(&operator));
}

pub(crate) fn externalities() -> sp_io::TestExternalities {
    WindowBlocks::set(WINDOW);
    LeastAuthors::set(3);
    ClosingsPerBlock::set(4);
    GapsPerBlock::set(4);
    RoundLength::set(ROUND);
    CurrentStake::set(STAKE);
    ActiveAuthors::set(4);
    AuthorVrf::set(None);
    Operators::set(BTreeMap::new());
    Others::set(Vec::new());
    endowed::<Test>(ACCOUNTS, FUNDS).into()
}

/// Runs a test in block one, whose height is one. Alice, Bob and Carol operate providers that
/// serve; Dave has funds alone.
pub(crate) fn execute<R>(test: impl FnOnce() -> R) -> R {
    externalities().execute_with(|| {
        appoint(ALICE, 1, true);
        appoint(BOB, 2, true);
        appoint(CAROL, 3, true);
        begin_block(1);
        let result = test();
        check();
        result
    })
}

/// What must hold at any time, in the pallet and around it.
pub(crate) fn check() {
    Entropy::do_try_state().unwrap();
    let sealed = Contributions::<Test>::get();
    for account in ACCOUNTS {
        let stake = sealed.iter().find_map(|other| match other.value {
            Value::Sealed { stake, .. } if other.contributor == account => Some(stake),
            _ => None,
        });
        assert_eq!(held(account), stake.unwrap_or(0), "what is held of {account}");
    }
    let owned: u64 = ACCOUNTS.iter().map(Balances::total_balance).sum();
    assert_eq!(Balances::total_issuance(), owned);
}

fn begin_block(number: u64) {
    System::set_block_number(number);
    Entropy::on_initialize(number);
}

/// Ends this block as made by that author, if it has a VRF output, and begins the next one.
pub(crate) fn finish_block(author: Option<(AccountId, Seed)>) {
    let number = System::block_number();
    System::reset_events();
    AuthorVrf::set(author);
    Entropy::on_finalize(number);
    AuthorVrf::set(None);
    check();
    begin_block(number + 1);
    check();
}

/// An output that no other block has.
pub(crate) fn vrf(number: u64) -> Seed {
    sp_io::hashing::blake2_256(&number.to_le_bytes())
}

/// Who makes the block of that number, when four take turns.
pub(crate) fn author_of(number: u64) -> (AccountId, Seed) {
    (number % 4, vrf(number))
}

/// Goes on to the block of that number, by four authors in turn.
pub(crate) fn run_to(number: u64) {
    while System::block_number() < number {
        finish_block(Some(author_of(System::block_number())));
    }
}

/// Asks for a seed that is the id's alone.
pub(crate) fn request(id: u64) -> Ticket {
    Entropy::request(Subject { purpose: *b"test....", id, nth: 0 })
}

pub(crate) fn commitment(contributor: AccountId, value: Seed) -> Digest {
    let round = CurrentRound::<Test>::get().began;
    EntropyCommitment { round, contributor, value }.digest(&GENESIS)
}

pub(crate) fn commit(contributor: AccountId, value: Seed) {
    let digest = commitment(contributor, value);
    frame_support::assert_ok!(Entropy::commit(RuntimeOrigin::signed(contributor), digest));
}

pub(crate) fn reveal(contributor: AccountId, value: Seed) {
    frame_support::assert_ok!(Entropy::reveal(RuntimeOrigin::signed(contributor), value));
}

pub(crate) fn held(account: AccountId) -> u64 {
    Balances::balance_on_hold(&HoldReason::Commitment.into(), &account)
}

/// This pallet's events since the calls of the block before this one.
pub(crate) fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}
