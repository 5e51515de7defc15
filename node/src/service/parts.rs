//! What the running node and the subcommands share: client, database, pool and import queue.

use std::sync::Arc;

use cairn_runtime::{opaque::Block, RuntimeApi};
use sc_cli::TransactionPoolParams;
use sc_consensus::{DefaultImportQueue, LongestChain};
use sc_consensus_babe::{BabeBlockImport, BabeLink, BabeWorkerHandle, ImportQueueParams};
use sc_consensus_grandpa::{GrandpaBlockImport, GrandpaPruningFilter, LinkHalf};
use sc_executor::WasmExecutor;
use sc_service::{
    error::Error as ServiceError, Configuration, PartialComponents, TFullBackend, TFullClient,
    TaskManager,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::{
    inherents::{BabeCreateInherentDataProviders, InherentDataProvider as SlotProvider},
    SlotDuration,
};
use sp_io::SubstrateHostFunctions;
use sp_keystore::KeystorePtr;
use sp_timestamp::InherentDataProvider as TimestampProvider;

use super::{
    pool::{self, FullPool},
    witness::{self, Witness},
};

pub type FullClient = TFullClient<Block, RuntimeApi, WasmExecutor<SubstrateHostFunctions>>;
pub type FullBackend = TFullBackend<Block>;
pub type FullSelectChain = LongestChain<FullBackend, Block>;
pub type InherentProviders = BabeCreateInherentDataProviders<Block>;
pub type GrandpaImport = GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
pub type BabeImport =
    BabeBlockImport<Block, FullClient, GrandpaImport, InherentProviders, FullSelectChain>;
pub type FullBlockImport = Witness<BabeImport>;

pub type Parts = PartialComponents<
    FullClient,
    FullBackend,
    FullSelectChain,
    DefaultImportQueue<Block>,
    FullPool,
    ConsensusParts,
>;

/// Blocks between GRANDPA justifications that are stored though no authority set changed.
///
/// A node or light client that syncs needs at most one of them; each costs a kilobyte or more.
pub const JUSTIFICATION_PERIOD: u32 = 512;

/// Telemetry messages waiting to be sent, beyond which new ones are dropped.
const TELEMETRY_BUFFER: usize = 16;

/// What the parts of the service hold on to.
#[derive(Clone)]
pub struct Chain {
    pub client: Arc<FullClient>,
    pub backend: Arc<FullBackend>,
    pub pool: Arc<FullPool>,
    pub select_chain: FullSelectChain,
    pub keystore: KeystorePtr,
}

/// What authoring and voting are started from.
pub struct ConsensusParts {
    pub block_import: FullBlockImport,
    pub babe_link: BabeLink<Block>,
    pub babe_worker: BabeWorkerHandle<Block>,
    pub grandpa_link: LinkHalf<Block, FullClient, FullSelectChain>,
    pub inherents: InherentProviders,
    pub telemetry: Option<Telemetry>,
}

pub fn new_partial(
    config: &Configuration,
    pool_params: &TransactionPoolParams,
) -> Result<Parts, ServiceError> {
    let telemetry = connect_telemetry(config)?;
    let executor = sc_service::new_wasm_executor::<SubstrateHostFunctions>(&config.executor);
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(
            config,
            telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
            executor,
            // Without them a pruned node could not serve warp sync.
            vec![Arc::new(GrandpaPruningFilter)],
        )?;
    let client = Arc::new(client);
    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager.spawn_handle().spawn("telemetry", None, worker.run());
        telemetry
    });
    let select_chain = LongestChain::new(backend.clone());
    let pool =
        pool::new_pool(config, pool_params, client.clone(), task_manager.spawn_essential_handle());
    let transaction_pool = Arc::new(pool);
    let (import_queue, other) = join_consensus(
        config,
        &task_manager,
        client.clone(),
        select_chain.clone(),
        transaction_pool.clone(),
        telemetry,
    )?;
    Ok(PartialComponents {
        client,
        backend,
        task_manager,
        keystore_container,
        select_chain,
        import_queue,
        transaction_pool,
        other,
    })
}

/// Stacks the block imports: the witness reports who signs two blocks for one slot, BABE checks
/// what is in the block, GRANDPA notes changes of its authority set, the client executes it.
fn join_consensus(
    config: &Configuration,
    task_manager: &TaskManager,
    client: Arc<FullClient>,
    select_chain: FullSelectChain,
    pool: Arc<FullPool>,
    telemetry: Option<Telemetry>,
) -> Result<(DefaultImportQueue<Block>, ConsensusParts), ServiceError> {
    let telemetry_handle = telemetry.as_ref().map(|telemetry| telemetry.handle());
    let (grandpa_import, grandpa_link) = sc_consensus_grandpa::block_import(
        client.clone(),
        JUSTIFICATION_PERIOD,
        &client,
        select_chain.clone(),
        telemetry_handle.clone(),
    )?;
    let babe_config = sc_consensus_babe::configuration(&*client)?;
    let slot_duration = babe_config.slot_duration();
    let inherents = inherent_providers(slot_duration);
    let (babe_import, babe_link) = sc_consensus_babe::block_import(
        babe_config,
        grandpa_import.clone(),
        client.clone(),
        inherents.clone(),
        select_chain,
        OffchainTransactionPoolFactory::new(witness::Dropped),
    )?;
    let block_import = Witness::new(
        babe_import,
        client.clone(),
        babe_link.clone(),
        OffchainTransactionPoolFactory::new(pool),
    );
    let (import_queue, babe_worker) = sc_consensus_babe::import_queue(ImportQueueParams {
        link: babe_link.clone(),
        block_import: block_import.clone(),
        justification_import: Some(Box::new(grandpa_import)),
        client,
        slot_duration,
        spawner: &task_manager.spawn_essential_handle(),
        registry: config.prometheus_registry(),
        telemetry: telemetry_handle,
    })?;
    let parts =
        ConsensusParts { block_import, babe_link, babe_worker, grandpa_link, inherents, telemetry };
    Ok((import_queue, parts))
}

/// The slot is that of the wall clock, so it and the timestamp come from one reading.
fn inherent_providers(slot_duration: SlotDuration) -> InherentProviders {
    Arc::new(move |_, ()| async move {
        let timestamp = TimestampProvider::from_system_time();
        let slot = SlotProvider::from_timestamp_and_slot_duration(*timestamp, slot_duration);
        Ok((slot, timestamp))
    }) as InherentProviders
}

fn connect_telemetry(
    config: &Configuration,
) -> Result<Option<(TelemetryWorker, Telemetry)>, ServiceError> {
    let Some(endpoints) = config.telemetry_endpoints.clone().filter(|list| !list.is_empty()) else {
        return Ok(None);
    };
    let worker = TelemetryWorker::new(TELEMETRY_BUFFER)?;
    let telemetry = worker.handle().new_telemetry(endpoints);
    Ok(Some((worker, telemetry)))
}
