//! The ports of nodes and workers, all on the loopback address.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    sync::{Mutex, PoisonError},
};

use crate::{Error, Result};

const FIRST_RPC: u16 = 9944;
const FIRST_PROMETHEUS: u16 = 9615;
const FIRST_PEERS: u16 = 30333;
const FIRST_HEALTH: u16 = 9640;
const FIRST_FILES: u16 = 9700;

/// Free ports that this process was told of.
static TOLD: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

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

/// A free port, which this process is told once: whoever was told it may not listen on it yet.
pub fn free_port() -> Result<u16> {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    // Held until another one is found.
    let mut held = Vec::new();
    loop {
        let free = listen(0).and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
        let (port, listener) = free.map_err(|source| Error::NoFreePort { source })?;
        if told.insert(port) {
            return Ok(port);
        }
        held.push(listener);
    }
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// As QUIC does.
fn hear(port: u16) -> std::io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::*;

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
