//! This worker's node: by which key others know it, where it listens, and whom it deals with.

use crate::{config::Config, folders::Folders, statement::salt, Error, Result};
use cairn_store::{NodeId, Peer};
use serde::{Deserialize, Serialize};
use std::{
    fmt, fs,
    io::{self, Read, Write},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    str::FromStr,
};
use tempfile::NamedTempFile;
use tracing::info;

/// Whoever has the key can pose as this node.
const OTHERS: u32 = 0o077;
/// More than any key has.
const MOST_BYTES: u64 = 1_024;

/// Another worker's node, and where it is: `NODEID@ADDRESS`, or `NODEID` where a relay finds it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct Neighbour {
    pub node: NodeId,
    pub address: Option<SocketAddr>,
}

#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "'{0}' is no node; name one as NODEID@ADDRESS:PORT, as `cairn-worker preflight` says it there, \
     or as NODEID where both have a relay"
)]
pub struct NotANode(String);

impl FromStr for Neighbour {
    type Err = NotANode;

    fn from_str(text: &str) -> Result<Self, NotANode> {
        let read = || match text.split_once('@') {
            Some((node, address)) => {
                let address = Some(address.parse::<SocketAddr>().ok()?);
                Some(Self { node: NodeId::from_hex(node)?, address })
            }
            None => Some(Self { node: NodeId::from_hex(text)?, address: None }),
        };
        read().ok_or_else(|| NotANode(text.into()))
    }
}

impl TryFrom<String> for Neighbour {
    type Error = NotANode;

    fn try_from(text: String) -> Result<Self, NotANode> {
        text.parse()
    }
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{}@{address}", self.node),
            None => write!(f, "{}", self.node),
        }
    }
}

impl From<Neighbour> for String {
    fn from(neighbour: Neighbour) -> Self {
        neighbour.to_string()
    }
}

/// Starts the node, if it is to be found or there is anybody to ask.
pub(crate) async fn open(config: &Config, folders: &Folders) -> Result<Option<Peer>> {
    if !config.has_node() {
        return Ok(None);
    }
    let secret = secret(&folders.node_key())?;
    let peer = Peer::open(&folders.node(), &secret, &config.listen, &config.relays).await?;
    let own = peer.id();
    for (node, addresses) in config.peers.iter().filter(|(node, _)| **node != own) {
        peer.admit(*node, addresses)?;
    }
    info!("node {own} listens at {}", list(&peer.addresses()));
    for relay in &config.relays {
        info!("node {own} is found by {relay}");
    }
    Ok(Some(peer))
}

/// The secret key in this file, which is made the first time.
pub(crate) fn secret(path: &Path) -> Result<[u8; 32]> {
    match fs::File::open(path) {
        Ok(file) => read(&file, path),
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => make(path),
        Err(reason) => Err(unusable(path, reason)),
    }
}

fn read(file: &fs::File, path: &Path) -> Result<[u8; 32]> {
    let about = file.metadata().map_err(|reason| unusable(path, reason))?;
    if about.permissions().mode() & OTHERS != 0 {
        return Err(unusable(path, "others can read it; make a new one, or run chmod 600 on it"));
    }
    let mut text = String::new();
    let read = file.take(MOST_BYTES).read_to_string(&mut text);
    read.map_err(|reason| unusable(path, reason))?;
    let words = "it is not 64 hexadecimal digits; remove it, and tell others the new node id";
    let key = blake3::Hash::from_hex(text.trim()).map_err(|_| unusable(path, words))?;
    Ok(*key.as_bytes())
}

/// It is there whole or not at all, and from the start for nobody else to read.
fn make(path: &Path) -> Result<[u8; 32]> {
    let secret = salt()?;
    let digits = blake3::Hash::from_bytes(secret).to_hex();
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(digits.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)
    });
    written.map_err(|reason| unusable(path, reason))?;
    Ok(secret)
}

fn unusable(path: &Path, reason: impl ToString) -> Error {
    Error::NodeKey { path: path.into(), reason: reason.to_string() }
}

/// Addresses, or relays, for people.
pub(crate) fn list(places: &[impl ToString]) -> String {
    let places: Vec<String> = places.iter().map(ToString::to_string).collect();
    places.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;

    #[test]
    fn neighbour_should_be_read_when_it_is_a_node_and_where_that_is() {
        let node = NodeId::of(&[1; 32]);
        let read: Neighbour = format!("{node}@127.0.0.1:7").parse().unwrap();
        assert_eq!(read, Neighbour { node, address: "127.0.0.1:7".parse().ok() });
        for text in [format!("{node}@[::1]:7"), node.to_string()] {
            let read: Neighbour = text.parse().unwrap();
            assert_eq!((read.node, read.to_string()), (node, text));
        }
        let bad =
            [String::new(), format!("{node}@"), format!("{node}@host:7"), "ab@[::1]:7".into()];
        for text in bad {
            assert_eq!(text.parse::<Neighbour>(), Err(NotANode(text)));
        }
    }

    #[test]
    fn secret_should_be_made_once_and_kept_from_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("node.key");
        let made = secret(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(secret(&path).unwrap(), made);
        let other = directory.path().join("other.key");
        assert_ne!(secret(&other).unwrap(), made);
    }

    #[test]
    fn secret_should_be_refused_when_others_can_read_it_or_it_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("node.key");
        secret(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let refused = secret(&path).unwrap_err().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "no key").unwrap();
        let refused = secret(&path).unwrap_err().to_string();
        assert!(refused.contains("hexadecimal"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "no key");
    }
}
