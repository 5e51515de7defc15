//! Development keys: published, so for networks without value only.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use cairn_runtime::AccountId;
use sc_network_types::{
    ed25519::{Keypair, SecretKey},
    PeerId,
};
use sp_core::{
    crypto::{key_types, KeyTypeId},
    ed25519, sr25519, Pair,
};
use sp_runtime::{
    traits::{BlakeTwo256, Hash as _, IdentifyAccount},
    MultiSigner,
};

use crate::{Error, Result};

/// Seeds of the accounts that every Substrate wallet knows.
const WELL_KNOWN: [&str; 6] = ["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"];

/// The seed of a network's validator: `Alice`, ..., `Ferdie`, `Validator//7`, ...
pub fn validator_seed(index: usize) -> String {
    match WELL_KNOWN.get(index) {
        Some(name) => (*name).into(),
        None => format!("Validator//{}", index + 1),
    }
}

/// The name of a network's validator: `alice`, ..., `ferdie`, `validator-7`, ...
pub fn validator_name(index: usize) -> String {
    match WELL_KNOWN.get(index) {
        Some(name) => name.to_lowercase(),
        None => format!("validator-{}", index + 1),
    }
}

/// The seed of whoever registers the demo model.
pub const MODELLER: &str = "Modeller";

/// The name of a network's worker: `worker-1`, ...
pub fn worker_name(index: usize) -> String {
    format!("worker-{}", index + 1)
}

/// The seed of the account that bonds for a worker and is paid for its work.
pub fn worker_owner(index: usize) -> String {
    format!("Worker//{}", index + 1)
}

/// The seed of the account that a worker works with.
pub fn worker_operator(index: usize) -> String {
    format!("Worker//{}//operator", index + 1)
}

/// The seed of the account that a researcher learns for.
pub fn researcher(index: usize) -> String {
    format!("Researcher//{}", index + 1)
}

/// The name of a network's researcher: `researcher-1`, ...
pub fn researcher_name(index: usize) -> String {
    format!("researcher-{}", index + 1)
}

/// The accounts that so many workers need.
pub fn worker_accounts(count: usize) -> Result<Vec<AccountId>> {
    let seeds = (0..count).flat_map(|index| [worker_owner(index), worker_operator(index)]);
    let modeller = (count > 0).then(|| MODELLER.to_owned());
    seeds.chain(modeller).map(|seed| account(&seed)).collect()
}

/// The key that signs for the account of a development seed.
pub fn signer(seed: &str) -> Result<sr25519::Pair> {
    pair::<sr25519::Pair>(seed)
}

/// The account that a key signs for.
pub fn account_of(signer: &sr25519::Pair) -> AccountId {
    MultiSigner::from(signer.public()).into_account()
}

/// The account of a development seed.
pub fn account(seed: &str) -> Result<AccountId> {
    signer(seed).map(|pair| account_of(&pair))
}

fn pair<P: Pair>(seed: &str) -> Result<P> {
    let suri = format!("//{seed}");
    P::from_string(&suri, None)
        .map_err(|reason| Error::Seed { suri: suri.clone(), reason: format!("{reason:?}") })
}

/// Writes the session keys of a seed as the node's keystore expects them.
///
/// Files rather than `author_insertKey`: the node then authors from its first slot, and two
/// nodes can be given the same keys.
pub fn write_keystore(directory: &Path, seed: &str) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
    let sr25519 = pair::<sr25519::Pair>(seed)?.public();
    let ed25519 = pair::<ed25519::Pair>(seed)?.public();
    let keys: [(KeyTypeId, &[u8]); 3] = [
        (key_types::BABE, &sr25519.0),
        (key_types::GRANDPA, &ed25519.0),
        (key_types::AUTHORITY_DISCOVERY, &sr25519.0),
    ];
    for (kind, public) in keys {
        let file = directory.join(format!("{}{}", hex(&kind.0), hex(public)));
        let content = serde_json::Value::String(format!("//{seed}")).to_string();
        write_secret(&file, content.as_bytes())?;
    }
    Ok(())
}

/// A node's network identity.
#[derive(Clone)]
pub struct NodeKey([u8; 32]);

impl NodeKey {
    /// The same for the same name in the same network, so that a restarted node keeps its
    /// identity; different between networks, so that two of them never take one for the other.
    pub fn derive(network: &Path, name: &str) -> Self {
        let preimage = format!("cairn-localnet node key\n{}\n{name}", network.display());
        Self(BlakeTwo256::hash(preimage.as_bytes()).0)
    }

    pub fn peer_id(&self) -> Result<PeerId> {
        let secret = SecretKey::try_from_bytes(self.0).map_err(|reason| Error::Seed {
            suri: "node key".into(),
            reason: format!("{reason:?}"),
        })?;
        Ok(Keypair::from(secret).public().to_peer_id())
    }

    /// The public half, by which workers' nodes know each other.
    pub fn public(&self) -> [u8; 32] {
        ed25519::Pair::from_seed(&self.0).public().0
    }

    pub fn write(&self, file: &Path) -> Result<()> {
        write_secret(file, hex(&self.0).as_bytes())
    }
}

fn write_secret(file: &Path, content: &[u8]) -> Result<()> {
    fs::write(file, content).map_err(Error::io("write", file))?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))
        .map_err(Error::io("restrict access to", file))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validator_seed_should_leave_the_wallet_names_when_there_are_more_than_six() {
        assert_eq!(validator_seed(0), "Alice");
        assert_eq!(
            (validator_seed(6), validator_name(6)),
            ("Validator//7".into(), "validator-7".into())
        );
    }

    #[test]
    fn account_should_be_the_well_known_one_when_the_seed_is_alice() {
        let alice = hex(account("Alice").unwrap().as_ref());
        assert_eq!(alice, "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d");
    }

    #[test]
    fn node_key_should_differ_when_network_or_name_does() {
        let key = |network: &str, name| NodeKey::derive(Path::new(network), name).0;
        assert_eq!(key("/a", "alice"), key("/a", "alice"));
        assert_ne!(key("/a", "alice"), key("/a", "bob"));
        assert_ne!(key("/a", "alice"), key("/b", "alice"));
    }
}
