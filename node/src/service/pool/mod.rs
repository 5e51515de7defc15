//! The transaction pool.
//!
//! Substrate's single-state pool starts an instance of the runtime for each transaction it
//! validates, and validates each one again at each block that it waits. Under load that was most
//! of a node's work. Here an answer holds for a few blocks, as long as the chain only grows, and
//! the runtime is asked about many transactions at once.
//!
//! ```text
//! RPC, gossip ──▶ Pool ──▶ BasicPool ──▶ Remembering ──▶ Batches ──▶ runtime
//!                   └ a fork ─── forget ──────┘
//! ```
//!
//! Nothing invalid gets into a block by it: its author, and everyone who imports it, executes
//! each transaction against the block's own state.

mod batches;
mod memory;
mod metrics;

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use cairn_runtime::{opaque::Block, BlockNumber, Hash, Header};
use futures::executor::block_on;
use parking_lot::Mutex;
use sc_cli::{TransactionPoolParams, TransactionPoolType};
use sc_service::Configuration;
use sc_transaction_pool::{
    BasicPool, Builder, ChainApi, FullChainApi, Options, RevalidationType, TransactionPoolHandle,
    TransactionPoolWrapper, ValidateTransactionPriority,
};
use sc_transaction_pool_api::{
    ChainEvent, ImportNotificationStream, LocalTransactionFor, LocalTransactionPool,
    MaintainedTransactionPool, PoolStatus, ReadyTransactions, TransactionFor, TransactionPool,
    TransactionSource, TransactionStatusStreamFor, TxHash, TxInvalidityReportMap,
};
use sp_blockchain::{HeaderBackend, TreeRoute};
use sp_core::traits::SpawnEssentialNamed;
use sp_runtime::{generic::BlockId, transaction_validity::TransactionValidity, OpaqueExtrinsic};

use super::parts::FullClient;
use batches::Batches;
use memory::{Memory, REMEMBERED_BLOCKS};
use metrics::Metrics;

pub type FullPool = TransactionPoolHandle<Block, FullClient>;

type RuntimeApi = FullChainApi<FullClient, Block>;
type PoolError = <RuntimeApi as ChainApi>::Error;

/// The future queue's share of the ready queue's limits, as Substrate has it.
const FUTURE_SHARE: usize = 10;

/// Seconds that a transaction which was found invalid or is in a block is refused, so that
/// gossip does not bring it back.
const BAN_SECONDS: u64 = 30 * 60;

/// Makes the pool that the flags ask for.
pub fn new_pool(
    config: &Configuration,
    params: &TransactionPoolParams,
    client: Arc<FullClient>,
    spawner: impl SpawnEssentialNamed + 'static,
) -> FullPool {
    match params.pool_type {
        TransactionPoolType::ForkAware => {
            Builder::new(spawner, client, config.role.is_authority().into())
                .with_options(config.transaction_pool.clone())
                .with_prometheus(config.prometheus_registry())
                .build()
        }
        TransactionPoolType::SingleState => {
            let pool = Pool::new(config, options(params), client, spawner);
            TransactionPoolWrapper(Box::new(pool))
        }
    }
}

/// The flags as the pool has them; Substrate's own translation cannot be looked into.
fn options(params: &TransactionPoolParams) -> Options {
    let mut options = Options::default();
    let bytes = params.pool_kbytes * 1024;
    options.ready.count = params.pool_limit;
    options.ready.total_bytes = bytes;
    options.future.count = params.pool_limit / FUTURE_SHARE;
    options.future.total_bytes = bytes / FUTURE_SHARE;
    options.ban_time = Duration::from_secs(params.tx_ban_seconds.unwrap_or(BAN_SECONDS));
    options
}

/// The single-state pool over answers that are remembered.
struct Pool {
    inner: BasicPool<Remembering, Block>,
    api: Arc<Remembering>,
}

impl Pool {
    fn new(
        config: &Configuration,
        options: Options,
        client: Arc<FullClient>,
        spawner: impl SpawnEssentialNamed + 'static,
    ) -> Self {
        let registry = config.prometheus_registry();
        let chain = client.info();
        let metrics = Metrics::new(registry);
        let api = Arc::new(Remembering {
            batches: Batches::new(&client, &spawner, &metrics),
            runtime: FullChainApi::new(client, registry, &spawner),
            memory: Mutex::default(),
            metrics,
        });
        let inner = BasicPool::with_revalidation_type(
            options,
            config.role.is_authority().into(),
            api.clone(),
            registry,
            RevalidationType::Full,
            spawner,
            chain.best_number,
            chain.best_hash,
            chain.finalized_hash,
        );
        Self { inner, api }
    }
}

/// The runtime's answers about transactions, the favourable ones remembered.
struct Remembering {
    runtime: RuntimeApi,
    batches: Batches,
    memory: Mutex<Memory>,
    metrics: Option<Metrics>,
}

#[async_trait]
impl ChainApi for Remembering {
    type Block = Block;
    type Error = PoolError;

