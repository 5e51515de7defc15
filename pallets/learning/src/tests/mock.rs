//! A chain of the pallet with panels, guards and randomness as they are. The register of models,
//! keepers, purse and curators are as small as they can be, and told by hand what to say.
//!
//! `chain` has the pallets and their rules, `neighbours` those that are not there, and `steps` what
//! tests have done to a delta.

#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
mod chain;
mod neighbours;
mod steps;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarks::Helper;
pub(crate) use cairn_doubles::{operator, owner};
pub(crate) use chain::*;
pub(crate) use neighbours::*;
pub(crate) use steps::*;

use crate::types::{Place, Stage};
use cairn_doubles::{afresh, endowed};
use cairn_protocol::{
    dag::Component,
    id::{Amount, BlockId, ContentId, DeltaId, Digest, File, ProviderId},
};
use frame_support::traits::fungible::InspectHold;
use sp_runtime::DispatchError;

pub(crate) type AccountId = u64;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const TREASURY: AccountId = 3;
pub(crate) const VAULT: AccountId = 4;
/// They make deltas.
pub(crate) const CAROL: AccountId = 10;
pub(crate) const DAVE: AccountId = 11;
pub(crate) const ERIN: AccountId = 12;
pub(crate) const FRANK: AccountId = 13;
pub(crate) const RICH: Amount = 10_000_000;
/// Providers that can be registered.
pub(crate) const MOST: u64 = 80;
pub(crate) const SALT: Digest = [5; 32];
pub(crate) const MODEL: BlockId = BlockId([6; 32]);
/// A model that nothing is judged on.
pub(crate) const OTHER: BlockId = BlockId([7; 32]);
pub(crate) const DATA: BlockId = BlockId([8; 32]);
/// Another set, whatever [`DATA`] is.
pub(crate) const GENERATED: BlockId = BlockId([9; 32]);
pub(crate) const A: &[u8] = b"a";
pub(crate) const B: &[u8] = b"b";
pub(crate) const BLOCK_DEPOSIT: Amount = 77;
pub(crate) const UNKNOWN_PARENT: DispatchError = DispatchError::Other("unknown parent");
/// What a gain of a tenth is worth: ln 10/9 is 0.105360.
pub(crate) const GAIN: u64 = 105_360;
pub(crate) const REWARD: Amount = 5_268;
/// Bytes of a delta that most tests are about, and what is held for it.
pub(crate) const BYTES: u64 = 500;
pub(crate) const BOND: Amount = 1_500;
pub(crate) const DEPOSIT: Amount = 730;
/// Blocks until one has drawn with a seed that is asked for now.
pub(crate) const SEED: u64 = 18;

pub(crate) fn file(byte: u8) -> File {
    File { id: ContentId([byte; 32]), bytes: 1_000 }
}

pub(crate) fn component(name: &[u8]) -> Component {
    name.to_vec().try_into().unwrap()
}

pub(crate) fn place(name: &[u8]) -> Place {
    Place { model: MODEL, component: component(name) }
}

pub(crate) fn signed(account: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(account)
}

pub(crate) fn externalities() -> sp_io::TestExternalities {
    Luck::set(0);
    LearningRules::set(RULES);
    PanelsRules::set(PANELS);
    OnRecords::set(false);
    Chosen::set(DATA);
    Pays::set(true);
    Affords::set(true);
    Budget::set(Amount::MAX);
    Difficulty::set(1_000_000);
    Waits::set(false);
    Curators::set(Vec::new());
    AtOnce::set(None);
    Refuses::set(false);
    let owners = (0..MOST).flat_map(|n| [owner(ProviderId(n)), operator(ProviderId(n))]);
    let others = [ALICE, BOB, TREASURY, VAULT, CAROL, DAVE, ERIN, FRANK];
    let mut externalities = afresh(endowed::<Test>(owners.chain(others), RICH));
    externalities.execute_with(|| {
        publish(MODEL, A);
        publish(MODEL, B);
        publish(OTHER, A);
    });
    externalities
}

/// Runs a test in block one with twelve guards, and checks every pallet's invariants at its end.
pub(crate) fn execute<R>(test: impl FnOnce() -> R) -> R {
    execute_with(12, test)
}

pub(crate) fn execute_with<R>(guards: u64, test: impl FnOnce() -> R) -> R {
    externalities().execute_with(|| {
        begin_block(1);
        (0..guards).for_each(|_| {
            join();
        });
        let result = test();
        check();
        result
    })
}

pub(crate) fn check() {
    Clock::do_try_state().unwrap();
    Entropy::do_try_state().unwrap();
    Providers::do_try_state().unwrap();
    Reputation::do_try_state().unwrap();
    Panels::do_try_state().unwrap();
    Learning::do_try_state().unwrap();
    let known = known();
    let deltas: Vec<_> = crate::Deltas::<Test>::iter().collect();
    // What is put aside for judging is free once that is over.
    let is_judged = |delta: &DeltaId| {
        let delta = crate::Deltas::<Test>::get(delta).expect("it is kept");
        matches!(delta.stage, Stage::Queued | Stage::Judging)
    };
    assert!(known.aside.iter().all(is_judged), "{:?} is put aside for", known.aside);
    // Panels that nobody waits for judge nothing.
    let asked = deltas.iter().filter_map(|(_, delta)| delta.panel);
    let mut asked: Vec<_> = asked.collect();
    let mut open: Vec<_> = pallet_cairn_panels::Panels::<Test>::iter_keys().collect();
    asked.sort_unstable();
    open.sort_unstable();
    assert_eq!(asked, open);
    for (id, delta) in &deltas {
        let kept = known.asked.iter().any(|(one, _)| one == id);
        assert!(!kept || matches!(delta.stage, Stage::Keeping | Stage::Laid), "{id:?}");
        // What waits is put aside and noted; nothing else is.
        let waits = delta.stage == Stage::Laid && delta.waits;
        assert_eq!(known.reserved.iter().any(|(one, _, _)| one == id), waits, "{id:?}");
        assert_eq!(known.noted.iter().any(|(one, _, _)| one == id), waits, "{id:?}");
    }
}

pub(crate) fn free(account: AccountId) -> Amount {
    Balances::free_balance(account)
}

pub(crate) fn held(account: AccountId) -> Amount {
    Balances::total_balance_on_hold(&account)
}
