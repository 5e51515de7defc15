//! What can be wrong with where files come from, and with how others get them.

use super::{Node, Wrong};
use crate::{artifacts, config::Config, folders::Folders, node};
use cairn_store::{Archive, NodeId};
use std::net::SocketAddr;

/// The archive has to be there, to answer, and to take results.
pub(super) async fn archive(config: &Config) -> Option<Wrong> {
    let place = &config.archive;
    let mend = "see that it is there and lets this user in, or name another with --archive";
    let archive = match Archive::open(place, &[]) {
        Ok(archive) => archive,
        Err(error) => return Some(Wrong::new(error.to_string(), mend)),
    };
    if let Err(reason) = archive.check().await {
        return Some(Wrong::new(format!("the archive '{place}' cannot be asked ({reason})"), mend));
    }
    // Nothing is left in one that is elsewhere only to see whether it could be.
    let reason = tempfile::tempfile_in(Archive::folder(place)?).err()?;
    let what = format!("nothing can be put into the archive '{place}' ({reason})");
    let mend = "see that its disk is there and that this user may write to it, or name another \
                with --archive";
    Some(Wrong::new(what, mend))
}

/// More than the disk has cannot be used.
pub(super) fn quota(config: &Config) -> Option<Wrong> {
    let asked = config.quota?;
    // That the folder cannot be made is said of it elsewhere.
    let store = Folders::make(&config.data).ok()?.store();
    let folder = if store.exists() { &store } else { &config.data };
    let most = artifacts::room(folder).ok().filter(|most| asked > *most)?;
    let (asked, most) = (asked >> 20, most >> 20);
    let what = format!("files are given {asked} MiB, and their disk can hold {most}");
    Some(Wrong::new(what, "make room, or give them less with --quota"))
}

/// The relays that let nodes in, of those that there are to be.
pub(super) async fn relays(config: &Config, wrong: &mut Vec<Wrong>) -> Vec<String> {
    let mut reached = Vec::new();
    for relay in &config.relays {
        match relay.reach().await {
            Ok(()) => reached.push(relay.to_string()),
            // It says what to do itself.
            Err(error) => wrong.push(Wrong::new("a relay cannot be used", error.to_string())),
        }
    }
    reached
}

/// The node as others are to be told of it; none where there is to be none.
pub(super) fn node(config: &Config, relays: Vec<String>, wrong: &mut Vec<Wrong>) -> Option<Node> {
    if !config.has_node() {
        return None;
    }
    wrong.extend(secluded(config));
    let secret = Folders::make(&config.data).and_then(|folders| node::secret(&folders.node_key()));
    match secret {
        Ok(secret) => {
            let id = NodeId::of(&secret).to_string();
            Some(Node { id, listens: config.listen.clone(), relays, peers: config.peers.len() })
        }
        Err(error) => {
            let mend = "without it others do not know this node; or leave --listen, --peer and \
                        --relay out";
            wrong.push(Wrong::new(error.to_string(), mend));
            None
        }
    }
}

