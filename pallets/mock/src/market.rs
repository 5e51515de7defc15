//! A market with providers in it, and how its blocks pass.

use crate::{
    config::{self, SESSION},
    dice::Dice,
    AccountId, AllPalletsWithSystem, Curation, Experts, Merit, Mock, Providers, Rewards,
    RuntimeOrigin, System,
};
use cairn_protocol::{
    dag::{BlockKind, Component, Header, SemVer},
    id::{Amount, BlockId, ContentId, File, ProviderId, Region},
    job::JobKind,
    learning::{
        model::{Access, ModelCard},
        source::{Generator, Purpose, Source},
    },
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role},
    spec::Records,
};
use frame_support::{
    assert_ok,
    traits::{OnFinalize, OnIdle, OnInitialize},
    weights::Weight,
};
use sp_runtime::{BuildStorage, Storage};
use sp_state_machine::BasicExternalities;
use std::cell::RefCell;

/// Who asks for work.
pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
/// Can pay for next to nothing.
pub(crate) const POOR: AccountId = 3;
pub(crate) const CREATOR: AccountId = 900;
pub(crate) const TREASURY: AccountId = 901;
pub(crate) const RICH: Amount = 10_000_000;
/// Providers when the market opens.
pub(crate) const PROVIDERS: u64 = 12;
/// Those of them who contribute randomness too.
pub(crate) const CONTRIBUTORS: u64 = 4;
/// Owners and operators there are; those without a provider may register one.
pub(crate) const PEOPLE: u64 = 16;

pub(crate) fn owner(n: u64) -> AccountId {
    100 + n
}

pub(crate) fn operator(n: u64) -> AccountId {
    200 + n
}

/// Who seals sets; they have no provider from the beginning.
pub(crate) fn curators() -> [AccountId; 4] {
    [12, 13, 14, 15].map(owner)
}

thread_local! {
    /// What is stored when a market opens. It is made once a thread.
    static OPENED: RefCell<Option<Storage>> = const { RefCell::new(None) };
}

/// A market in its first block, with providers that have said that they are there. It lies in no
/// trie, which would be slow to go through.
pub fn new_market() -> BasicExternalities {
    let opened = OPENED.with_borrow_mut(|opened| opened.get_or_insert_with(open).clone());
    config::reset();
    BasicExternalities::new(opened)
}

/// Ends the block and begins the next.
pub fn run_block() {
    let number = System::block_number();
    AllPalletsWithSystem::on_idle(number, Weight::from_parts(u64::MAX / 2, u64::MAX / 2));
    next_block();
}

/// As [`run_block`], with nothing left of the block's weight.
pub(crate) fn next_block() {
    let number = System::block_number();
    AllPalletsWithSystem::on_finalize(number);
    System::set_block_number(number + 1);
    AllPalletsWithSystem::on_initialize(number + 1);
    if (number + 1).is_multiple_of(SESSION) {
        Merit::flush();
    }
}

