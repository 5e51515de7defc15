//! A runtime of this pallet alone, with a clock and a registry moved by hand.

use crate as pallet_cairn_reputation;
use crate::*;
use cairn_doubles::{Known, Register};
use cairn_protocol::{
    id::{Height, ProviderId},
    job::JobKind,
    reputation::{Observation, Rules, Weights},
    share::Ppm,
};
use cairn_seams::Clock;
use frame_support::{derive_impl, parameter_types};
use sp_runtime::BuildStorage;

pub type AccountId = u64;

pub const RULES: Rules = Rules {
    prior: 500_000,
    inertia: 8,
    window: 64,
    fault_weight: 4,
    half_life: 1_000,
    weights: Weights { accuracy: 1, timeliness: 1, availability: 1 },
};

pub const RIGHT: Observation =
    Observation { accurate: Some(true), timely: Some(true), available: Some(true) };
pub const WRONG: Observation =
    Observation { accurate: Some(false), timely: Some(false), available: Some(false) };
pub const NOTHING: Observation = Observation { accurate: None, timely: None, available: None };

/// The providers that are registered when a test begins, and a stranger to all of them.
pub const WORKER: ProviderId = ProviderId(1);
pub const OTHER: ProviderId = ProviderId(2);
pub const STRANGER: AccountId = 999;

pub fn owner_of(provider: ProviderId) -> AccountId {
    100 + provider.0
}

pub fn operator_of(provider: ProviderId) -> AccountId {
    200 + provider.0
}

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
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;

    #[runtime::pallet_index(1)]
    pub type Reputation = pallet_cairn_reputation;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
}

parameter_types! {
    pub static Now: Height = 0;
    pub static IsStopped: bool = false;
    pub static CurrentRules: Rules = RULES;
    pub static Registered: Vec<ProviderId> = Vec::new();
    /// Pairs of accounts that declared to be linked.
    pub static Declared: Vec<(AccountId, AccountId)> = Vec::new();
}

pub struct HandClock;

impl HandClock {
    /// Blocks go by; time does so only unless it is stopped.
    pub fn pass(blocks: Height) {
        if !IsStopped::get() {
            Now::mutate(|height| *height = height.saturating_add(blocks));
        }
    }
}

impl Clock for HandClock {
    fn now() -> Height {
        Now::get()
    }

    fn is_stopped() -> bool {
        IsStopped::get()
    }
}

pub struct HandRegistry;

impl Known<AccountId> for HandRegistry {
    fn owner(provider: ProviderId) -> Option<AccountId> {
        Registered::get().contains(&provider).then(|| owner_of(provider))
    }

    fn operated_by(operator: &AccountId) -> Option<ProviderId> {
        Registered::get().into_iter().find(|provider| operator_of(*provider) == *operator)
    }

    fn names(account: &AccountId) -> Vec<AccountId> {
        [*account].into_iter().chain(Self::operated_by(account).map(owner_of)).collect()
    }

    fn names_of(provider: ProviderId) -> Vec<AccountId> {
        Self::owner(provider).map_or_else(Vec::new, |owner| vec![owner, operator_of(provider)])
    }

    fn kin(names: Vec<AccountId>) -> Vec<AccountId> {
        let declared = Declared::get().into_iter().flat_map(|(a, b)| [(a, b), (b, a)]);
        let linked: Vec<_> =
            declared.filter(|(one, _)| names.contains(one)).map(|(_, other)| other).collect();
        [names, linked].concat()
    }
}

impl Config for Test {
    type Registry = Register<HandRegistry>;
    type Clock = HandClock;
    type Rules = CurrentRules;
}

pub fn new_test_ext() -> sp_io::TestExternalities {
    Now::set(0);
    IsStopped::set(false);
    CurrentRules::set(RULES);
    Registered::set(vec![WORKER, OTHER]);
    Declared::set(Vec::new());
    let storage = frame_system::GenesisConfig::<Test>::default().build_storage();
    let mut externalities = sp_io::TestExternalities::new(storage.expect("it has no parts"));
    // There are no events in the genesis block.
    externalities.execute_with(|| System::set_block_number(1));
    externalities
}

/// Runs a test, and checks the invariants at its end.
pub fn execute(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        assert_eq!(Reputation::do_try_state(), Ok(()));
    });
}

/// The events of this pallet since it was last asked.
pub fn events() -> Vec<Event<Test>> {
    let events = System::read_events_for_pallet::<Event<Test>>();
    System::reset_events();
    events
}

pub fn observed(provider: ProviderId, kind: JobKind, standing: Ppm) -> Event<Test> {
    Event::Observed { provider, kind, standing }
}
