//! The transaction pool.
//!
//! Substrate's single-state pool starts an instance of the runtime for each transaction it
//! validates, and validates each one again at each block that it waits. Under load that was most
//! of a node's work. Here an answer holds for a while, as long as no block changes it, and the
//! runtime is asked about many transactions at once.
//!
//! ```text
//! RPC, gossip ──▶ Pool ──▶ BasicPool ──▶ Remembering ──▶ Batches ──▶ runtime
//!                   └ what a block changes ───┘
//! ```
//!
//! Nothing invalid gets into a block by it: its author, and everyone who imports it, executes
//! each transaction against the block's own state.

mod batches;
mod memory;
mod metrics;

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use async_trait::async_trait;
use cairn_runtime::{
    opaque::Block, AccountId, Address, BlockNumber, Hash, Header, Nonce, UncheckedExtrinsic,
};
use codec::{Decode, Encode};
use futures::{executor::block_on, StreamExt};
use parking_lot::Mutex;
use sc_cli::{TransactionPoolParams, TransactionPoolType};
use sc_client_api::BlockBackend;
use sc_service::Configuration;
use sc_transaction_pool::{
    BasicPool, Builder, ChainApi, FullChainApi, Options, RevalidationType, TransactionPoolHandle,
    TransactionPoolWrapper, ValidateTransactionPriority, LOG_TARGET,
};
use sc_transaction_pool_api::{
    ChainEvent, ImportNotificationStream, LocalTransactionFor, LocalTransactionPool,
    MaintainedTransactionPool, PoolStatus, ReadyTransactions, TransactionFor, TransactionPool,
    TransactionSource, TransactionStatusStreamFor, TxHash, TxInvalidityReportMap,
};
use sp_blockchain::{HeaderBackend, TreeRoute};
use sp_core::traits::SpawnEssentialNamed;
use sp_runtime::{
    generic::{BlockId, Preamble},
    transaction_validity::{
        InvalidTransaction, TransactionValidity, TransactionValidityError, UnknownTransaction,
    },
    OpaqueExtrinsic,
};

use super::{gossip::Paced, parts::FullClient};
use batches::Batches;
use memory::{Change, Memory};
use metrics::Metrics;

pub type FullPool = TransactionPoolHandle<Block, FullClient>;

type RuntimeApi = FullChainApi<FullClient, Block>;
type PoolError = <RuntimeApi as ChainApi>::Error;

/// Seconds that a transaction which was found invalid or is in a block is refused, so that
/// gossip does not bring it back.
const BAN_SECONDS: u64 = 30 * 60;

/// Makes the pool that the flags ask for.
pub fn new_pool(
    config: &Configuration,
    params: &TransactionPoolParams,
    client: Arc<FullClient>,
    spawner: impl SpawnEssentialNamed + Clone + 'static,
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
    // Substrate's tenth is too few: an account's transactions come over several nodes, and under
    // load wait for each other. What the queue has no room for is gone for good.
    options.future.count = params.pool_limit;
    options.future.total_bytes = bytes;
    options.ban_time = Duration::from_secs(params.tx_ban_seconds.unwrap_or(BAN_SECONDS));
    options
}

type Inner = BasicPool<Remembering, Block>;

/// The single-state pool over answers that are remembered.
struct Pool {
    inner: Arc<Inner>,
    api: Arc<Remembering>,
    /// What peers are told.
    paced: Paced,
    /// What was thrown away with a transaction that could not be applied. An author who writes a
    /// block before the pool has heard of the last one tries what is in there once more, and with
    /// each such transaction all that follow it would be gone.
    orphans: Mutex<Vec<OpaqueExtrinsic>>,
}

impl Pool {
    fn new(
        config: &Configuration,
        options: Options,
        client: Arc<FullClient>,
        spawner: impl SpawnEssentialNamed + Clone + 'static,
    ) -> Self {
        let registry = config.prometheus_registry();
        let chain = client.info();
        let metrics = Metrics::new(registry);
        let api = Arc::new(Remembering {
            batches: Batches::new(&client, &spawner, &metrics),
            runtime: FullChainApi::new(client.clone(), registry, &spawner),
            client,
            memory: Mutex::default(),
            metrics,
            pool: OnceLock::new(),
        });
        let inner = Arc::new(BasicPool::with_revalidation_type(
            options,
            config.role.is_authority().into(),
            api.clone(),
            registry,
            RevalidationType::Full,
            spawner.clone(),
            chain.best_number,
            chain.best_hash,
            chain.finalized_hash,
        ));
        api.pool.get_or_init(|| Arc::downgrade(&inner));
        let paced = Paced::default();
        let news = inner.import_notification_stream().fuse();
        let telling = Box::pin(paced.clone().tell(news));
        spawner.spawn_essential("transaction-gossip", Some("transaction-pool"), telling);
        Self { inner, api, paced, orphans: Mutex::default() }
    }
}

/// Blocks that are read to find out what has changed; more come only while a node catches up.
const LONGEST_ROUTE: usize = 32;

/// The runtime's answers about transactions, the favourable ones remembered.
struct Remembering {
    client: Arc<FullClient>,
    runtime: RuntimeApi,
    batches: Batches,
    memory: Mutex<Memory>,
    metrics: Option<Metrics>,
    /// Whose questions these are.
    pool: OnceLock<Weak<Inner>>,
}

/// A transaction in a block.
struct Sent {
    hash: Hash,
    sender: AccountId,
    nonce: Nonce,
}

