//! A market with providers in it, and how its blocks pass.

use crate::{
    config::{self, SESSION},
    AccountId, AllPalletsWithSystem, Merit, Mock, Providers, RuntimeOrigin, System,
};
use cairn_protocol::{
    id::{Amount, ProviderId, Region},
    job::JobKind,
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role},
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
        System::reset_events();
    });
    storage
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
