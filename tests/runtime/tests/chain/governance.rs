//! Every track from proposal to enactment, and what the tracks may not do.

use cairn_protocol::{fault::Fault, profile::DeviceClass};
use cairn_runtime::{
    configs::{
        governance::{
            origins::{Origin, TREASURER_LIMIT},
            tracks,
        },
        parameters::{emission, RuntimeParameters},
    },
    units::UNITS,
    AccountId, OriginCaller, Providers, Runtime, RuntimeCall, RuntimeEvent, SafeMode, Treasury,
};
use cairn_runtime_tests::{account, market::enlist, transfer, Chain};
use cairn_seams::Registry;
use codec::Encode;
use frame_support::{
    assert_ok,
    traits::{schedule::DispatchTime, Bounded, Currency, Get, StorePreimage},
};
use pallet_cairn_providers::Slashes;
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use sp_runtime::{DispatchError, Perbill};
use std::collections::BTreeSet;

const VOTERS: [&str; 3] = ["Alice", "Bob", "Charlie"];

/// Submits `proposal` on the track of `origin`, lets half of the supply vote aye, and waits until
/// it must have been enacted.
pub fn pass(chain: &mut Chain, origin: OriginCaller, proposal: RuntimeCall) -> u32 {
    let index = submit(chain, origin, proposal);
    vote(chain, index, true);
    chain.blocks(90);
    index
}

fn submit(chain: &mut Chain, origin: OriginCaller, proposal: RuntimeCall) -> u32 {
    let bytes = proposal.encode();
    assert_ok!(chain
        .submit("Alice", RuntimeCall::Preimage(pallet_preimage::Call::note_preimage { bytes })));
    let proposal = chain
        .state(|| <cairn_runtime::Preimage as StorePreimage>::bound(proposal))
        .expect("bounded");
    let index = chain.state(pallet_referenda::ReferendumCount::<Runtime>::get);
    let proposal: Bounded<_, _> = proposal.transmute();
    assert_ok!(chain.submit(
        "Alice",
        RuntimeCall::Referenda(pallet_referenda::Call::submit {
            proposal_origin: Box::new(origin),
            proposal,
            enactment_moment: DispatchTime::After(0),
        })
    ));
    assert_ok!(chain.submit(
        "Alice",
        RuntimeCall::Referenda(pallet_referenda::Call::place_decision_deposit { index })
    ));
    index
}

fn vote(chain: &mut Chain, index: u32, aye: bool) {
    for voter in VOTERS {
        let balance = chain.free(voter) * 9 / 10;
        let vote = Vote { aye, conviction: Conviction::Locked1x };
        assert_ok!(chain.submit(
            voter,
            RuntimeCall::ConvictionVoting(pallet_conviction_voting::Call::vote {
                poll_index: index,
                vote: AccountVote::Standard { vote, balance },
            })
        ));
    }
}

fn root() -> OriginCaller {
    OriginCaller::system(frame_system::RawOrigin::Root)
}

fn set_emission(rate: Perbill) -> RuntimeCall {
    RuntimeCall::Parameters(pallet_parameters::Call::set_parameter {
        key_value: RuntimeParameters::Emission(emission::Parameters::AnnualRate(
            emission::AnnualRate,
            Some(rate),
        )),
    })
}

#[test]
fn root_track_should_set_a_parameter_when_half_of_the_supply_agrees() {
    let mut chain = Chain::local();
    assert_eq!(chain.state(emission::AnnualRate::get), Perbill::from_perthousand(25));
    pass(&mut chain, root(), set_emission(Perbill::from_percent(1)));
    assert_eq!(chain.state(emission::AnnualRate::get), Perbill::from_percent(1));
}

#[test]
fn root_track_should_change_nothing_when_the_vote_is_nay() {
    let mut chain = Chain::local();
    let index = submit(&mut chain, root(), set_emission(Perbill::from_percent(1)));
    vote(&mut chain, index, false);
    chain.blocks(120);
    assert_eq!(chain.state(emission::AnnualRate::get), Perbill::from_perthousand(25));
    let info = chain.state(|| pallet_referenda::ReferendumInfoFor::<Runtime>::get(index));
    assert!(matches!(info, Some(pallet_referenda::ReferendumInfo::Rejected(..))), "{info:?}");
}

/// Puts money into the treasury, as slashes would.
fn fill_treasury(chain: &mut Chain, amount: u128) {
    chain.state(|| {
        let treasury: AccountId = Treasury::account_id();
        let _ = cairn_runtime::Balances::deposit_creating(&treasury, amount);
    });
}

fn spend(amount: u128) -> RuntimeCall {
    RuntimeCall::Treasury(pallet_treasury::Call::spend {
        asset_kind: Box::new(()),
        amount,
        beneficiary: Box::new(account("Ferdie")),
        valid_from: None,
    })
}