impl Remembering {
    /// What it changes that another block is the best one, if that can be read.
    fn change(&self, from: Hash, to: Hash) -> Option<Change> {
        let route = self.runtime.tree_route(from, to).ok()?;
        if route.retracted().len() + route.enacted().len() > LONGEST_ROUTE {
            return None;
        }
        let mut change = Change::default();
        for block in route.retracted() {
            change.left.extend(self.sent(block.hash)?.into_iter().map(|sent| sent.sender));
        }
        for block in route.enacted() {
            for sent in self.sent(block.hash)? {
                change.entered.insert((sent.sender, sent.nonce).encode());
                change.included.insert(sent.hash);
            }
        }
        Some(change)
    }

    /// The transactions of a block that accounts sent.
    fn sent(&self, block: Hash) -> Option<Vec<Sent>> {
        let mut sent = Vec::new();
        for opaque in self.client.block_body(block).ok()?? {
            let (hash, _) = self.runtime.hash_and_length(&opaque);
            let transaction = UncheckedExtrinsic::decode(&mut &*opaque.encode()).ok()?;
            match transaction.preamble {
                Preamble::Signed(Address::Id(sender), _, (_, _, _, _, _, nonce, ..)) => {
                    sent.push(Sent { hash, sender, nonce: nonce.0 });
                }
                // The author's own words about the block.
                Preamble::Bare(_) => {}
                _ => return None,
            }
        }
        Some(sent)
    }

    async fn validate_at(
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
        let recalled = {
            let memory = self.memory.lock();
            let included =
                memory.has_included(&hash).then(|| Err(InvalidTransaction::Stale.into()));
            included.or_else(|| memory.recall(&hash, height).map(Ok))
        };
        if let Some(answer) = recalled {
            if let Some(metrics) = &self.metrics {
                metrics.remembered.inc();
            }
            return Ok(self.unless_waiting(&hash, answer));
        }
        let answer = match self.batches.validate(at, transaction.clone()).await {
            Some(answer) => answer,
            None => self.runtime.validate_transaction(at, source, transaction, priority).await?,
        };
        let answer = answer.map(|validity| {
            let now = self.memory.lock().note(at, height, hash, validity.clone());
            now.unwrap_or(validity)
        });
        Ok(self.unless_waiting(&hash, answer))
    }

    /// An answer, unless the transaction waits for a block already. Then it is the pool that looks
    /// through what it has, thousands at once. What is valid it puts back as it was when it was
    /// asked about: if the one before it is in a block by then, it would wait for that one forever.
    /// What is stale it throws away with all that follows, though it is only in a block that the
    /// pool has not heard of. An unknown transaction it leaves alone.
    fn unless_waiting(&self, hash: &Hash, answer: TransactionValidity) -> TransactionValidity {
        let stale = Err(InvalidTransaction::Stale.into());
        let pool = self.pool.get().and_then(Weak::upgrade);
        let waits = || pool.is_some_and(|pool| pool.ready_transaction(hash).is_some());
        if (answer.is_ok() || answer == stale) && waits() {
            Err(UnknownTransaction::CannotLookup.into())
        } else {
            answer
        }
    }
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
        let best = self.client.info().best_hash;
        match self.validate_at(at, source, transaction.clone(), priority).await {
            // The pool throws away what it gets such an answer about, and all that follows it. But
            // finality may have pruned the fork on which this block was, or the chain may have left
            // the fork that has the transaction.
            Err(_) | Ok(Err(TransactionValidityError::Invalid(_))) if at != best => {
                self.validate_at(best, source, transaction, priority).await
            }
            answer => answer,
        }
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
        let before = self.api.memory.lock().best();
        let best = match &event {
            ChainEvent::NewBestBlock { hash, .. } => Some(*hash),
            // Most often it is on the way to the best block. Else its branch has won.
            ChainEvent::Finalized { hash, .. } => before
                .and_then(|before| self.api.runtime.tree_route(before, *hash).ok())
                .and_then(|route| (!route.enacted().is_empty()).then_some(*hash)),
            ChainEvent::NewBlock { .. } => None,
        };
        if let Some(best) = best {
            let change = before.and_then(|before| self.api.change(before, best));
            match self.api.runtime.resolve_block_number(best) {
                Ok(height) => self.api.memory.lock().step(best, height, change),
                Err(error) => log::warn!(target: LOG_TARGET, "{best:?} is gone: {error}"),
            }
        }
        self.inner.maintain(event).await;
        let orphans = std::mem::take(&mut *self.orphans.lock());
        if !orphans.is_empty() {
            let best = self.api.client.info().best_hash;
            // Those that are not valid are the ones to be thrown away.
            let _ = self.inner.submit_at(best, TransactionSource::External, orphans).await;
        }
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
    type InPoolTransaction = <Inner as TransactionPool>::InPoolTransaction;
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
        // One that comes too early for a block, since the pool thinks of another, is no bad one.
        let early = Some(InvalidTransaction::Future.into());
        let transactions: TxInvalidityReportMap<_> =
            transactions.into_iter().filter(|(_, error)| *error != early).collect();
        let reported: Vec<Hash> = transactions.keys().copied().collect();
        let removed = self.inner.report_invalid(at, transactions).await;
        let followers = removed.iter().filter(|it| !reported.contains(&it.hash));
        self.orphans.lock().extend(followers.map(|follower| follower.data.as_ref().clone()));
        removed
    }

    fn futures(&self) -> Vec<Self::InPoolTransaction> {
        self.inner.futures()
    }

    fn status(&self) -> PoolStatus {
        self.inner.status()
    }

    fn import_notification_stream(&self) -> ImportNotificationStream<TxHash<Self>> {
        self.paced.listen()
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
