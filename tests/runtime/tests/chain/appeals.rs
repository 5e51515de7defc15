//! A penalty waits for an appeal: governance may take it back and nobody else, and what nobody
//! appealed is taken from the bond.

use cairn_protocol::{fault::Fault, id::ProviderId, lifecycle::Stage};
use cairn_runtime::{
    configs::{governance::origins::Origin, parameters::market},
    units::UNITS,
    Balance, Balances, BlockNumber, Parameters, Providers, Runtime, RuntimeCall, RuntimeEvent,
    RuntimeOrigin, RuntimeParameters, SafeMode, Treasury,
};
use cairn_runtime_tests::{account, market::*, Chain};
use cairn_seams::Registry;
use pallet_cairn_providers::{Call, Error, Event, Obstacle, SlashId};
use sp_runtime::{traits::Dispatchable, DispatchError, DispatchResult};

/// How long a penalty can be appealed here.
const WINDOW: BlockNumber = 20;
/// What stands behind each provider, and what it is to lose of that by a wrong result.
const BOND: Balance = 200 * UNITS;
const PENALTY: Balance = 100 * UNITS;

fn set_window(chain: &mut Chain, blocks: BlockNumber) {
    let parameter = market::Parameters::AppealWindow(market::AppealWindow, Some(blocks));
    let parameter = RuntimeParameters::Market(parameter);
    chain.state(|| Parameters::set_parameter(RuntimeOrigin::root(), parameter)).expect("root may");
}

/// Five providers, each of whom gave a wrong result. The nth penalty is the nth provider's.
fn accused() -> Chain {
    let mut chain = market();
    set_window(&mut chain, WINDOW);
    chain.state(|| {
        for provider in (0..WORKERS.len() as u64).map(ProviderId) {
            Providers::penalise(provider, Fault::Wrong, 0);
        }
    });
    chain
}

fn cancel(chain: &mut Chain, origin: RuntimeOrigin, slash: SlashId) -> DispatchResult {
    let call = RuntimeCall::Providers(Call::cancel_slash { slash });
    chain.state(|| call.dispatch(origin)).map(|_| ()).map_err(|failed| failed.error)
}

/// The bond of a provider, and what of it is to be taken.
fn bond(chain: &mut Chain, provider: u64) -> (Balance, Balance) {
    let card = chain.state(|| Providers::card(ProviderId(provider))).expect("it is registered");
    (card.bond, card.pending)
}

#[test]
fn a_provider_should_get_no_work_while_penalties_wait_for_all_of_its_bond() {
    let mut chain = market();
    // Two days pass before any of it is taken.
    chain.state(|| {
        for subject in [0, 1] {
            Providers::penalise(ProviderId(0), Fault::Wrong, subject);
        }
    });
    assert_eq!(bond(&mut chain, 0), (BOND, BOND));
    let obstacle = |chain: &mut Chain| {
        chain.state(|| Providers::card(ProviderId(0))).expect("it is registered").obstacle
    };
    assert_eq!(obstacle(&mut chain), Some(Obstacle::Underbonded));
    // As many workers as there are providers: without that one there are not enough.
    let terms = terms(&mut chain, 5);
    let id = submit(&mut chain, terms);
    chain.blocks(40);
    assert_eq!(task(&mut chain, id).stage, Stage::Queued);

    // Half of it is enough for the role.
    assert_eq!(cancel(&mut chain, Origin::EmergencyStop.into(), 1), Ok(()));
    assert_eq!(obstacle(&mut chain), None);
    wait_for(&mut chain, id, Stage::Assigned);
    let seats = task(&mut chain, id).seats;
    assert!(seats.iter().any(|seat| seat.provider == ProviderId(0)));
}