fn open() -> Storage {
    let mut storage =
        frame_system::GenesisConfig::<Mock>::default().build_storage().expect("it is empty");
    let people = [ALICE, BOB, TREASURY, CREATOR].into_iter();
    let owners = (0..PEOPLE).flat_map(|n| [owner(n), operator(n)]);
    let rich = people.chain(owners).map(|account| (account, RICH));
    pallet_balances::GenesisConfig::<Mock> {
        balances: rich.chain([(POOR, 2_000)]).collect(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .expect("no account stands twice");
    config::reset();
    BasicExternalities::execute_with_storage(&mut storage, || {
        System::set_block_number(1);
        AllPalletsWithSystem::on_initialize(1);
        (0..PROVIDERS).for_each(enlist);
        open_models();
        open_school();
        System::reset_events();
    });
    storage
}

/// The models that there are from the beginning, by their numbers.
pub(crate) const OPEN: u8 = 0;
pub(crate) const PRICED: u8 = 1;
pub(crate) const LICENSED: u8 = 2;

fn open_models() {
    let creator = || RuntimeOrigin::signed(CREATOR);
    let all = [
        (OPEN, Access::Open),
        (PRICED, Access::PerUse { price: 700 }),
        (LICENSED, Access::Licensed),
    ];
    for (n, access) in all {
        let (header, card) = (Box::new(header(CREATOR, n)), Box::new(card(access)));
        assert_ok!(Experts::create_model(creator(), header, card));
    }
    for who in [ALICE, BOB] {
        assert_ok!(Experts::license(creator(), header(CREATOR, LICENSED).id(), who));
    }
}

/// What models are bettered by: each has its components, and a set that deltas are judged on. A
/// program makes that of the open model anew each time, so that rewards are paid at once. Those of
/// the priced one wait for sealed sets. The licensed one has a sponsor, the others draw on budgets.
fn open_school() {
    let creator = || RuntimeOrigin::signed(CREATOR);
    for (n, source) in [(OPEN, made(1_000)), (PRICED, stored(1_000)), (LICENSED, made(64))] {
        let model = header(CREATOR, n).id();
        for part in 0..2 {
            let (name, release) = (component(part), SemVer { major: 1, minor: 0, patch: 0 });
            let kind = BlockKind::Expert;
            let first = file(part.into());
            let part = Header::component(kind, model, name, model, first, release, CREATOR);
            assert_ok!(Experts::publish(creator(), Box::new(part)));
        }
        let release = SemVer { major: 2, minor: 0, patch: 0 };
        let data = Header::data(model, source.file(), release, CREATOR);
        let set = data.id();
        let purpose = Purpose::Validation;
        assert_ok!(Experts::register_data(creator(), Box::new(data), source, purpose));
        assert_ok!(Experts::choose_validation(creator(), model, set));
        if n == LICENSED {
            assert_ok!(Rewards::sponsor(RuntimeOrigin::signed(BOB), model, 20_000));
        } else {
            assert_ok!(Rewards::admit(RuntimeOrigin::root(), model, 800_000));
            assert_ok!(Rewards::admit_data(RuntimeOrigin::root(), set, 800_000));
        }
    }
    for curator in &curators()[..3] {
        assert_ok!(Curation::register(RuntimeOrigin::signed(*curator)));
    }
}

/// Bytes of what a component is made of: three chunks, the last one short.
const FILE_BYTES: u64 = 2 * 1_024 + 100;

/// The nth file of which nobody knows the content.
pub(crate) fn file(n: u64) -> File {
    File { id: ContentId([n as u8; 32]), bytes: FILE_BYTES }
}

/// What a component becomes by the delta whose artifact is the nth file.
pub(crate) fn outcome(n: u8) -> Vec<u8> {
    vec![n; FILE_BYTES as usize]
}

/// Examples that a program makes.
pub(crate) fn made(count: u64) -> Source {
    Source::Generator(Generator { module: file(7), record_bytes: 256, fuel: 1_000, count })
}

/// Examples that everyone knows.
pub(crate) fn stored(count: u64) -> Source {
    Source::Records(Records { file: File { bytes: 256 * count, ..file(8) }, record_bytes: 256 })
}

/// What the nth model of somebody says of itself.
pub(crate) fn header(author: AccountId, n: u8) -> Header<AccountId> {
    let description = File { id: ContentId([n; 32]), bytes: 1_000 };
    Header::meta(author, description, SemVer { major: 1, minor: 0, patch: 0 })
}

pub(crate) fn component(n: u8) -> Component {
    Component::truncate_from(vec![b'a' + n])
}

/// A model of two components.
pub(crate) fn card(access: Access) -> ModelCard {
    let components = vec![component(0), component(1)];
    ModelCard {
        configuration: ContentId([1; 32]),
        tokenizer: None,
        judge: ContentId([2; 32]),
        components: components.try_into().expect("there are two"),
        royalty: 20_000,
        price_hint: 1,
        licence: b"Apache-2.0".to_vec().try_into().expect("it is short"),
        access,
    }
}

/// A model that there is, most often one that there was from the beginning.
pub(crate) fn any_model(dice: &mut Dice) -> BlockId {
    let first = [OPEN, OPEN, PRICED, LICENSED].map(|n| header(CREATOR, n).id());
    let mut all: Vec<_> = pallet_cairn_experts::Cards::<Mock>::iter_keys().collect();
    all.sort_unstable();
    let some = dice.one(&all);
    dice.mostly(&first, &[some])
}

fn enlist(n: u64) {
    let class = if n < 8 { DeviceClass::Gpu } else { DeviceClass::Cpu };
    let contributes = (n < CONTRIBUTORS).then_some(Role::Entropy);
    let guards = (n % 4 != 1).then_some(Role::Guard);
    let roles = [Some(Role::Compute), contributes, guards].into_iter().flatten().collect();
    let kinds = [JobKind::Infer, JobKind::Train, JobKind::Simulate];
    let profile = Box::new(profile(n, class, &kinds));
    let signed = RuntimeOrigin::signed;
    assert_ok!(Providers::register(signed(owner(n)), operator(n), profile, roles, 40_000));
    assert_ok!(Providers::heartbeat(signed(operator(n)), ProviderId(n)));
}

/// What the owner of the nth hardware says of it.
pub(crate) fn profile(n: u64, class: DeviceClass, kinds: &[JobKind]) -> Profile {
    let mut binding = [0; 32];
    binding[..8].copy_from_slice(&n.to_le_bytes());
    let offers = kinds.iter().map(|kind| Offer { kind: *kind, price: 1 }).collect::<Vec<_>>();
    let hardware = Hardware { class, memory_mib: 16_384, compute: 86, slots: 4, binding };
    Profile {
        hardware,
        region: Region(0x0101),
        offers: Offers(offers.try_into().expect("there are no more kinds")),
        payload_key: Some([9; 1_216]),
        node: [0; 32],
        enclave: None,
    }
}