#[test]
fn treasurer_track_should_pay_the_beneficiary_when_the_spend_is_within_its_limit() {
    let mut chain = Chain::local();
    fill_treasury(&mut chain, 1_000 * UNITS);
    pass(&mut chain, Origin::Treasurer.into(), spend(600 * UNITS));
    let before = chain.free("Ferdie");
    assert_ok!(
        chain.submit("Eve", RuntimeCall::Treasury(pallet_treasury::Call::payout { index: 0 }))
    );
    assert_eq!(chain.free("Ferdie"), before + 600 * UNITS);
}

#[test]
fn treasurer_track_should_refuse_when_the_spend_is_over_its_limit() {
    let mut chain = Chain::local();
    fill_treasury(&mut chain, 3 * TREASURER_LIMIT);
    pass(&mut chain, Origin::Treasurer.into(), spend(TREASURER_LIMIT + 1));
    assert_eq!(chain.state(pallet_treasury::SpendCount::<Runtime>::get), 0);
}

#[test]
fn treasurer_track_should_not_reach_root_calls_when_its_proposal_passes() {
    let mut chain = Chain::local();
    pass(&mut chain, Origin::Treasurer.into(), set_emission(Perbill::from_percent(9)));
    assert_eq!(chain.state(emission::AnnualRate::get), Perbill::from_perthousand(25));
}

#[test]
fn emergency_track_should_stop_transfers_and_spare_governance_when_passed() {
    let mut chain = Chain::local();
    let enter = RuntimeCall::SafeMode(pallet_safe_mode::Call::force_enter {});
    pass(&mut chain, Origin::EmergencyStop.into(), enter);
    assert!(chain.state(SafeMode::is_entered));

    let refused = chain.submit("Eve", transfer("Ferdie", UNITS));
    assert_eq!(refused, Err(frame_system::Error::<Runtime>::CallFiltered.into()));

    // A referendum still passes, and ends the stop.
    let exit = RuntimeCall::SafeMode(pallet_safe_mode::Call::force_exit {});
    pass(&mut chain, Origin::EmergencyStop.into(), exit);
    assert!(!chain.state(SafeMode::is_entered));
    assert_ok!(chain.submit("Eve", transfer("Ferdie", UNITS)));
}

#[test]
fn safe_mode_should_refuse_batched_transfers_when_entered() {
    let mut chain = Chain::local();
    chain.state(|| pallet_safe_mode::EnteredUntil::<Runtime>::put(1_000_000));
    let calls = vec![transfer("Ferdie", UNITS)];
    let before = chain.free("Ferdie");
    let batch = RuntimeCall::Utility(pallet_utility::Call::batch_all { calls });
    let refused: DispatchError = chain.submit("Eve", batch).unwrap_err();
    assert_eq!(refused, frame_system::Error::<Runtime>::CallFiltered.into());
    assert_eq!(chain.free("Ferdie"), before);
}

#[test]
fn safe_mode_should_end_by_itself_when_its_time_is_over() {
    let mut chain = Chain::local();
    let until = chain.number() + 5;
    chain.state(|| pallet_safe_mode::EnteredUntil::<Runtime>::put(until));
    chain.blocks(7);
    assert!(!chain.state(SafeMode::is_entered));
    assert_ok!(chain.submit("Eve", transfer("Ferdie", UNITS)));
}

#[test]
fn safe_mode_should_not_be_for_sale_when_a_user_tries_to_enter_it() {
    let mut chain = Chain::local();
    let enter = RuntimeCall::SafeMode(pallet_safe_mode::Call::enter {});
    assert!(chain.submit("Alice", enter).is_err());
    assert!(!chain.state(SafeMode::is_entered));
}

#[test]
fn tx_pause_should_stop_one_call_and_never_a_vital_one_when_paused_by_governance() {
    let mut chain = Chain::local();
    let pause = |pallet: &str, call: &str| {
        RuntimeCall::TxPause(pallet_tx_pause::Call::pause {
            full_name: (
                pallet.as_bytes().to_vec().try_into().expect("short"),
                call.as_bytes().to_vec().try_into().expect("short"),
            ),
        })
    };
    pass(&mut chain, Origin::EmergencyStop.into(), pause("Balances", "transfer_keep_alive"));
    assert!(chain.submit("Eve", transfer("Ferdie", UNITS)).is_err());

    pass(&mut chain, Origin::EmergencyStop.into(), pause("Referenda", "submit"));
    let paused = chain.state(|| pallet_tx_pause::PausedCalls::<Runtime>::iter().count());
    assert_eq!(paused, 1, "a governance call was paused");
}

