//! What ties the node to other nodes, and the tasks that live on it.

use std::sync::Arc;

use cairn_runtime::{opaque::Block, Hash};
use futures::{FutureExt, StreamExt};
use sc_authority_discovery::WorkerConfig;
use sc_client_api::Backend;
use sc_network::{
    config::FullNetworkConfiguration, service::traits::NetworkService, Event, NetworkBackend,
    NetworkEventStream, NotificationMetrics, NotificationService, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{error::Error as ServiceError, Configuration, TaskManager};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use substrate_prometheus_endpoint::Registry;

use super::parts::Chain;

/// The running network.
pub struct Links {
    pub network: Arc<dyn NetworkService>,
    pub sync: Arc<SyncingService<Block>>,
    /// None where the node does not take part in finality.
    pub votes: Option<Votes>,
}

/// The channel that GRANDPA's votes travel on.
pub struct Votes {
    pub protocol_name: ProtocolName,
    pub notifications: Box<dyn NotificationService>,
}

/// The network as it is to be built, with the channel for votes where somebody listens to it.
///
/// A channel without a listener must not be offered: connections are refused for its sake.
pub fn network_config<Network: NetworkBackend<Block, Hash>>(
    config: &Configuration,
    genesis: &Hash,
) -> (FullNetworkConfiguration<Block, Hash, Network>, NotificationMetrics, Option<Votes>) {
    let registry = config.prometheus_registry();
    let metrics = Network::register_notification_metrics(registry);
    let mut net_config =
        FullNetworkConfiguration::<Block, Hash, Network>::new(&config.network, registry.cloned());
    if config.disable_grandpa {
        return (net_config, metrics, None);
    }
    let protocol_name = sc_consensus_grandpa::protocol_standard_name(genesis, &config.chain_spec);
    let (protocol, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<Block, Network>(
        protocol_name.clone(),
        metrics.clone(),
        net_config.peer_store_handle(),
    );
    net_config.add_notification_protocol(protocol);
    (net_config, metrics, Some(Votes { protocol_name, notifications }))
}

/// Runs the runtime's off-chain workers: they mine the staking election and send its result.
pub fn start_offchain_workers(
    config: &Configuration,
    task_manager: &TaskManager,
    chain: &Chain,
    network: Arc<dyn NetworkService>,
) -> Result<(), ServiceError> {
    let workers = OffchainWorkers::new(OffchainWorkerOptions {
        runtime_api_provider: chain.client.clone(),
        keystore: Some(chain.keystore.clone()),
        offchain_db: chain.backend.offchain_storage(),
        transaction_pool: Some(OffchainTransactionPoolFactory::new(chain.pool.clone())),
        network_provider: Arc::new(network),
        is_validator: config.role.is_authority(),
        // Nothing in the runtime fetches pages, and a validator is no place to start.
        enable_http_requests: false,
        custom_extensions: |_| Vec::new(),
    })?;
    task_manager.spawn_handle().spawn(
        "offchain-workers-runner",
        Some("offchain-worker"),
        workers.run(chain.client.clone(), task_manager.spawn_handle()).boxed(),
    );
    Ok(())
}

/// How this node is found, and finds others, by session key.
pub fn discovery_config(config: &Configuration) -> WorkerConfig {
    WorkerConfig {
        publish_non_global_ips: config.network.allow_non_globals_in_dht,
        public_addresses: config.network.public_addresses.clone(),
        // Every node of this chain signs its records.
        strict_record_validation: true,
        persisted_cache_directory: config.network.net_config_path.clone(),
        ..Default::default()
    }
}

/// Publishes the validator's addresses and connects it to the other validators.
pub fn start_discovery(
    config: WorkerConfig,
    task_manager: &TaskManager,
    chain: &Chain,
    network: Arc<dyn NetworkService>,
    registry: Option<Registry>,
) {
    let events = network.event_stream("authority-discovery").filter_map(|event| async move {
        match event {
            Event::Dht(event) => Some(event),
            _ => None,
        }
    });
    let (worker, _service) = sc_authority_discovery::new_worker_and_service_with_config(
        config,
        chain.client.clone(),
        Arc::new(network),
        Box::pin(events),
        sc_authority_discovery::Role::PublishAndDiscover(chain.keystore.clone()),
        registry,
        task_manager.spawn_handle(),
    );
    task_manager.spawn_handle().spawn(
        "authority-discovery-worker",
        Some("networking"),
        worker.run(),
    );
}
