//! The presets themselves, as JSON patches of the default genesis.

use crate::{
    configs::{
        consensus::BABE_GENESIS_EPOCH,
        elections::MAX_VALIDATORS,
        parameters::{TrackPeriods, Voting},
    },
    launch::{Pace, Referenda},
    units::{DAYS, GENESIS_SUPPLY, HOURS, UNITS},
    AccountId, Balance, SessionKeys,
};
use alloc::{format, string::String, vec::Vec};
use pallet_grandpa::AuthorityId as GrandpaId;
use serde_json::{json, Value};
use sp_authority_discovery::AuthorityId as DiscoveryId;
use sp_consensus_babe::AuthorityId as BabeId;
use sp_core::{crypto::Pair as PairT, ed25519, sr25519};
use sp_runtime::{traits::IdentifyAccount, MultiSigner, Perbill};

/// Bonded by each genesis validator.
const GENESIS_BOND: Balance = 100_000 * UNITS;

/// A genesis validator: the stash that bonds, and the keys it works with.
#[derive(Clone, Debug)]
pub struct Validator {
    pub stash: AccountId,
    pub keys: SessionKeys,
}

fn sr25519_public(seed: &str) -> Option<sr25519::Public> {
    sr25519::Pair::from_string(&format!("//{seed}"), None).ok().map(|pair| pair.public())
}

/// The account of a development seed such as `Alice` or `Validator//7`.
fn account(seed: &str) -> Option<AccountId> {
    sr25519_public(seed).map(|public| MultiSigner::from(public).into_account())
}

impl Validator {
    /// A validator whose keys are all derived from a development seed, known to everyone.
    pub fn from_seed(seed: &str) -> Option<Self> {
        let public = sr25519_public(seed)?;
        let grandpa = ed25519::Pair::from_string(&format!("//{seed}"), None).ok()?.public();
        Some(Self {
            stash: account(seed)?,
            keys: SessionKeys {
                babe: BabeId::from(public),
                grandpa: GrandpaId::from(grandpa),
                authority_discovery: DiscoveryId::from(public),
            },
        })
    }
}

/// A genesis: these validators, and the whole supply shared by these accounts.
fn genesis(
    validators: &[Validator],
    endowed: &[AccountId],
    pace: Pace,
    referenda: Referenda,
) -> Value {
    let shares = endowed.len().max(1) as Balance;
    let mut balances: Vec<(AccountId, Balance)> =
        endowed.iter().map(|who| (who.clone(), GENESIS_SUPPLY / shares)).collect();
    // What division leaves over goes to the first, so that the supply is exact.
    if let Some(first) = balances.first_mut() {
        first.1 += GENESIS_SUPPLY % shares;
    }
    let stashes: Vec<&AccountId> = validators.iter().map(|v| &v.stash).collect();
    json!({
        "balances": { "balances": balances },
        "launch": { "pace": pace, "referenda": referenda },
        "session": {
            "keys": validators
                .iter()
                .map(|v| (v.stash.clone(), v.stash.clone(), v.keys.clone()))
                .collect::<Vec<_>>(),
        },
        "staking": {
            "validatorCount": validators.len() as u32,
            "minimumValidatorCount": 1,
            "invulnerables": [],
            "slashRewardFraction": Perbill::from_percent(10),
            "maxValidatorCount": MAX_VALIDATORS,
            "minNominatorBond": 10 * UNITS,
            "minValidatorBond": 1_000 * UNITS,
            "stakers": stashes
                .iter()
                .map(|stash| json!([stash, stash, GENESIS_BOND, "Validator"]))
                .collect::<Vec<_>>(),
        },
        "babe": { "epochConfig": BABE_GENESIS_EPOCH },
    })
}

/// The pace of networks that people try things on: minutes instead of days.
fn quick_pace() -> Pace {
    Pace { epoch_slots: 60, sessions_per_era: 5, bonding_eras: 3, slash_defer_eras: 1 }
}

/// Referenda that a person can watch: decided within a minute or two of submission.
fn quick_referenda() -> Referenda {
    let track = TrackPeriods { prepare: 5, decision: 60, confirm: 10, enactment: 5 };
    Referenda {
        root: Some(track),
        treasurer: Some(track),
        emergency: Some(TrackPeriods { prepare: 2, decision: 60, confirm: 5, enactment: 1 }),
        voting: Some(Voting { lock: 60, undeciding_timeout: 600 }),
    }
}

const WELL_KNOWN: [&str; 6] = ["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"];

/// A network of development keys at a quick pace. `validators` are seeds; the well-known
/// accounts, the validators and `endowed` share the supply.
pub fn local(validators: &[&str], endowed: Vec<AccountId>) -> Value {
    let mut accounts: Vec<AccountId> = WELL_KNOWN
        .iter()
        .chain(validators)
        .filter_map(|seed| account(seed))
        .chain(endowed)
        .collect();
    let mut seen = alloc::collections::BTreeSet::new();
    accounts.retain(|who| seen.insert(who.clone()));
    let validators: Vec<Validator> =
        validators.iter().filter_map(|seed| Validator::from_seed(seed)).collect();
    let mut genesis = genesis(&validators, &accounts, quick_pace(), quick_referenda());
    if let Some(launch) = genesis.get_mut("launch").and_then(Value::as_object_mut) {
        launch.insert("quickMarket".into(), true.into());
    }
    genesis
}

/// One validator, Alice.
pub fn development() -> Value {
    local(&["Alice"], Vec::new())
}

/// Four validators with well-known keys.
pub fn local_testnet() -> Value {
    local(&["Alice", "Bob", "Charlie", "Dave"], Vec::new())
}

/// What a public network starts as, at full pace and with placeholder keys: derived from
/// published seeds so that the spec builds. The recipe in `chain-spec` replaces them; a network
/// that keeps them belongs to everyone.
pub fn staging() -> Value {
    let seeds: Vec<String> = (1..=4).map(|n| format!("staging//{n}")).collect();
    let validators: Vec<Validator> =
        seeds.iter().filter_map(|seed| Validator::from_seed(seed)).collect();
    let mut accounts: Vec<AccountId> = validators.iter().map(|v| v.stash.clone()).collect();
    accounts.extend(account("staging//treasury"));
    let referenda = Referenda {
        voting: Some(Voting { lock: 7 * DAYS, undeciding_timeout: 28 * DAYS }),
        emergency: None,
        root: None,
        treasurer: None,
    };
    debug_assert!(Pace::default().epoch_slots == u64::from(HOURS));
    genesis(&validators, &accounts, Pace::default(), referenda)
}