    async fn validate_transaction(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: Arc<OpaqueExtrinsic>,
        priority: ValidateTransactionPriority,
    ) -> Result<TransactionValidity, PoolError> {
        let (hash, _) = self.runtime.hash_and_length(&transaction);
        let maintained = priority == ValidateTransactionPriority::Maintained;
        if maintained {
            // The pool asks about what a block has just made obsolete.
            self.memory.lock().forget(&hash);
        }
        // The runtime may judge other sources differently, and they are few.
        if maintained || source != TransactionSource::External {
            return self.runtime.validate_transaction(at, source, transaction, priority).await;
        }
        let height = self.runtime.resolve_block_number(at)?;
        let branch = {
            let memory = self.memory.lock();
            if let Some(validity) = memory.recall(&hash, height) {
                if let Some(metrics) = &self.metrics {
                    metrics.remembered.inc();
                }
                return Ok(Ok(validity));
            }
            memory.branch()
        };
        let answer = match self.batches.validate(at, transaction.clone()).await {
            Some(answer) => answer,
            None => self.runtime.validate_transaction(at, source, transaction, priority).await?,
        };
        if let Ok(validity) = &answer {
            self.memory.lock().note(branch, hash, height, validity);
        }
        Ok(answer)
    }

    fn validate_transaction_blocking(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: Arc<OpaqueExtrinsic>,
    ) -> Result<TransactionValidity, PoolError> {
        self.runtime.validate_transaction_blocking(at, source, transaction)
    }

    fn block_id_to_number(&self, at: &BlockId<Block>) -> Result<Option<BlockNumber>, PoolError> {
        self.runtime.block_id_to_number(at)
    }

    fn block_id_to_hash(&self, at: &BlockId<Block>) -> Result<Option<Hash>, PoolError> {
        self.runtime.block_id_to_hash(at)
    }

    fn hash_and_length(&self, transaction: &OpaqueExtrinsic) -> (Hash, usize) {
        self.runtime.hash_and_length(transaction)
    }

    async fn block_body(&self, at: Hash) -> Result<Option<Vec<OpaqueExtrinsic>>, PoolError> {
        self.runtime.block_body(at).await
    }

    fn block_header(&self, at: Hash) -> Result<Option<Header>, PoolError> {
        self.runtime.block_header(at)
    }

    fn tree_route(&self, from: Hash, to: Hash) -> Result<TreeRoute<Block>, PoolError> {
        self.runtime.tree_route(from, to)
    }
}

#[async_trait]
impl MaintainedTransactionPool for Pool {
    async fn maintain(&self, event: ChainEvent<Block>) {
        if let ChainEvent::NewBestBlock { hash, tree_route } = &event {
            let forked = tree_route.as_ref().is_some_and(|route| !route.retracted().is_empty());
            let height = self.api.runtime.resolve_block_number(*hash);
            let mut memory = self.api.memory.lock();
            match height {
                Ok(height) if !forked => {
                    memory.forget_before(height.saturating_sub(REMEMBERED_BLOCKS));
                }
                _ => memory.forget_all(),
            }
        }
        self.inner.maintain(event).await;
    }
}

impl LocalTransactionPool for Pool {
    type Block = Block;
    type Hash = Hash;
    type Error = PoolError;

    /// Blocks the caller, which is a call into the runtime, while the pool's own threads validate.
    fn submit_local(
        &self,
        at: Hash,
        transaction: LocalTransactionFor<Self>,
    ) -> Result<Hash, PoolError> {
        block_on(self.inner.submit_one(at, TransactionSource::Local, transaction))
    }
}

#[async_trait]
impl TransactionPool for Pool {
    type Block = Block;
    type Hash = Hash;
    type InPoolTransaction = <BasicPool<Remembering, Block> as TransactionPool>::InPoolTransaction;
    type Error = PoolError;

    async fn submit_at(
        &self,
        at: Hash,
        source: TransactionSource,
        transactions: Vec<TransactionFor<Self>>,
    ) -> Result<Vec<Result<TxHash<Self>, PoolError>>, PoolError> {
        self.inner.submit_at(at, source, transactions).await
    }

    async fn submit_one(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: TransactionFor<Self>,
    ) -> Result<TxHash<Self>, PoolError> {
        self.inner.submit_one(at, source, transaction).await
    }

    async fn submit_and_watch(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: TransactionFor<Self>,
    ) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, PoolError> {
        self.inner.submit_and_watch(at, source, transaction).await
    }

    async fn ready_at(
        &self,
        at: Hash,
    ) -> Box<dyn ReadyTransactions<Item = Arc<Self::InPoolTransaction>> + Send> {
        self.inner.ready_at(at).await
    }

    async fn ready_at_with_timeout(
        &self,
        at: Hash,
        timeout: Duration,
    ) -> Box<dyn ReadyTransactions<Item = Arc<Self::InPoolTransaction>> + Send> {
        self.inner.ready_at_with_timeout(at, timeout).await
    }

    fn ready(&self) -> Box<dyn ReadyTransactions<Item = Arc<Self::InPoolTransaction>> + Send> {
        self.inner.ready()
    }

    async fn report_invalid(
        &self,
        at: Option<Hash>,
        transactions: TxInvalidityReportMap<TxHash<Self>>,
    ) -> Vec<Arc<Self::InPoolTransaction>> {
        self.inner.report_invalid(at, transactions).await
    }

    fn futures(&self) -> Vec<Self::InPoolTransaction> {
        self.inner.futures()
    }

    fn status(&self) -> PoolStatus {
        self.inner.status()
    }

    fn import_notification_stream(&self) -> ImportNotificationStream<TxHash<Self>> {
        self.inner.import_notification_stream()
    }

    fn on_broadcasted(&self, propagations: HashMap<TxHash<Self>, Vec<String>>) {
        self.inner.on_broadcasted(propagations);
    }

    fn hash_of(&self, transaction: &TransactionFor<Self>) -> TxHash<Self> {
        self.inner.hash_of(transaction)
    }

    fn ready_transaction(&self, hash: &TxHash<Self>) -> Option<Arc<Self::InPoolTransaction>> {
        self.inner.ready_transaction(hash)
    }
}
