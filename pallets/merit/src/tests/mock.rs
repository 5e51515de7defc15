//! A chain of the pallet with real balances. Who validates, who is one party with a provider and
//! how many points there are is set by hand; points are added as carelessly as staking does.

use crate::{self as pallet_cairn_merit, types::*, *};
use cairn_doubles::{endowed, Known, Register};
use cairn_protocol::{
    id::{Amount, ProviderId},
    job::JobKind,
};
use cairn_seams::OnSettled as _;
use frame_support::{
    parameter_types,
    traits::fungible::{Inspect, InspectHold},
};
use pallet_session::SessionManager as _;
use sp_staking::SessionIndex;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) type AccountId = u64;

pub(crate) const ALICE: AccountId = 11;
pub(crate) const BOB: AccountId = 12;
pub(crate) const CAROL: AccountId = 13;
pub(crate) const DAVE: AccountId = 14;
/// Those who have funds. All but Dave validate at first.
pub(crate) const ACCOUNTS: [AccountId; 4] = [ALICE, BOB, CAROL, DAVE];
pub(crate) const FUNDS: Amount = 10_000;
pub(crate) const DEPOSIT: Amount = 700;
pub(crate) const MOST_VALIDATORS: u32 = 4;
/// A quarter of what authors get; ten for a point; a thousand points for anyone.
pub(crate) const RULES: Rules = Rules { share: 250_000, price: 10, most: 10_000 };

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
    pub type Merit = pallet_cairn_merit;
}

cairn_doubles::money!(Test, ExistentialDeposit = 1);

parameter_types! {
    pub static CurrentRules: Rules = RULES;
    pub static CurrentDeposit: Amount = DEPOSIT;
    pub const MaxValidators: u32 = MOST_VALIDATORS;
    /// Owner of each provider, and who else is one party with it.
    pub static Parties: BTreeMap<ProviderId, (AccountId, BTreeSet<AccountId>)> = BTreeMap::new();
    pub static Validators: Vec<AccountId> = vec![ALICE, BOB, CAROL];
    pub static PerBlock: u32 = 20;
    /// All points of the era, or no era.
    pub static Sum: Option<u32> = Some(0);
    pub static Points: BTreeMap<AccountId, u32> = BTreeMap::new();
    /// Ended sessions, and the points that there were when staking heard of it.
    pub static Ended: Vec<(SessionIndex, Option<u32>)> = Vec::new();
}

impl Config for Test {
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Hand;
    type Currency = Balances;
    type Deposit = CurrentDeposit;
    type EraPoints = Hand;
    type MaxValidators = MaxValidators;
    type Registry = Register<Hand>;
    type Rules = CurrentRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = ();
}

/// Neighbours that say what the statics above say.
pub struct Hand;

impl EraPoints<AccountId> for Hand {
    fn validators() -> Vec<AccountId> {
        Validators::get()
    }

    fn per_block() -> u32 {
        PerBlock::get()
    }

    fn given() -> Option<u32> {
        Sum::get()
    }

    fn give(points: Vec<(AccountId, u32)>) {
        for (account, points) in points {
            assert!(Validators::get().contains(&account), "{account} does not validate");
            let sum = Sum::get().expect("there is an era");
            Sum::set(Some(sum.checked_add(points).expect("the sum overflows")));
            Points::mutate(|all| *all.entry(account).or_default() += points);
        }
    }
}

impl Known<AccountId> for Hand {
    fn owner(provider: ProviderId) -> Option<AccountId> {
        Parties::get().get(&provider).map(|(owner, _)| *owner)
    }

