//! A chain of the pallet with real balances and the market's clock. Who owns a provider, how well
//! it does and which models and sets there are is set by hand.

use crate::{self as pallet_cairn_rewards, types::*, *};
use cairn_doubles::{endowed, Known, Register};
use cairn_protocol::{
    dag::{Component, Header},
    id::{Amount, BlockId, ContentId, DeltaId, File, ProviderId},
    job::JobKind,
    learning::{
        inference,
        model::{Head, ModelCard, Parts as Heads},
        reward::{Budgets, Cause, Emission},
        source::{DataSet, Generator, Purpose, Source},
    },
    reputation::Observation,
    share::Ppm,
};
use cairn_seams::{Lineage, OnPeriod, OnSettled as _, Purse as _, Reputation};
use frame_support::{
    assert_ok, parameter_types,
    traits::{
        fungible::{Inspect, InspectHold},
        ConstU32,
    },
};
use frame_system::EnsureRoot;
use sp_runtime::DispatchResult;
use std::collections::BTreeMap;

pub(crate) type AccountId = u64;

pub(crate) const ALICE: AccountId = 11;
pub(crate) const BOB: AccountId = 12;
pub(crate) const CAROL: AccountId = 13;
/// The author of every data set.
pub(crate) const DAVE: AccountId = 14;
/// Those who have funds.
pub(crate) const ACCOUNTS: [AccountId; 4] = [ALICE, BOB, CAROL, DAVE];
/// One whose account is not there.
pub(crate) const NOBODY: AccountId = 99;
pub(crate) const FUNDS: Amount = 1_000_000;
pub(crate) const EXISTENTIAL_DEPOSIT: Amount = 100;

pub(crate) const MODEL: BlockId = BlockId([1; 32]);
pub(crate) const OTHER: BlockId = BlockId([2; 32]);
pub(crate) const UNKNOWN: BlockId = BlockId([3; 32]);
pub(crate) const DATA: BlockId = BlockId([11; 32]);
pub(crate) const OTHER_DATA: BlockId = BlockId([12; 32]);

/// 100,000 tokens every hundred blocks: 45,000, 35,000, 10,000 and 10,000. Half of what is left is
/// carried over.
pub(crate) const RULES: Rules = Rules {
    emission: Emission {
        period: 100,
        tokens: 100_000,
        budgets: Budgets {
            inference: 450_000,
            learning: 350_000,
            validation: 100_000,
            data: 100_000,
        },
        carry: 500_000,
    },
    grant: 800_000,
    claimable: 2,
    data: 100_000,
    expected: 4,
    least: 1_000,
    notice: 50,
};

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
    pub type Rewards = pallet_cairn_rewards;
}

cairn_doubles::money!(Test, ExistentialDeposit = EXISTENTIAL_DEPOSIT);

impl pallet_cairn_clock::Config for Test {}

parameter_types! {
    pub static CurrentRules: Rules = RULES;
    pub static MostGrant: Ppm = inference::MOST_GRANT;
    /// Nothing, so that a sponsorship is spent on rewards alone.
    pub static JudgingCost: Amount = 0;
    pub static MeasuringCost: Amount = 0;
    /// Owner of each provider.
    pub static Owners: BTreeMap<ProviderId, AccountId> = BTreeMap::new();
    pub static Standing: Ppm = 500_000;
    /// The set that a model is judged on.
    pub static JudgedOn: Option<BlockId> = Some(DATA);
    /// Periods that ended, and which one went on when that was said.
    pub static Ended: Vec<(u32, u32)> = Vec::new();
}

impl Config for Test {
    type AdmitOrigin = EnsureRoot<AccountId>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Hand;
    type Clock = Clock;
    type Currency = Balances;
    type ForgottenPerBlock = ConstU32<8>;
    type JudgingCost = JudgingCost;
    type Lineage = Hand;
    type MeasuringCost = MeasuringCost;
    type MostGrant = MostGrant;
    type OnPeriod = Hand;
    type Registry = Register<Hand>;
    type Reputation = Hand;
    type Rules = CurrentRules;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = ();
}

/// Neighbours that say what the statics above say.
pub struct Hand;

impl OnPeriod for Hand {
    fn ended(period: u32) {
        Ended::mutate(|all| all.push((period, Rewards::period())));
    }
}

impl Lineage<AccountId> for Hand {
    fn bundle(model: &BlockId) -> Option<File> {
        [MODEL, OTHER].contains(model).then_some(File { id: ContentId([7; 32]), bytes: 1 })
    }

    fn card(_: &BlockId) -> Option<ModelCard> {
        None
    }

    fn author(_: &BlockId) -> Option<AccountId> {
        None
    }

    fn head(_: &BlockId, _: &Component) -> Option<Head> {
        None
    }

    fn file(_: &BlockId) -> Option<File> {
        None
    }

    fn parts(_: &BlockId) -> Heads {
        Heads::default()
    }

    fn data(block: &BlockId) -> Option<DataSet<AccountId>> {
        let module = File { id: ContentId([8; 32]), bytes: 1 };
        let source =
            Source::Generator(Generator { module, record_bytes: 8, fuel: 1, count: 1_000 });
        let set = DataSet { model: MODEL, source, purpose: Purpose::Validation, author: DAVE };
        [DATA, OTHER_DATA].contains(block).then_some(set)
    }

