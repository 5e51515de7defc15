//! What can be wrong with the way to the chain, and with what it knows of the provider.

use super::{clock, promise, Registration, Wrong};
use crate::{config::Config, declare::Declared, floors::Floors, folders, rooms, view, Error};
use cairn_protocol::{
    id::{Amount, ProviderId},
    profile::{PayloadKey, Role, RoleSet},
};
use cairn_sdk::{
    amount::crn, calls, chain::runtime_types::pallet_cairn_providers::types::Obstacle, Market,
    ProviderView,
};
use cairn_store::NodeId;
use cairn_vault::Identity;
use std::path::Path;

/// What this machine is to be compared with: the node that others are to find there, and the units
/// of challenges that its GPU does a second.
pub(super) struct Own {
    pub node: Option<NodeId>,
    pub speed: Option<u64>,
}

/// Notes what is wrong, and gives the registration if there is one. The floors are brought up to
/// what the chain says of them, if it is there.
pub(super) async fn look(
    config: &Config,
    declared: &Declared,
    own: &Own,
    floors: &mut Floors,
    wrong: &mut Vec<Wrong>,
) -> Option<Registration> {
    match found(config, declared, own, floors, wrong).await {
        Ok(found) => Some(found),
        // Each says what to do itself.
        Err(Error::Sdk(error)) => {
            wrong.push(Wrong::new("the chain cannot be used", error.to_string()));
            None
        }
        Err(error) => {
            wrong.push(Wrong::new("there is nobody to work for", error.to_string()));
            None
        }
    }
}

async fn found(
    config: &Config,
    declared: &Declared,
    own: &Own,
    floors: &mut Floors,
    wrong: &mut Vec<Wrong>,
) -> Result<Registration, Error> {
    let chain = rooms::connect(config).await?;
    let market = chain.market().await?;
    *floors = view::floors(market.at()).await?;
    wrong.extend(clock::look(&chain, market.at()).await?);
    let provider = rooms::provider(&chain, config).await?;
    wrong.extend(fee(&market, config, provider).await);
    let view = market.provider(provider).await?;
    let view = view.ok_or(Error::UnknownProvider { provider })?;
    let (bond, pending) = (view.card.bond, view.card.pending);
    let obstacle = view.card.obstacle.as_ref();
    wrong.extend(obstacle.and_then(|obstacle| standing(obstacle, provider, bond, pending)));
    wrong.extend(role(provider, view.card.roles.0));
    wrong.extend(promise::look(&view.profile.0, config, declared, own.node));
    wrong.extend(promise::speed(view.profile.0.hardware.class, own.speed, floors));
    let named = view.profile.0.payload_key;
    wrong.extend(named.and_then(|key| payload_key(&key, &folders::identity(&config.data))));
    Ok(registration(provider, &view))
}

/// Whether the account can send what a worker sends: the fee comes back, and has to be there.
async fn fee(market: &Market, config: &Config, provider: ProviderId) -> Option<Wrong> {
    let (account, call) = (config.signer.account(), calls::heartbeat(provider));
    let refused = market.check(&account, &call).await.err()?;
    let what = format!("{} cannot send a heartbeat", config.signer.address());
    Some(Wrong::new(what, refused.to_string()))
}

/// What of a provider's standing keeps it from being given work. That it has been silent the worker
/// mends itself.
fn standing(
    obstacle: &Obstacle,
    provider: ProviderId,
    bond: Amount,
    pending: Amount,
) -> Option<Wrong> {
    let number = provider.0;
    let (what, mend) = match obstacle {
        Obstacle::Unconfirmed | Obstacle::Missed | Obstacle::Stale => return None,
        Obstacle::Underbonded => {
            let (bond, pending) = (crn(bond), crn(pending));
            let what = format!(
                "its bond of {bond}, of which penalties are to take {pending}, is less than its \
                 roles need"
            );
            let mend = format!("add to it with `cairn bond {number} CRN`, signed by its owner");
            return Some(Wrong::new(what, mend));
        }
        Obstacle::Leaving => ("the provider is leaving", "register another".to_owned()),
        Obstacle::Paused => ("the provider is paused", resume(number)),
        Obstacle::Draining => ("the provider takes nothing new", resume(number)),
    };
    Some(Wrong::new(what, mend))
}

