//! Who carries what two nodes say to each other for as long as neither reaches the other.

use super::PeerError;
use iroh::{
    endpoint::presets, Endpoint, RelayConfig, RelayMap, RelayMode, RelayUrl, TransportAddr, Watcher,
};
use std::{fmt, str::FromStr, time::Duration};
use tokio::time::timeout;

/// A relay that has not let a node in for so long is none to count on.
const PATIENCE: Duration = Duration::from_secs(8);

/// A server that nodes stay connected to, so that others find them by their ids alone. It tells
/// them where they are seen from, and carries what it cannot read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Relay(RelayUrl);

#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{0}' is no relay; name one as https://HOST or https://HOST:PORT")]
pub struct NotARelay(String);

impl FromStr for Relay {
    type Err = NotARelay;

    fn from_str(text: &str) -> Result<Self, NotARelay> {
        let url = text.parse::<RelayUrl>().ok();
        let spoken = url.filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
        spoken.map(Self).ok_or_else(|| NotARelay(text.into()))
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Relay {
    /// Whether it lets nodes in. It is asked by one that is made up for it: a relay sends away
    /// whoever has the id of one that comes later, and a worker may be running.
    pub async fn reach(&self) -> Result<(), PeerError> {
        let unreached = |reason: String| PeerError::NoRelay { relay: self.clone(), reason };
        let map = RelayMap::from(RelayConfig::new(self.0.clone(), None));
        let binding = Endpoint::builder(presets::Minimal)
            .relay_mode(RelayMode::Custom(map))
            .clear_address_lookup()
            .clear_ip_transports()
            .bind();
        let endpoint = binding.await.map_err(|reason| unreached(reason.to_string()))?;
        let reached = timeout(PATIENCE, endpoint.online()).await;
        let status = endpoint.home_relay_status().get();
        endpoint.close().await;
        reached.map_err(|_| {
            let error = status.iter().find_map(|relay| relay.last_error());
            unreached(error.map_or("it has not answered".into(), |error| format!("{error:#}")))
        })
    }

    /// The way to any node that has the same relay.
    pub(super) fn way(&self) -> TransportAddr {
        TransportAddr::Relay(self.0.clone())
    }
}

/// These relays and no others.
pub(super) fn mode(relays: &[Relay]) -> RelayMode {
    if relays.is_empty() {
        return RelayMode::Disabled;
    }
    RelayMode::custom(relays.iter().map(|relay| relay.0.clone()))
}