/// Who listens on addresses that only this machine has is not found by those who are elsewhere,
/// unless by a relay.
fn secluded(config: &Config) -> Option<Wrong> {
    let is_own = |address: &SocketAddr| address.ip().to_canonical().is_loopback();
    let alone = config.relays.is_empty() && config.listen.iter().all(is_own);
    let first = config.listen.first().filter(|_| alone)?;
    let elsewhere = config.peers.values().flatten().find(|address| !is_own(address))?;
    let what = format!("the node listens at {first}, which {elsewhere} cannot reach");
    let mend = "name an address of this machine's that others reach with --listen, and let UDP \
                through to its port";
    Some(Wrong::new(what, mend))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Settings, node::Neighbour};
    use std::{fs, net::TcpListener, path::Path};

    fn settings(data: &Path) -> Settings {
        Settings { key: Some("//Alice".into()), data: Some(data.into()), ..Default::default() }
    }

    fn config(settings: Settings) -> Config {
        settings.resolve(1, 1_000).unwrap()
    }

    #[tokio::test]
    async fn archive_should_be_wrong_when_it_is_none_or_a_file() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(archive(&config(settings(directory.path()))).await, None);
        let file = directory.path().join("file");
        fs::write(&file, "text").unwrap();
        for place in ["ftp://archive".to_owned(), file.display().to_string()] {
            let config = config(Settings { archive: Some(place), ..settings(directory.path()) });
            assert!(archive(&config).await.unwrap().mend.contains("--archive"));
        }
    }

    #[tokio::test]
    async fn archive_should_be_wrong_when_nothing_can_be_put_there() {
        let directory = tempfile::tempdir().unwrap();
        // There, and closed to everybody, root included.
        let place = Some("/proc/self/fdinfo".to_owned());
        let config = config(Settings { archive: place, ..settings(directory.path()) });
        assert!(archive(&config).await.unwrap().mend.contains("may write to it"));
    }

    #[test]
    fn quota_should_be_wrong_when_the_disk_cannot_hold_it() {
        let directory = tempfile::tempdir().unwrap();
        let asked = |quota| config(Settings { quota, ..settings(directory.path()) });
        assert_eq!(quota(&asked(None)), None);
        assert!(quota(&asked(Some(u32::MAX))).unwrap().mend.contains("--quota"));
    }

    #[test]
    fn node_should_say_who_it_is_and_where_it_listens() {
        let directory = tempfile::tempdir().unwrap();
        let listen: Vec<SocketAddr> = vec!["127.0.0.1:9700".parse().unwrap()];
        let config = config(Settings { listen: listen.clone(), ..settings(directory.path()) });
        let mut wrong = Vec::new();
        let first = node(&config, Vec::new(), &mut wrong).unwrap();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!((first.listens.clone(), first.peers), (listen, 0));
        let again = node(&config, Vec::new(), &mut wrong);
        assert_eq!(again, Some(first), "it is the same each time");
    }

    #[test]
    fn node_should_be_wrong_when_it_listens_where_others_cannot_reach_it() {
        let directory = tempfile::tempdir().unwrap();
        let said = |listen: &str, peer: &str, relay: Option<&str>| {
            let peer = Neighbour { node: NodeId::of(&[7; 32]), address: peer.parse().ok() };
            let (listen, peer) = (vec![listen.parse().unwrap()], vec![peer]);
            let relay = relay.map(str::to_owned).into_iter().collect();
            let config = config(Settings { listen, peer, relay, ..settings(directory.path()) });
            let mut wrong = Vec::new();
            assert!(node(&config, Vec::new(), &mut wrong).is_some());
            wrong
        };
        let wrong = said("127.0.0.1:0", "10.0.0.2:9700", None);
        assert!(said("127.0.0.1:0", "10.0.0.2:9700", Some("https://relay.example")).is_empty());
        assert!(wrong.len() == 1 && wrong[0].what.contains("10.0.0.2:9700"), "{wrong:?}");
        assert!(wrong[0].mend.contains("--listen"), "{wrong:?}");
        for (listen, peer) in [("127.0.0.1:0", "127.0.0.1:9700"), ("0.0.0.0:0", "10.0.0.2:9700")] {
            assert!(said(listen, peer, None).is_empty(), "{listen}");
        }
    }

    #[tokio::test]
    async fn relay_should_be_wrong_when_it_lets_no_node_in() {
        let directory = tempfile::tempdir().unwrap();
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let relay = vec![format!("http://{nobody}")];
        let config = config(Settings { relay, ..settings(directory.path()) });
        let mut wrong = Vec::new();
        assert!(relays(&config, &mut wrong).await.is_empty());
        assert!(wrong.len() == 1 && wrong[0].mend.contains(&nobody.to_string()), "{wrong:?}");
    }

    #[test]
    fn node_should_be_none_when_none_is_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let mut wrong = Vec::new();
        let config = config(settings(directory.path()));
        assert_eq!(node(&config, Vec::new(), &mut wrong), None);
        assert!(wrong.is_empty());
    }
}
