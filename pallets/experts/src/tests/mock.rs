//! A chain of the pallet with real balances.

use crate::{self as pallet_cairn_experts, *};
use cairn_doubles::{endowed, Known, Register};
use cairn_protocol::{
    dag::{BlockKind, Component, Header, SemVer},
    id::{Amount, BlockId, ContentId, File, Height, ProviderId},
    learning::{
        model::{Access, ModelCard},
        source::{Generator, Purpose, Source},
    },
    spec::Records,
};
use cairn_seams::{Clock, Judging, Lineage, OnPublished};
use frame_support::{
    assert_ok, parameter_types,
    traits::fungible::{Inspect, InspectHold},
};

pub(crate) type AccountId = u64;

pub(crate) const ALICE: AccountId = 11;
pub(crate) const BOB: AccountId = 12;
pub(crate) const CAROL: AccountId = 13;
/// Those who have funds.
pub(crate) const ACCOUNTS: [AccountId; 3] = [ALICE, BOB, CAROL];
pub(crate) const FUNDS: Amount = 600_000;
/// Bytes of a plain header, and of what a block says beside it: payer, deposit, what it was laid on if
/// it was, file, release, and how many were judged.
const HEADER: Amount = 67;
const BLOCK: Amount = 8 + 16 + 1 + 40 + 6 + 4;
const KEY: Amount = 48;
/// Of the card of a model with two components, with the longest access there may be.
const CARD: Amount = 32 + 33 + 32 + 1 + (1 + 4) + (1 + 6) + 4 + 16 + (1 + 10) + 17;
/// Bytes of a model: block, card, next access, set, uses and losses, each with its key.
pub(crate) const MODEL: Amount = HEADER + BLOCK + CARD + (17 + 4) + 32 + 8 + 16 + 6 * KEY;
/// For six items, and for each of their bytes.
pub(crate) const DEPOSIT: Amount = 6 * 500 + 2 * MODEL;
/// Bytes of a block that names a model, a component of four bytes and what it stands on.
pub(crate) const PART: Amount = HEADER + 32 + 4 + 32 + BLOCK + 32 + KEY;
/// Bytes of the first of a component, which has its place among the heads.
pub(crate) const FIRST_PART: Amount = PART + 38 + 16 + 5 + KEY;
pub(crate) const FIRST: Amount = 2 * 500 + 2 * FIRST_PART;
/// Any other of a component of four bytes.
pub(crate) const NEXT: Amount = 500 + 2 * PART;
pub(crate) const ROUTER: &str = "router";
pub(crate) const HEAD: &str = "head";

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
    pub type Experts = pallet_cairn_experts;
}

cairn_doubles::money!(Test, ExistentialDeposit = 1);

parameter_types! {
    pub static ItemDeposit: Amount = 500;
    pub static ByteDeposit: Amount = 2;
    pub static Now: Height = 100;
    /// Providers and who operates them; the owner of each is its number.
    pub static Operators: Vec<(ProviderId, AccountId)> = Vec::new();
    /// The models of which something was published, each time.
    pub static Heard: Vec<BlockId> = Vec::new();
    /// The longest records that guards take.
    pub static Longest: u32 = u32::MAX;
    pub const MaxServed: u32 = 3;
    pub const PriceNotice: Height = 50;
    pub const ServeBlocks: Height = 30;
}

impl Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Hand;
    type ByteDeposit = ByteDeposit;
    type Clock = Hand;
    type Currency = Balances;
    type ItemDeposit = ItemDeposit;
    type Judging = Hand;
    type MaxServed = MaxServed;
    type OnPublished = Hand;
    type PriceNotice = PriceNotice;
    type Registry = Register<Hand>;
    type RuntimeHoldReason = RuntimeHoldReason;
    type ServeBlocks = ServeBlocks;
    type WeightInfo = ();
}

/// Neighbours that say what the statics above say.
pub struct Hand;

impl Clock for Hand {
    fn now() -> Height {
        Now::get()
    }

    fn is_stopped() -> bool {
        false
    }
}

impl Judging for Hand {
    fn takes(source: &Source) -> bool {
        source.record_bytes() <= Longest::get()
    }
}

impl OnPublished for Hand {
    fn published(model: &BlockId) {
        Heard::mutate(|all| all.push(*model));
    }
}

impl Known<AccountId> for Hand {
    fn owner(provider: ProviderId) -> Option<AccountId> {
        Operators::get().iter().any(|(one, _)| *one == provider).then_some(provider.0)
    }

    fn operated_by(operator: &AccountId) -> Option<ProviderId> {
        Operators::get().iter().find(|(_, one)| one == operator).map(|(provider, _)| *provider)
    }