    fn names_of(provider: ProviderId) -> Vec<AccountId> {
        let parties = Parties::get();
        let Some((owner, others)) = parties.get(&provider) else { return vec![] };
        [*owner].into_iter().chain(others.iter().copied()).collect()
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper<AccountId> for Hand {
    fn validators(count: u32) -> Vec<AccountId> {
        let all: Vec<AccountId> = (1_000..).take(count as usize).collect();
        for account in &all {
            <Balances as frame_support::traits::fungible::Mutate<_>>::set_balance(account, FUNDS);
        }
        Validators::set(all.clone());
        all
    }

    fn enlist(validator: &AccountId) -> ProviderId {
        let provider = register(*validator, *validator + 1_000_000);
        join(provider, *validator);
        provider
    }
}

/// Staking, which takes note of when it hears of the end of a session.
pub struct Staking;
impl pallet_session::SessionManager<AccountId> for Staking {
    fn new_session(index: SessionIndex) -> Option<Vec<AccountId>> {
        Some(vec![index.into()])
    }

    fn new_session_genesis(index: SessionIndex) -> Option<Vec<AccountId>> {
        Some(vec![index.into(), index.into()])
    }

    fn start_session(index: SessionIndex) {
        Ended::mutate(|ended| ended.retain(|(ended, _)| *ended != index));
    }

    fn end_session(index: SessionIndex) {
        Ended::mutate(|ended| ended.push((index, Sum::get())));
    }
}

pub(crate) type Sessions = FlushAtEnd<Test, Staking>;

pub(crate) fn register(provider: u64, owner: AccountId) -> ProviderId {
    let provider = ProviderId(provider);
    Parties::mutate(|parties| parties.insert(provider, (owner, BTreeSet::new())));
    provider
}

/// Makes an account one party with a provider.
pub(crate) fn join(provider: ProviderId, account: AccountId) {
    Parties::mutate(|parties| {
        parties.get_mut(&provider).expect("it is registered").1.insert(account);
    });
}

/// The provider gets another owner, and is one party with nobody else.
pub(crate) fn sell(provider: ProviderId, owner: AccountId) {
    register(provider.0, owner);
}

pub(crate) fn withdraw(provider: ProviderId) {
    Parties::mutate(|parties| parties.remove(&provider));
}

pub(crate) fn externalities() -> sp_io::TestExternalities {
    CurrentRules::set(RULES);
    CurrentDeposit::set(DEPOSIT);
    Parties::set(BTreeMap::new());
    Validators::set(vec![ALICE, BOB, CAROL]);
    PerBlock::set(20);
    Sum::set(Some(0));
    Points::set(BTreeMap::new());
    Ended::set(vec![]);
    endowed::<Test>(ACCOUNTS, FUNDS).into()
}

/// Runs a test in block one. Alice, Bob, Carol and Dave own the providers 1, 2, 3 and 4.
pub(crate) fn execute<R>(test: impl FnOnce() -> R) -> R {
    externalities().execute_with(|| {
        for (provider, owner) in (1..).zip(ACCOUNTS) {
            register(provider, owner);
        }
        System::set_block_number(1);
        let result = test();
        check();
        result
    })
}

/// What must hold at any time, in the pallet and around it.
pub(crate) fn check() {
    Merit::do_try_state().unwrap();
    let owned: Amount = ACCOUNTS.iter().map(Balances::total_balance).sum();
    assert_eq!(Balances::total_issuance(), owned);
    for account in ACCOUNTS {
        let deposit = Links::<Test>::get(account).map_or(0, |link| link.deposit);
        assert_eq!(held(account), deposit, "what is held of {account}");
    }
}

pub(crate) fn link(validator: AccountId, provider: u64) {
    let signed = RuntimeOrigin::signed(validator);
    frame_support::assert_ok!(Merit::link_provider(signed, ProviderId(provider)));
}

pub(crate) fn settle(provider: u64, paid: Amount) {
    Merit::settled(ProviderId(provider), JobKind::Infer, paid);
}

/// Ends a session after so many blocks; each gives its author points, which are counted in the sum
/// alone.
pub(crate) fn end_session(blocks: u32) {
    System::set_block_number(System::block_number() + u64::from(blocks));
    let authored = blocks.saturating_mul(PerBlock::get());
    Sum::mutate(|sum| {
        if let Some(sum) = sum {
            *sum = sum.checked_add(authored).expect("authors overflow the sum");
        }
    });
    System::reset_events();
    Sessions::end_session(Ended::get().len() as u32);
}

/// Points for work, in the order of [`ACCOUNTS`].
pub(crate) fn points() -> [u32; 4] {
    ACCOUNTS.map(|account| Points::get().get(&account).copied().unwrap_or(0))
}

pub(crate) fn held(account: AccountId) -> Amount {
    Balances::balance_on_hold(&HoldReason::Link.into(), &account)
}

/// This pallet's events since the last session ended.
pub(crate) fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}