    fn validation(_: &BlockId) -> Option<BlockId> {
        JudgedOn::get()
    }

    fn note_judged(_: &BlockId, _: &Component) {}

    fn check(_: &Header<AccountId>) -> DispatchResult {
        Ok(())
    }

    fn deposit(_: &Header<AccountId>) -> Amount {
        0
    }

    fn lay(_: Header<AccountId>, _: File, _: &AccountId) -> DispatchResult {
        Ok(())
    }

    fn carries(_: &BlockId, _: &Component, _: &BlockId) -> bool {
        false
    }

    fn unlay(_: &BlockId, _: &Component) -> Option<BlockId> {
        None
    }

    fn note_loss(_: &BlockId, _: &BlockId, _: u64, _: u64) {}
}

impl Reputation<AccountId> for Hand {
    fn observe(_: ProviderId, _: JobKind, _: Observation) {}

    fn observe_for(_: ProviderId, _: JobKind, _: Observation, _: &AccountId) {}

    /// Nobody serves anything but text well.
    fn standing(_: ProviderId, kind: JobKind) -> Ppm {
        if kind == JobKind::Infer {
            Standing::get()
        } else {
            0
        }
    }

    fn forget(_: ProviderId) {}
}

impl Known<AccountId> for Hand {
    fn owner(provider: ProviderId) -> Option<AccountId> {
        Owners::get().get(&provider).copied()
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl benchmarking::BenchmarkHelper<AccountId> for Hand {
    fn model() -> BlockId {
        MODEL
    }

    fn data() -> BlockId {
        DATA
    }

    fn enlist() -> ProviderId {
        ProviderId(1)
    }

    fn crowd_period() {}
}

/// Alice, Bob, Carol and Dave own the providers 1, 2, 3 and 4.
pub(crate) fn externalities() -> sp_io::TestExternalities {
    CurrentRules::set(RULES);
    MostGrant::set(inference::MOST_GRANT);
    JudgingCost::set(0);
    MeasuringCost::set(0);
    Owners::set((1..).map(ProviderId).zip(ACCOUNTS).collect());
    Standing::set(500_000);
    JudgedOn::set(Some(DATA));
    Ended::set(vec![]);
    endowed::<Test>(ACCOUNTS, FUNDS).into()
}

cairn_doubles::execute!();

/// What must hold at any time, in the pallet and around it.
pub(crate) fn check() {
    Clock::do_try_state().unwrap();
    Rewards::do_try_state().unwrap();
    // Nothing else mints or burns here.
    let issued = Issued::<Test>::get();
    let sum: Amount = Cause::ALL.into_iter().map(|cause| issued.of(cause)).sum();
    assert_eq!(Balances::total_issuance(), 4 * FUNDS + sum);
    let owned: Amount = frame_system::Account::<Test>::iter_keys()
        .map(|account| Balances::total_balance(&account))
        .sum();
    assert_eq!(Balances::total_issuance(), owned);
}

cairn_doubles::blocks!();

/// Makes blocks until the next period has begun.
pub(crate) fn next_period() {
    run(u64::from(current().ends - now()));
}

pub(crate) fn current() -> Period {
    Current::<Test>::get().expect("a period has begun")
}

pub(crate) fn ledger(period: u32) -> Ledger {
    Ledgers::<Test>::get(period).expect("something may be minted of it")
}

pub(crate) fn sums(inference: Amount, learning: Amount, validation: Amount, data: Amount) -> Sums {
    Sums { inference, learning, validation, data }
}

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(account)
}

pub(crate) fn admit(model: BlockId, cap: Ppm) {
    assert_ok!(Rewards::admit(RuntimeOrigin::root(), model, cap));
}

pub(crate) fn admit_data(data: BlockId, cap: Ppm) {
    assert_ok!(Rewards::admit_data(RuntimeOrigin::root(), data, cap));
}

/// A model and a data set that may draw on everything.
pub(crate) fn admit_both() {
    admit(MODEL, 1_000_000);
    admit_data(DATA, 1_000_000);
}

pub(crate) fn sponsor(account: AccountId, amount: Amount) {
    assert_ok!(Rewards::sponsor(signed(account), MODEL, amount));
}

/// Puts a reward of Alice's aside.
pub(crate) fn reserve(delta: u64, amount: Amount) -> Amount {
    Rewards::reserve(DeltaId(delta), &MODEL, &DATA, &ALICE, amount)
}

pub(crate) fn release(delta: u64, share: Ppm) -> Amount {
    Rewards::release(DeltaId(delta), share)
}

pub(crate) fn settle(provider: u64, paid: Amount) {
    Rewards::settled(ProviderId(provider), JobKind::Infer, paid);
}

pub(crate) fn claim(period: u32, provider: u64) -> DispatchResult {
    Rewards::claim(signed(CAROL), period, ProviderId(provider))
}

pub(crate) fn free(account: AccountId) -> Amount {
    Balances::balance(&account)
}

pub(crate) fn held(account: AccountId) -> Amount {
    Balances::balance_on_hold(&HoldReason::Sponsorship.into(), &account)
}

/// This pallet's events so far.
pub(crate) fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}
