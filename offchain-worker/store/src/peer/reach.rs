//! Whether a node is reached where it listens, which others alone can tell: they are asked, and
//! dial back.
//!
//! ```text
//!  asks, from a port of its own ── its ports ──▶ neighbour: admitted? a minute since? nobody else?
//!                                                    │
//!  listens ◀── a fresh endpoint dials ───────────────┤ the address that the question came from,
//!                                                    │ at these ports, and no other
//!  hears ◀── where, and whether this very node was there
//! ```
//!
//! Nothing lets the one in that dials but that the port is open: it comes from a port that nothing
//! was ever sent to, and nothing was sent from where it goes.

mod answering;
mod asking;
mod wire;

pub(super) use answering::Answering;
pub use asking::{Inquiry, Unasked};
use iroh::{
    endpoint::{presets, VarInt},
    Endpoint, EndpointAddr, EndpointId, RelayMode, TransportAddr,
};
use std::{net::SocketAddr, time::Duration};
use tokio::time::timeout;
#[cfg(test)]
pub(super) use wire::{read, Ports};
pub use wire::{Dialled, Refusal};

pub(super) const ALPN: &[u8] = b"cairn/reach/1";
/// Enough for a first packet to be sent three times.
const PATIENCE: Duration = Duration::from_secs(5);
const DONE: VarInt = VarInt::from_u32(0);

/// Whether this very node answers at this very address; none where nobody can be dialled from here.
async fn dial(node: EndpointId, address: SocketAddr) -> Option<Dialled> {
    let binding = Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .clear_address_lookup()
        .bind();
    let endpoint = binding.await.ok()?;
    let there = EndpointAddr::from_parts(node, [TransportAddr::Ip(address)]);
    let reached = match timeout(PATIENCE, endpoint.connect(there, ALPN)).await {
        Ok(Ok(connection)) => {
            connection.close(DONE, b"reached");
            true
        }
        _ => false,
    };
    endpoint.close().await;
    Some(Dialled { address, reached })
}
