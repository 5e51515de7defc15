//! Whether others reach the node where it listens, which they alone can tell.

use super::{Node, Wrong};
use crate::{config::Config, folders::Folders, node};
use cairn_store::{Dialled, Inquiry, NodeId, Unasked};
use serde::Serialize;
use std::{
    fmt,
    net::{SocketAddr, UdpSocket},
};

/// So many others are asked at most, all at once.
const MOST: usize = 8;

/// What others say of the port that the node listens at.
#[derive(Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// Whether the worker runs already, and it was what they dialled.
    pub running: bool,
    pub open: Vec<Tried>,
    /// Where nobody has reached it.
    pub closed: Vec<Tried>,
    /// Why others have told nothing.
    pub untold: Vec<String>,
}

/// An address that the node was dialled at, as whoever dialled sees it.
#[derive(Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    pub address: SocketAddr,
    /// The node that dialled.
    pub by: String,
}

/// Listens for as long as it takes others to dial back, unless the worker itself does. None where
/// it is not to listen, or cannot.
pub(super) async fn look(
    config: &Config,
    node: Option<&Node>,
    wrong: &mut Vec<Wrong>,
) -> Option<Reach> {
    if config.listen.is_empty() {
        return None;
    }
    let taken: Vec<Wrong> = config.listen.iter().filter_map(port).collect();
    let secret = || node::secret(&Folders::make(&config.data).ok()?.node_key()).ok();
    // What is wrong with the key is said where the node is.
    let Some(secret) = node.and_then(|_| secret()) else {
        wrong.extend(taken);
        return None;
    };
    let others = others(config, &NodeId::of(&secret));
    let takes_a_relay = others.iter().any(|(_, addresses)| addresses.is_empty());
    let relays = if takes_a_relay { config.relays.as_slice() } else { &[] };
    let inquiry = match Inquiry::open(&secret, &config.listen, relays).await {
        Ok(inquiry) => inquiry,
        Err(_) if !taken.is_empty() => {
            wrong.extend(taken);
            return None;
        }
        Err(error) => {
            // It says what to do itself.
            wrong.push(Wrong::new("it is not known whether others reach it", error.to_string()));
            return None;
        }
    };
    let told = inquiry.ask(&others).await;
    let running = inquiry.is_running();
    inquiry.close().await;
    let reach = Reach::of(running, told);
    wrong.extend(reach.wrong(node.is_some_and(|node| !node.relays.is_empty())));
    Some(reach)
}

/// QUIC is spoken over UDP.
fn port(address: &SocketAddr) -> Option<Wrong> {
    let reason = UdpSocket::bind(address).err()?;
    let what = format!("the node cannot listen at {address} ({reason})");
    let mend =
        "end what listens there, or name an address of this machine's, and a free port, with \
                --listen";
    Some(Wrong::new(what, mend))
}

/// Whom to ask: before others those whose addresses are known, which takes no relay.
fn others(config: &Config, own: &NodeId) -> Vec<(NodeId, Vec<SocketAddr>)> {
    let others = config.peers.iter().filter(|(node, _)| *node != own);
    let mut others: Vec<_> = others.map(|(node, known)| (*node, known.clone())).collect();
    others.sort_by_key(|(_, known)| known.is_empty());
    others.truncate(MOST);
    others
}

impl Reach {
    fn of(running: bool, told: Vec<(NodeId, Result<Vec<Dialled>, Unasked>)>) -> Self {
        let mut reach = Self { running, ..Self::default() };
        if told.is_empty() {
            reach.untold.push("no other is named with --peer".into());
        }
        for (node, told) in told {
            let by = node.to_string();
            match told {
                Ok(dialled) => dialled.iter().for_each(|dialled| reach.note(dialled, &by)),
                Err(reason) => reach.untold.push(format!("{by} {reason}")),
            }
        }
        let open = &reach.open;
        reach.closed.retain(|closed| open.iter().all(|open| open.address != closed.address));
        reach
    }