    fn names_of(provider: ProviderId) -> Vec<AccountId> {
        Self::owner(provider).into_iter().collect()
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper<AccountId> for Hand {
    fn enlist() -> (ProviderId, AccountId) {
        Operators::set(vec![(ProviderId(1), BOB)]);
        (ProviderId(1), BOB)
    }

    fn heed(_: &BlockId) {}
}

pub(crate) fn externalities() -> sp_io::TestExternalities {
    ItemDeposit::set(500);
    ByteDeposit::set(2);
    Now::set(100);
    Operators::set(vec![(ProviderId(1), BOB), (ProviderId(2), CAROL)]);
    Heard::set(vec![]);
    Longest::set(u32::MAX);
    endowed::<Test>(ACCOUNTS, FUNDS).into()
}

/// Runs a test in block one.
pub(crate) fn execute<R>(test: impl FnOnce() -> R) -> R {
    externalities().execute_with(|| {
        System::set_block_number(1);
        let result = test();
        check();
        result
    })
}

/// What must hold at any time, in the pallet and around it.
pub(crate) fn check() {
    Experts::do_try_state().unwrap();
    let owned: Amount = ACCOUNTS.iter().map(Balances::total_balance).sum();
    assert_eq!(Balances::total_issuance(), owned);
}

/// The nth release of an author's model.
pub(crate) fn header(author: AccountId, nth: u16) -> Header<AccountId> {
    let description = File { id: ContentId([4; 32]), bytes: 1_000 };
    Header::meta(author, description, SemVer { major: 1, minor: nth, patch: 0 })
}

pub(crate) fn name(component: &str) -> Component {
    Component::truncate_from(component.as_bytes().to_vec())
}

/// Of a model of a head and a router, which is open.
pub(crate) fn card() -> ModelCard {
    ModelCard {
        configuration: ContentId([5; 32]),
        tokenizer: Some(ContentId([6; 32])),
        judge: ContentId([7; 32]),
        components: vec![name(HEAD), name(ROUTER)].try_into().unwrap(),
        royalty: 30_000,
        price_hint: 2,
        licence: b"Apache-2.0".to_vec().try_into().unwrap(),
        access: Access::Open,
    }
}

pub(crate) fn create(author: AccountId, nth: u16) -> BlockId {
    let header = header(author, nth);
    let model = header.id();
    let signed = RuntimeOrigin::signed(author);
    assert_ok!(Experts::create_model(signed, Box::new(header), Box::new(card())));
    model
}

/// What a component is, another for each number.
pub(crate) fn weights(nth: u8) -> File {
    File { id: ContentId([nth; 32]), bytes: 2_000 }
}

/// Where a component stands, or would stand first.
pub(crate) fn ground(model: BlockId, component: &str) -> BlockId {
    Experts::head(&model, &name(component)).map_or(model, |head| head.block)
}

/// An expert that stands where it may, of this release.
pub(crate) fn expert(model: BlockId, component: &str, minor: u16) -> Header<AccountId> {
    let release = SemVer { major: 1, minor, patch: 0 };
    let (kind, parent) = (BlockKind::Expert, ground(model, component));
    Header::component(kind, model, name(component), parent, weights(0), release, ALICE)
}

/// Publishes a component of one of Alice's models.
pub(crate) fn publish(model: BlockId, component: &str, minor: u16) -> BlockId {
    let header = expert(model, component, minor);
    let block = header.id();
    assert_ok!(Experts::publish(RuntimeOrigin::signed(ALICE), Box::new(header)));
    block
}

/// Bob's delta on a component as it stands, another for each number.
pub(crate) fn delta(model: BlockId, component: &str, nth: u8) -> Header<AccountId> {
    let parent = ground(model, component);
    let release = SemVer::default();
    Header::delta(model, name(component), parent, weights(nth), release, BOB, 500)
}

/// Lays one, at its author's expense.
pub(crate) fn lay(model: BlockId, component: &str, nth: u8) -> BlockId {
    let header = delta(model, component, nth);
    let block = header.id();
    assert_ok!(Experts::lay(header, weights(100 + nth), &BOB));
    block
}

pub(crate) fn records() -> Source {
    let file = File { id: ContentId([8; 32]), bytes: 64 * 256 };
    Source::Records(Records { file, record_bytes: 256 })
}

pub(crate) fn generator() -> Source {
    let module = File { id: ContentId([9; 32]), bytes: 700 };
    Source::Generator(Generator { module, record_bytes: 512, fuel: 1_000_000, count: 1 << 20 })
}

/// Says of a source what a DATA block says.
pub(crate) fn data_header(model: BlockId, source: &Source, author: AccountId) -> Header<AccountId> {
    Header::data(model, source.file(), SemVer::default(), author)
}

/// Registers a set of Carol's.
pub(crate) fn register(model: BlockId, source: Source, purpose: Purpose) -> BlockId {
    let header = data_header(model, &source, CAROL);
    let data = header.id();
    let signed = RuntimeOrigin::signed(CAROL);
    assert_ok!(Experts::register_data(signed, Box::new(header), source, purpose));
    data
}

pub(crate) fn held(account: AccountId) -> Amount {
    held_for(HoldReason::Block, account)
}

pub(crate) fn held_for(reason: HoldReason, account: AccountId) -> Amount {
    Balances::balance_on_hold(&reason.into(), &account)
}

/// This pallet's events.
pub(crate) fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}