#[test]
fn a_penalty_should_be_taken_back_by_root_and_by_the_emergency_track() {
    let mut chain = accused();
    for (slash, origin) in [(0, RuntimeOrigin::root()), (1, Origin::EmergencyStop.into())] {
        assert_eq!(bond(&mut chain, slash), (BOND, PENALTY));
        assert_eq!(cancel(&mut chain, origin, slash), Ok(()));
        let taken_back = Event::SlashCancelled { slash, provider: ProviderId(slash) };
        assert!(chain.events().contains(&RuntimeEvent::Providers(taken_back)));
        assert_eq!(bond(&mut chain, slash), (BOND, 0));
    }
    chain.blocks(2 * WINDOW);
    for provider in [0, 1] {
        assert_eq!(bond(&mut chain, provider), (BOND, 0));
    }
}

#[test]
fn a_penalty_should_stay_when_anybody_else_wants_it_back() {
    let mut chain = accused();
    // The provider itself, by a transaction.
    let own = chain.submit(WORKERS[0], Call::cancel_slash { slash: 0 });
    assert_eq!(own, Err(DispatchError::BadOrigin));
    let others = [
        RuntimeOrigin::signed(account(REQUESTER)),
        Origin::Treasurer.into(),
        RuntimeOrigin::none(),
    ];
    for origin in others {
        assert_eq!(cancel(&mut chain, origin, 0), Err(DispatchError::BadOrigin));
    }
    assert_eq!(bond(&mut chain, 0), (BOND, PENALTY));
    chain.blocks(WINDOW);
    assert_eq!(bond(&mut chain, 0), (BOND - PENALTY, 0));
}

#[test]
fn a_penalty_should_be_executed_when_nobody_appeals() {
    let mut chain = accused();
    let treasury = Treasury::account_id();
    let before = chain.state(|| Balances::free_balance(&treasury));
    // It leaves a gap in the queue, and holds up nobody.
    assert_eq!(cancel(&mut chain, Origin::EmergencyStop.into(), 1), Ok(()));
    chain.blocks(WINDOW - 1);
    assert_eq!(bond(&mut chain, 0), (BOND, PENALTY));

    chain.blocks(1);
    let executed = Event::Slashed { slash: 0, provider: ProviderId(0), amount: PENALTY };
    assert!(chain.events().contains(&RuntimeEvent::Providers(executed)));
    for provider in [0, 2, 3, 4] {
        assert_eq!(bond(&mut chain, provider), (BOND - PENALTY, 0));
    }
    assert_eq!(bond(&mut chain, 1), (BOND, 0));
    let after = chain.state(|| Balances::free_balance(&treasury));
    assert_eq!(after - before, 4 * PENALTY);

    let late = cancel(&mut chain, RuntimeOrigin::root(), 0);
    assert_eq!(late, Err(Error::<Runtime>::UnknownSlash.into()));
}

#[test]
fn a_penalty_should_wait_as_long_as_the_window_is_by_now() {
    let mut chain = accused();
    set_window(&mut chain, 2 * WINDOW);
    chain.blocks(2 * WINDOW - 1);
    assert_eq!(bond(&mut chain, 0), (BOND, PENALTY));
    chain.blocks(1);
    assert_eq!(bond(&mut chain, 0), (BOND - PENALTY, 0));
}

#[test]
fn a_penalty_should_wait_while_safe_mode_lasts() {
    let mut chain = accused();
    chain.state(|| SafeMode::force_enter(RuntimeOrigin::root())).expect("root may");
    chain.blocks(2 * WINDOW);
    assert_eq!(bond(&mut chain, 0), (BOND, PENALTY));
    // Meanwhile only root gets through.
    let stopped: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
    assert_eq!(cancel(&mut chain, Origin::EmergencyStop.into(), 0), Err(stopped));
    assert_eq!(cancel(&mut chain, RuntimeOrigin::root(), 0), Ok(()));

    chain.state(|| SafeMode::force_exit(RuntimeOrigin::root())).expect("root may");
    chain.blocks(WINDOW - 1);
    assert_eq!(bond(&mut chain, 1), (BOND, PENALTY));
    chain.blocks(1);
    assert_eq!(bond(&mut chain, 1), (BOND - PENALTY, 0));
    assert_eq!(bond(&mut chain, 0), (BOND, 0));
}