    /// Of each address the first who says so is enough.
    fn note(&mut self, dialled: &Dialled, by: &str) {
        let list = if dialled.reached { &mut self.open } else { &mut self.closed };
        if list.iter().all(|tried| tried.address != dialled.address) {
            list.push(Tried { address: dialled.address, by: by.to_owned() });
        }
    }

    /// Nothing is where others find it by a relay, which they have beside the closed port.
    fn wrong(&self, has_relay: bool) -> Vec<Wrong> {
        let closed = self.closed.iter().filter(|_| !has_relay);
        let wrong = closed.map(|Tried { address, by }| {
            let what = format!("closed to others: {by} has dialled {address} and reached nobody");
            let mend = format!(
                "open UDP port {} in the firewall, or forward it to this machine where that is \
                 behind a router; or name a relay that the others have too with --relay",
                address.port()
            );
            Wrong::new(what, mend)
        });
        wrong.collect()
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.open.iter().map(|Tried { address, by }| {
            format!("open to others at {address} (dialled back by {by})")
        });
        let closed = self.closed.iter().map(|Tried { address, by }| {
            format!("closed to others at {address} (dialled by {by})")
        });
        let found: Vec<String> = open.chain(closed).collect();
        if found.is_empty() {
            let reasons = self.untold.join("; ");
            write!(f, "nobody could be asked whether it is open to others: {reasons}")?;
        } else {
            f.write_str(&found.join(", "))?;
        }
        if self.running {
            f.write_str("; the worker runs and has it")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Settings, node::Neighbour, preflight::files};
    use cairn_store::{Peer, Refusal};
    use std::path::Path;

    fn config(data: &Path, listen: SocketAddr, peer: Vec<Neighbour>) -> Config {
        let settings = Settings {
            key: Some("//Alice".into()),
            data: Some(data.into()),
            listen: vec![listen],
            peer,
            ..Default::default()
        };
        settings.resolve(1, 1_000).unwrap()
    }

    fn local() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    async fn found(config: &Config) -> (Option<Reach>, Vec<Wrong>) {
        let mut wrong = Vec::new();
        let node = files::node(config, Vec::new(), &mut wrong);
        (look(config, node.as_ref(), &mut wrong).await, wrong)
    }

    fn dialled(address: &str, reached: bool) -> Dialled {
        Dialled { address: address.parse().unwrap(), reached }
    }

    fn node(seed: u8) -> NodeId {
        NodeId::of(&[seed; 32])
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn port_should_be_open_when_a_neighbour_has_dialled_back() {
        let [directory, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let neighbour = Peer::open(other.path(), &[1; 32], &[local()], &[]).await.unwrap();
        let key = Folders::make(directory.path()).unwrap().node_key();
        let own = NodeId::of(&node::secret(&key).unwrap());
        neighbour.admit(own, &[]).unwrap();
        let address = neighbour.addresses().first().copied();
        let peer = vec![Neighbour { node: neighbour.id(), address }];
        let (reach, wrong) = found(&config(directory.path(), local(), peer.clone())).await;
        let reach = reach.unwrap();
        assert!(wrong.is_empty() && reach.open.len() == 1, "{reach:?} {wrong:?}");
        let text = reach.to_string();
        assert!(text.contains("open to others at 127.0.0.1:"), "{text}");
        assert!(text.ends_with(&format!("(dialled back by {})", neighbour.id())), "{text}");
        // It is too early to ask again, which is nobody's fault.
        let (reach, wrong) = found(&config(directory.path(), local(), peer)).await;
        let text = reach.unwrap().to_string();
        assert!(wrong.is_empty() && text.contains("once a minute"), "{text} {wrong:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn port_should_be_the_workers_when_it_runs_and_wrong_when_another_has_it() {
        let directory = tempfile::tempdir().unwrap();
        let folders = Folders::make(directory.path()).unwrap();
        let secret = node::secret(&folders.node_key()).unwrap();
        let running = Peer::open(&folders.node(), &secret, &[local()], &[]).await.unwrap();
        let (reach, wrong) =
            found(&config(directory.path(), running.addresses()[0], Vec::new())).await;
        let reach = reach.unwrap();
        assert!(reach.running && wrong.is_empty(), "{reach:?} {wrong:?}");
        let text = reach.to_string();
        assert!(text.contains("with --peer") && text.contains("the worker runs"), "{text}");

        let held = UdpSocket::bind(local()).unwrap();
        let taken = held.local_addr().unwrap();
        let (reach, wrong) = found(&config(directory.path(), taken, Vec::new())).await;
        assert_eq!(reach, None);
        assert!(wrong.len() == 1 && wrong[0].what.contains(&taken.to_string()), "{wrong:?}");
        assert!(wrong[0].mend.contains("--listen"), "{wrong:?}");
    }

    #[test]
    fn port_should_be_closed_when_it_was_dialled_in_vain_and_wrong_unless_a_relay_helps() {
        let dialled_in_vain = vec![dialled("10.0.0.1:9700", false)];
        let reach = Reach::of(false, vec![(node(1), Ok(dialled_in_vain))]);
        let wrong = reach.wrong(false);
        let [Wrong { what, mend }] = &wrong[..] else { panic!("{wrong:?}") };
        assert!(what.starts_with("closed to others: ") && what.contains("10.0.0.1:9700"), "{what}");
        assert!(what.contains(&node(1).to_string()), "{what}");
        assert!(mend.contains("open UDP port 9700 in the firewall, or forward it"), "{mend}");
        assert_eq!(reach.wrong(true), Vec::new());
        assert!(reach.to_string().starts_with("closed to others at 10.0.0.1:9700"), "{reach}");
    }

    #[test]
    fn port_should_be_closed_only_where_nobody_has_reached_it() {
        let inside = vec![dialled("10.0.0.1:9700", true)];
        let outside = vec![dialled("192.0.2.1:9700", false), dialled("10.0.0.1:9700", false)];
        let told =
            vec![(node(1), Ok(outside.clone())), (node(2), Ok(inside)), (node(3), Ok(outside))];
        let reach = Reach::of(false, told);
        let places = |tried: &[Tried]| -> Vec<String> {
            tried.iter().map(|tried| tried.address.to_string()).collect()
        };
        assert_eq!(places(&reach.open), ["10.0.0.1:9700"]);
        assert_eq!(places(&reach.closed), ["192.0.2.1:9700"]);
        assert_eq!(reach.wrong(false).len(), 1);
    }

    #[test]
    fn nobody_should_have_been_asked_when_none_has_told() {
        let reasons = [
            (Unasked::Unreached("timed out".into()), "(timed out)"),
            (Unasked::Stranger, "admit this one"),
            (Unasked::Refused(Refusal::Unseen), "by a relay alone"),
            (Unasked::Garbled, "another version"),
        ];
        for (reason, words) in reasons {
            let reach = Reach::of(false, vec![(node(1), Err(reason))]);
            let text = reach.to_string();
            assert!(text.starts_with("nobody could be asked") && text.contains(words), "{text}");
            assert_eq!(reach.wrong(false), Vec::new());
        }
    }

    #[test]
    fn others_should_be_those_first_whose_addresses_are_known_and_never_oneself() {
        let directory = tempfile::tempdir().unwrap();
        let address: Option<SocketAddr> = "10.0.0.1:9700".parse().ok();
        let peers = (1..=10)
            .map(|seed| Neighbour { node: node(seed), address: address.filter(|_| seed > 3) });
        let peer = peers.collect();
        let relay = vec!["https://relay.example".into()];
        let (key, data) = (Some("//Alice".into()), Some(directory.path().into()));
        let settings = Settings { key, data, peer, relay, ..Default::default() };
        let others = others(&settings.resolve(1, 1_000).unwrap(), &node(4));
        assert_eq!(others.len(), MOST);
        assert!(others.iter().all(|(other, _)| *other != node(4)), "{others:?}");
        let known = others.iter().take_while(|(_, known)| !known.is_empty());
        assert_eq!(known.count(), 6);
    }
}
