//! Joins Substrate's parts into a Cairn node.

mod consensus;
mod gossip;
mod links;
mod parts;
mod pool;
mod witness;

use std::sync::Arc;

use cairn_runtime::{opaque::Block, Hash};
use sc_cli::TransactionPoolParams;
use sc_consensus::DefaultImportQueue;
use sc_consensus_grandpa::{warp_proof::NetworkProvider, SharedVoterState};
use sc_network::{
    config::NetworkBackendType, Litep2pNetworkBackend, NetworkBackend, NetworkWorker,
};
use sc_network_sync::WarpSyncConfig;
use sc_rpc::SubscriptionTaskExecutor;
use sc_service::{
    error::Error as ServiceError, BuildNetworkParams, Configuration, PartialComponents,
    SpawnTasksParams, TaskManager,
};
use sp_blockchain::HeaderBackend;

use crate::{cli::ConsensusOptions, preflight::storage, rpc};
use consensus::Duties;
use links::Links;

pub use parts::{new_partial, Chain, ConsensusParts, FullBackend, FullClient};

/// Starts a node, which runs until its task manager is dropped.
pub fn new_full(
    config: Configuration,
    options: ConsensusOptions,
    pool: &TransactionPoolParams,
) -> Result<TaskManager, ServiceError> {
    match config.network.network_backend {
        NetworkBackendType::Litep2p => assemble::<Litep2pNetworkBackend>(config, options, pool),
        NetworkBackendType::Libp2p => assemble::<NetworkWorker<Block, Hash>>(config, options, pool),
    }
}

fn assemble<Network: NetworkBackend<Block, Hash>>(
    config: Configuration,
    options: ConsensusOptions,
    pool: &TransactionPoolParams,
) -> Result<TaskManager, ServiceError> {
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool: pool,
        other: mut consensus,
    } = new_partial(&config, pool)?;
    let chain =
        Chain { client, backend, pool, select_chain, keystore: keystore_container.keystore() };

    let telemetry = consensus.telemetry.as_ref().map(|telemetry| telemetry.handle());
    let duties = Duties::new(&config, telemetry, options);
    let discovery = links::discovery_config(&config);
    let registry = config.prometheus_registry().cloned();
    let base_path = config.base_path.path().to_owned();
    let voter_state = SharedVoterState::empty();

    let links = serve::<Network>(
        config,
        &mut task_manager,
        &chain,
        import_queue,
        &mut consensus,
        voter_state.clone(),
    )?;
    task_manager.spawn_essential_handle().spawn("disk-space", None, storage::watch(base_path));

    let ConsensusParts { block_import, babe_link, grandpa_link, inherents, .. } = consensus;
    if duties.role.is_authority() {
        duties.start_authoring(
            &task_manager,
            &chain,
            &links.sync,
            block_import,
            babe_link,
            inherents,
        )?;
        links::start_discovery(discovery, &task_manager, &chain, links.network.clone(), registry);
    }
    let Links { network, sync, votes } = links;
    if let Some(votes) = votes {
        duties.start_voting(
            &task_manager,
            &chain,
            (network, sync),
            votes,
            grandpa_link,
            voter_state,
        )?;
    }
    Ok(task_manager)
}

/// Connects to other nodes, and opens the node to its users.
fn serve<Network: NetworkBackend<Block, Hash>>(
    config: Configuration,
    task_manager: &mut TaskManager,
    chain: &Chain,
    import_queue: DefaultImportQueue<Block>,
    consensus: &mut ConsensusParts,
    voter_state: SharedVoterState,
) -> Result<Links, ServiceError> {
    let (net_config, metrics, votes) =
        links::network_config::<Network>(&config, &chain.client.info().genesis_hash);
    let warp_sync = Arc::new(NetworkProvider::new(
        chain.backend.clone(),
        consensus.grandpa_link.shared_authority_set().clone(),
        Vec::new(),
    ));
    let (network, system_rpc_tx, tx_handler_controller, sync, _) =
        sc_service::build_network(BuildNetworkParams {
            config: &config,
            net_config,
            client: chain.client.clone(),
            transaction_pool: Arc::new(gossip::Audible(chain.pool.clone())),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
            block_relay: None,
            metrics,
            gap_sync_body_policy: None,
        })?;
    if config.offchain_worker.enabled {
        links::start_offchain_workers(&config, task_manager, chain, network.clone())?;
    }
    let sources =
        rpc::Sources::new(chain.clone(), config.chain_spec.cloned_box(), consensus, voter_state);
    sc_service::spawn_tasks(SpawnTasksParams {
        config,
        client: chain.client.clone(),
        backend: chain.backend.clone(),
        task_manager,
        keystore: chain.keystore.clone(),
        transaction_pool: chain.pool.clone(),
        rpc_builder: Box::new(move |executor: SubscriptionTaskExecutor| {
            sources.module(executor).map_err(ServiceError::Application)
        }),
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync.clone(),
        telemetry: consensus.telemetry.as_mut(),
        tracing_execute_block: None,
    })?;
    Ok(Links { network, sync, votes })
}
