//! The ports of nodes and workers, all on the loopback address.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    ops::Range,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr as LocalAddr, UnixListener},
    },
    process,
    sync::{Mutex, PoisonError},
};

use crate::{Error, Result};

const FIRST_RPC: u16 = 9944;
const FIRST_PROMETHEUS: u16 = 9615;
const FIRST_PEERS: u16 = 30333;
const FIRST_HEALTH: u16 = 9640;
const FIRST_FILES: u16 = 9700;

/// What free ports are taken from: below what systems give to whoever connects anywhere, and beside
/// all fixed ones.
const FREE: Range<u16> = 10_000..30_000;

/// How many of them a process claims at once.
const BLOCK: u16 = 100;

/// What this process has claimed; the last block is the one in use.
static CLAIMED: Mutex<Claimed> = Mutex::new(Claimed { blocks: Vec::new(), left: 0..0 });

struct Claimed {
    /// Nobody else can listen there until this process ends, however it ends.
    blocks: Vec<UnixListener>,
    /// The ports that nobody was told of.
    left: Range<u16>,
}

/// Which ports a network takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PortPlan {
    /// Substrate's usual ones, counting up: what people and wallets expect.
    Fixed,
    /// Any that are free, so that tests do not meet one another.
    Free,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ports {
    pub rpc: u16,
    pub prometheus: u16,
    pub peers: u16,
}

/// The ports of a worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct WorkerPorts {
    /// Its health and metrics, over TCP.
    pub health: u16,
    /// Where others fetch its files, over UDP.
    pub files: u16,
}

impl PortPlan {
    pub(crate) fn worker(self, index: usize) -> Result<WorkerPorts> {
        match self {
            Self::Fixed => {
                let offset = u16::try_from(index).unwrap_or(u16::MAX);
                Ok(WorkerPorts {
                    health: FIRST_HEALTH.saturating_add(offset),
                    files: FIRST_FILES.saturating_add(offset),
                })
            }
            Self::Free => {
                let mut files = free_port()?;
                while hear(files).is_err() {
                    files = free_port()?;
                }
                Ok(WorkerPorts { health: free_port()?, files })
            }
        }
    }

    pub(crate) fn ports(self, index: usize) -> Result<Ports> {
        match self {
            Self::Fixed => {
                // A network is far smaller than the distance between two of these ranges.
                let offset = u16::try_from(index).unwrap_or(u16::MAX);
                Ok(Ports {
                    rpc: FIRST_RPC.saturating_add(offset),
                    prometheus: FIRST_PROMETHEUS.saturating_add(offset),
                    peers: FIRST_PEERS.saturating_add(offset),
                })
            }
            Self::Free => {
                Ok(Ports { rpc: free_port()?, prometheus: free_port()?, peers: free_port()? })
            }
        }
    }
}

impl Ports {
    /// Fails if somebody listens on one of them.
    pub(crate) fn check_free(&self, node: &str) -> Result<()> {
        let wanted =
            [(self.rpc, "RPC"), (self.prometheus, "Prometheus metrics"), (self.peers, "peers")];
        for (port, purpose) in wanted {
            if listen(port).is_err() {
                return Err(Error::PortInUse { port, purpose, node: node.into() });
            }
        }
        Ok(())
    }
}

impl WorkerPorts {
    /// Where others fetch the worker's files.
    pub(crate) fn files_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.files).into()
    }

    /// Fails if somebody listens on one of them.
    pub(crate) fn check_free(&self, worker: &str) -> Result<()> {
        let (health, files) = (listen(self.health).is_ok(), hear(self.files).is_ok());
        let wanted = [(self.health, "health", health), (self.files, "files", files)];
        let taken = wanted.into_iter().find(|(_, _, free)| !free);
        let Some((port, purpose, _)) = taken else { return Ok(()) };
        Err(Error::PortInUse { port, purpose, node: worker.into() })
    }
}