#[test]
fn emergency_track_should_take_back_a_penalty_and_the_treasurers_should_not() {
    let mut chain = Chain::local();
    let provider = enlist(&mut chain, 0, DeviceClass::Cpu);
    let queued = |chain: &mut Chain| {
        chain.state(|| Slashes::<Runtime>::iter_keys().collect::<BTreeSet<_>>())
    };
    for subject in [0, 1] {
        chain.state(|| Providers::penalise(provider, Fault::Wrong, subject));
    }
    let cancel =
        |slash| RuntimeCall::Providers(pallet_cairn_providers::Call::cancel_slash { slash });
    pass(&mut chain, Origin::Treasurer.into(), cancel(0));
    assert_eq!(queued(&mut chain), BTreeSet::from([0, 1]));
    pass(&mut chain, Origin::EmergencyStop.into(), cancel(1));
    assert_eq!(queued(&mut chain), BTreeSet::from([0]));
}

#[test]
fn tracks_should_be_sorted_and_match_their_origins_when_listed() {
    use pallet_referenda::TracksInfo;
    let mut chain = Chain::local();
    chain.state(|| {
        assert_ok!(tracks::Tracks::check_integrity());
        for (origin, id) in [
            (root(), tracks::ROOT),
            (Origin::Treasurer.into(), tracks::TREASURER),
            (Origin::EmergencyStop.into(), tracks::EMERGENCY),
        ] {
            assert_eq!(tracks::Tracks::track_for(&origin), Ok(id));
            assert!(tracks::Tracks::info(id).is_some());
        }
    });
}

#[test]
fn referendum_should_be_refused_when_submitted_for_a_signed_origin() {
    let mut chain = Chain::local();
    let origin = OriginCaller::system(frame_system::RawOrigin::Signed(account("Bob")));
    let proposal = chain
        .state(|| <cairn_runtime::Preimage as StorePreimage>::bound(transfer("Alice", 1)))
        .expect("bounded");
    let refused = chain.submit(
        "Alice",
        RuntimeCall::Referenda(pallet_referenda::Call::submit {
            proposal_origin: Box::new(origin),
            proposal: proposal.transmute(),
            enactment_moment: DispatchTime::After(0),
        }),
    );
    assert_eq!(refused, Err(pallet_referenda::Error::<Runtime>::NoTrack.into()));
}

#[test]
fn every_enactment_should_be_without_dispatch_error_when_the_call_is_allowed() {
    let mut chain = Chain::local();
    let index = submit(&mut chain, root(), set_emission(Perbill::from_percent(2)));
    vote(&mut chain, index, true);
    let mut enacted = None;
    for _ in 0..90 {
        chain.blocks(1);
        for event in chain.events() {
            if let RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched {
                result, id, ..
            }) = event
            {
                if id.is_some()
                    && chain.state(emission::AnnualRate::get) == Perbill::from_percent(2)
                {
                    enacted.get_or_insert(result);
                }
            }
        }
    }
    assert_eq!(enacted, Some(Ok(())));
}

/// Makes the chain believe that it runs a migration and that its runtime was just replaced.
fn upgrade_during_a_migration(chain: &mut Chain) {
    chain.state(|| {
        let active =
            pallet_migrations::ActiveCursor { index: 0, inner_cursor: None, started_at: 1 };
        pallet_migrations::Cursor::<Runtime>::put(pallet_migrations::MigrationCursor::from(active));
        frame_system::LastRuntimeUpgrade::<Runtime>::kill();
    });
    chain.blocks(1);
}

#[test]
fn safe_mode_should_begin_and_spare_governance_when_a_migration_fails() {
    let mut chain = Chain::local();
    chain.blocks(1);
    upgrade_during_a_migration(&mut chain);
    let failed = RuntimeEvent::MultiBlockMigrations(pallet_migrations::Event::UpgradeFailed);
    assert!(chain.events().contains(&failed));
    assert!(chain.state(SafeMode::is_entered));

    assert!(chain.submit("Eve", transfer("Ferdie", UNITS)).is_err());
    let exit = RuntimeCall::SafeMode(pallet_safe_mode::Call::force_exit {});
    pass(&mut chain, Origin::EmergencyStop.into(), exit);
    assert!(!chain.state(SafeMode::is_entered));
    assert_ok!(chain.submit("Eve", transfer("Ferdie", UNITS)));
}

#[test]
fn safe_mode_should_be_extended_when_a_migration_fails_in_it() {
    let mut chain = Chain::local();
    chain.blocks(1);
    chain.state(|| pallet_safe_mode::EnteredUntil::<Runtime>::put(1_000));
    upgrade_during_a_migration(&mut chain);
    assert_eq!(chain.state(pallet_safe_mode::EnteredUntil::<Runtime>::get), Some(u32::MAX));
}
