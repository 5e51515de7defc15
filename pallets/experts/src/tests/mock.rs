//! A chain of the pallet with real balances.

use crate::{self as pallet_cairn_experts, *};
use cairn_protocol::{
    dag::{Header, SemVer},
    id::{Amount, BlockId, ContentId, File},
};
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        fungible::{Inspect, InspectHold},
        ConstU128,
    },
};
use sp_runtime::BuildStorage;

pub(crate) type AccountId = u64;

pub(crate) const ALICE: AccountId = 11;
pub(crate) const BOB: AccountId = 12;
pub(crate) const CAROL: AccountId = 13;
/// Those who have funds.
pub(crate) const ACCOUNTS: [AccountId; 3] = [ALICE, BOB, CAROL];
pub(crate) const FUNDS: Amount = 10_000;
/// Bytes of a header, of its deposit and of its key.
pub(crate) const BYTES: Amount = 67 + 16 + 48;
/// For an item, and for each of its bytes.
pub(crate) const DEPOSIT: Amount = 500 + 2 * BYTES;

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

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = pallet_balances::AccountData<Amount>;
    type Block = frame_system::mocking::MockBlock<Self>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = Amount;
    type ExistentialDeposit = ConstU128<1>;
}

parameter_types! {
    pub static ItemDeposit: Amount = 500;
    pub static ByteDeposit: Amount = 2;
}

impl Config for Test {
    type ByteDeposit = ByteDeposit;
    type Currency = Balances;
    type ItemDeposit = ItemDeposit;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = ();
}

pub(crate) fn externalities() -> sp_io::TestExternalities {
    ItemDeposit::set(500);
    ByteDeposit::set(2);
    let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
    pallet_balances::GenesisConfig::<Test> {
        balances: ACCOUNTS.map(|account| (account, FUNDS)).to_vec(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .unwrap();
    storage.into()
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

pub(crate) fn create(author: AccountId, nth: u16) -> BlockId {
    let header = header(author, nth);
    let model = header.id();
    let signed = RuntimeOrigin::signed(author);
    frame_support::assert_ok!(Experts::create_model(signed, Box::new(header)));
    model
}

pub(crate) fn held(account: AccountId) -> Amount {
    Balances::balance_on_hold(&HoldReason::Block.into(), &account)
}

/// This pallet's events.
pub(crate) fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}