/// A free port. Nobody is told it twice, in this process or in any other of the machine that asks
/// here, whoever listens on it: who was told it may not do so yet.
pub fn free_port() -> Result<u16> {
    let mut claimed = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        for port in claimed.left.by_ref() {
            if listen(port).is_ok() {
                return Ok(port);
            }
        }
        let (block, ports) = claim()?;
        claimed.blocks.push(block);
        claimed.left = ports;
    }
}

/// Claims a block of ports that no process has. Each begins to look elsewhere, so that what one
/// leaves is not taken up at once.
fn claim() -> Result<(UnixListener, Range<u16>)> {
    let all = u32::from((FREE.end - FREE.start) / BLOCK);
    let mut reason = io::Error::from(io::ErrorKind::AddrInUse);
    for offset in 0..all {
        let index = process::id().wrapping_add(offset) % all;
        let first = FREE.start + u16::try_from(index).unwrap_or(0) * BLOCK;
        match hold(first) {
            Ok(block) => return Ok((block, first..first + BLOCK)),
            Err(source) => reason = source,
        }
    }
    Err(Error::NoFreePort { source: reason })
}

/// Listens on a name that stands for a block: the system lets it go with the process.
fn hold(first: u16) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&LocalAddr::from_abstract_name(format!("cairn ports {first}"))?)
}

fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// As QUIC does.
fn hear(port: u16) -> io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn worker_ports_should_be_taken_when_anybody_has_one_of_them() {
        assert_eq!(PortPlan::Fixed.worker(1).unwrap(), WorkerPorts { health: 9641, files: 9701 });
        let ports = PortPlan::Free.worker(0).unwrap();
        ports.check_free("worker-1").unwrap();
        let held = hear(ports.files).unwrap();
        let error = ports.check_free("worker-1").unwrap_err().to_string();
        assert!(error.contains(&ports.files.to_string()) && error.contains("worker-1"), "{error}");
        drop(held);
        let _held = listen(ports.health).unwrap();
        let error = ports.check_free("worker-1").unwrap_err().to_string();
        assert!(error.contains(&ports.health.to_string()), "{error}");
    }

    #[test]
    fn ports_should_be_the_usual_ones_when_fixed() {
        let ports = PortPlan::Fixed.ports(2).unwrap();
        assert_eq!(ports, Ports { rpc: 9946, prometheus: 9617, peers: 30335 });
    }

    #[test]
    fn free_port_should_tell_none_twice() {
        let told: BTreeSet<u16> = (0..1_000).map(|_| free_port().unwrap()).collect();
        assert_eq!(told.len(), 1_000);
        assert!(told.iter().all(|port| FREE.contains(port)), "{told:?}");
    }

    #[test]
    fn free_port_should_tell_no_port_of_a_block_that_another_process_has() {
        let port = free_port().unwrap();
        let first = port - (port - FREE.start) % BLOCK;
        assert_eq!(hold(first).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let (_held, ports) = claim().unwrap();
        assert!(!ports.contains(&port), "{port} is of {ports:?}, which was claimed before");
    }

    #[test]
    fn free_port_should_tell_no_port_that_is_listened_on() {
        let taken = free_port().unwrap() + 1;
        let held = listen(taken);
        for _ in 0..2 * BLOCK {
            let port = free_port().unwrap();
            assert!(held.is_err() || port != taken, "somebody listens on {port}");
        }
    }

    #[test]
    fn check_free_should_name_the_purpose_when_a_port_is_taken() {
        let ports = PortPlan::Free.ports(0).unwrap();
        ports.check_free("alice").unwrap();
        let _held = listen(ports.prometheus).unwrap();
        let error = ports.check_free("alice").unwrap_err().to_string();
        assert!(error.contains(&ports.prometheus.to_string()), "{error}");
        assert!(error.contains("Prometheus") && error.contains("alice"), "{error}");
    }
}