fn resume(number: u64) -> String {
    format!("when it is to work, `cairn availability {number} available`, signed by its operator")
}

/// Whether it has a role that a worker does anything for.
fn role(provider: ProviderId, roles: RoleSet) -> Option<Wrong> {
    let served = [Role::Compute, Role::Guard, Role::Storage];
    if served.into_iter().any(|role| roles.contains(role)) {
        return None;
    }
    let what = "the provider has none of the roles Compute, Guard and Storage";
    let mend = format!("take one with `cairn roles {} compute`, signed by its owner", provider.0);
    Some(Wrong::new(what, mend))
}

/// Whether this worker can read what is sealed for the provider.
fn payload_key(declared: &PayloadKey, own: &Path) -> Option<Wrong> {
    let mend = "bring back the file of the worker that was registered, or register this worker's \
                key, which `cairn-worker identity` says, with `cairn update`";
    if !own.exists() {
        let what = format!("the provider declares a payload key, and '{}' is gone", own.display());
        return Some(Wrong::new(what, mend));
    }
    match Identity::in_file(own) {
        // It says what to do itself.
        Err(error) => Some(Wrong::new("sealed payloads cannot be read", error.to_string())),
        Ok(identity) => (identity.public() != *declared).then(|| {
            let what = format!("the payload key in '{}' is not the declared one", own.display());
            Wrong::new(what, mend)
        }),
    }
}

fn registration(provider: ProviderId, view: &ProviderView) -> Registration {
    let offers = view.profile.0.offers.0.iter();
    Registration {
        id: provider.0,
        roles: view.card.roles.0.iter().map(|role| format!("{role:?}")).collect(),
        serves: offers.map(|offer| format!("{:?}", offer.kind)).collect(),
        class: format!("{:?}", view.card.class.0),
        bond: view.card.bond.to_string(),
        sealed: view.profile.0.payload_key.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_key_should_be_wrong_when_it_is_gone_or_another() {
        let directory = tempfile::tempdir().unwrap();
        let own = directory.path().join("payload.key");
        assert!(payload_key(&[1; 1_216], &own).unwrap().what.contains("is gone"));
        let declared = Identity::in_file(&own).unwrap().public();
        assert_eq!(payload_key(&declared, &own), None);
        assert!(payload_key(&[1; 1_216], &own).unwrap().mend.contains("cairn-worker identity"));
    }

    #[test]
    fn role_should_be_wrong_when_a_worker_does_nothing_for_it() {
        let of = |roles: &[Role]| role(ProviderId(4), roles.iter().copied().collect());
        for served in [Role::Compute, Role::Guard, Role::Storage] {
            assert_eq!(of(&[served, Role::Router]), None, "{served:?}");
        }
        let idle = of(&[Role::Router, Role::Entropy]).unwrap();
        assert!(idle.mend.contains("cairn roles 4 compute"), "{idle:?}");
    }

    #[test]
    fn standing_should_be_wrong_when_it_keeps_a_provider_from_work() {
        let standing = |obstacle| standing(&obstacle, ProviderId(4), 10_000_000_000_000, 500);
        for mended in [Obstacle::Unconfirmed, Obstacle::Missed, Obstacle::Stale] {
            assert_eq!(standing(mended), None);
        }
        let poor = standing(Obstacle::Underbonded).unwrap();
        assert!(poor.what.contains("10 CRN") && poor.what.contains("0.0000000005 CRN"), "{poor:?}");
        assert!(poor.mend.contains("cairn bond 4 CRN"), "{poor:?}");
        let paused = standing(Obstacle::Paused).unwrap();
        assert!(paused.mend.contains("cairn availability 4 available"), "{paused:?}");
        assert!(standing(Obstacle::Draining).is_some() && standing(Obstacle::Leaving).is_some());
    }
}
