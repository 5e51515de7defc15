//! Can the node listen where it is told to?
//!
//! Without this check nobody notices: the RPC server moves to a random port, the peer-to-peer
//! network runs on without the address, and the Prometheus endpoint only logs.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
};

use sc_network::{multiaddr::Protocol, Multiaddr};
use sc_service::Configuration;

use crate::error::StartFault;

/// What an address is listened on for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    Rpc,
    PeerToPeer,
    Prometheus,
}

impl Purpose {
    /// The flags that choose another address.
    pub fn flags(self) -> &'static str {
        match self {
            Self::Rpc => "--rpc-port",
            Self::PeerToPeer => "--port, or --listen-addr",
            Self::Prometheus => "--prometheus-port, or do without with --no-prometheus",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rpc => "JSON-RPC",
            Self::PeerToPeer => "peer-to-peer",
            Self::Prometheus => "Prometheus",
        })
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Transport {
    Tcp,
    Udp,
}

struct Listener {
    purpose: Purpose,
    transport: Transport,
    address: SocketAddr,
}

/// Refuses a configuration with an address that another process holds or the host lacks.
///
/// The addresses are free again when this returns, so a process that takes one in between is
/// still met by the service itself; [`refuse_random_ports`] makes it say so.
pub fn check(config: &Configuration) -> Result<(), StartFault> {
    listeners(config).iter().try_for_each(Listener::check)
}

/// Makes the RPC server fail, rather than move, where its port is taken.
pub fn refuse_random_ports(config: &mut Configuration) {
    for endpoint in config.rpc.addr.iter_mut().flatten() {
        endpoint.retry_random_port = false;
    }
}

fn listeners(config: &Configuration) -> Vec<Listener> {
    let rpc = config.rpc.addr.iter().flatten().map(|endpoint| Listener {
        purpose: Purpose::Rpc,
        transport: Transport::Tcp,
        address: endpoint.listen_addr,
    });
    let peers = config.network.listen_addresses.iter().filter_map(|address| {
        let (transport, address) = socket(address)?;
        Some(Listener { purpose: Purpose::PeerToPeer, transport, address })
    });
    let prometheus = config.prometheus_config.iter().map(|endpoint| Listener {
        purpose: Purpose::Prometheus,
        transport: Transport::Tcp,
        address: endpoint.port,
    });
    rpc.chain(peers).chain(prometheus).collect()
}

/// The socket of an address that begins with an IP address and a port; others are left to the
/// network.
fn socket(address: &Multiaddr) -> Option<(Transport, SocketAddr)> {
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) => Some((Transport::Tcp, SocketAddr::new(ip, port))),
        Protocol::Udp(port) => Some((Transport::Udp, SocketAddr::new(ip, port))),
        _ => None,
    }
}

impl Listener {
    fn check(&self) -> Result<(), StartFault> {
        let Self { purpose, address, .. } = *self;
        match self.bind() {
            Ok(()) => Ok(()),
            Err(cause) if cause.kind() == ErrorKind::AddrInUse => {
                Err(StartFault::AddressTaken { purpose, address })
            }
            // The defaults include IPv6, which a host may lack.
            Err(_) if self.is_for_any_host() => Ok(()),
            Err(cause) => Err(StartFault::AddressRefused { purpose, address, cause }),
        }
    }

    fn bind(&self) -> io::Result<()> {
        match self.transport {
            // The operating system picks a free one.
            _ if self.address.port() == 0 => Ok(()),
            Transport::Tcp => TcpListener::bind(self.address).map(drop),
            Transport::Udp => UdpSocket::bind(self.address).map(drop),
        }
    }

    fn is_for_any_host(&self) -> bool {
        let ip = self.address.ip();
        ip.is_ipv6() && (ip.is_unspecified() || ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn tcp(address: SocketAddr) -> Listener {
        Listener { purpose: Purpose::Rpc, transport: Transport::Tcp, address }
    }

    fn loopback(port: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, port).into()
    }

    #[test]
    fn check_should_refuse_when_another_socket_holds_the_port() {
        let holder = TcpListener::bind(loopback(0)).unwrap();
        let address = holder.local_addr().unwrap();
        let fault = tcp(address).check().unwrap_err();
        assert!(matches!(fault, StartFault::AddressTaken { purpose: Purpose::Rpc, .. }));
        let told = fault.to_string();
        assert!(told.contains(&address.to_string()) && told.contains("--rpc-port"), "{told}");
    }

    #[test]
    fn check_should_refuse_when_another_socket_holds_the_udp_port() {
        let holder = UdpSocket::bind(loopback(0)).unwrap();
        let address = holder.local_addr().unwrap();
        let listener =
            Listener { purpose: Purpose::PeerToPeer, transport: Transport::Udp, address };
        assert!(matches!(listener.check(), Err(StartFault::AddressTaken { .. })));
    }

    #[test]
    fn check_should_leave_the_port_free_when_it_passes() {
        let address = TcpListener::bind(loopback(0)).unwrap().local_addr().unwrap();
        tcp(address).check().unwrap();
        TcpListener::bind(address).unwrap();
    }

    #[test]
    fn check_should_pass_when_the_port_is_left_to_the_system() {
        tcp(loopback(0)).check().unwrap();
    }

    #[test]
    fn check_should_refuse_when_the_host_lacks_the_address() {
        // Reserved for documentation, so no host has it.
        let address = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 30_333));
        assert!(matches!(tcp(address).check(), Err(StartFault::AddressRefused { .. })));
    }

    #[test]
    fn socket_should_read_the_transport_when_the_address_is_numeric() {
        let read = |text: &str| socket(&text.parse().unwrap());
        let any = |port: u16| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        assert_eq!(read("/ip4/0.0.0.0/tcp/30333/ws"), Some((Transport::Tcp, any(30_333))));
        assert_eq!(read("/ip4/0.0.0.0/udp/30333"), Some((Transport::Udp, any(30_333))));
        assert_eq!(read("/dns/example.org/tcp/30333"), None);
    }
}
