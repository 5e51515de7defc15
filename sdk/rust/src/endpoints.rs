//! Several endpoints that look like one connection.
//!
//! One of them is asked for everything, until it fails, or stands still while another goes on: then
//! that one is, and stays. Were they asked in turn, one answer could be older than the one before.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc, OnceLock,
    },
    time::Duration,
};

use subxt::rpcs::{
    client::{rpc_params, RawRpcFuture, RawRpcSubscription, RawValue, RpcClient, RpcClientT},
    Error as RpcError,
};
use tokio::{
    sync::Mutex,
    time::{sleep, timeout, Instant},
};

use crate::{
    config::{Rpc, H256},
    Error, Options, Result,
};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A node that takes longer than this for an answer is taken for lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Between two rounds through all endpoints.
const PAUSE: Duration = Duration::from_millis(250);

pub(crate) type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<RpcClient, RpcError>> + Send + 'a>>;

/// How an endpoint is reached.
pub(crate) trait Connector: Send + Sync + 'static {
    fn connect<'a>(&'a self, url: &'a str) -> Connecting<'a>;
}

struct WebSocket {
    /// Whether a machine elsewhere may be spoken to without encryption.
    insecure: bool,
}

impl Connector for WebSocket {
    fn connect<'a>(&'a self, url: &'a str) -> Connecting<'a> {
        if self.insecure {
            Box::pin(RpcClient::from_insecure_url(url))
        } else {
            Box::pin(RpcClient::from_url(url))
        }
    }
}

/// The endpoints of one chain.
#[derive(Clone)]
pub struct Endpoints {
    inner: Arc<Inner>,
}

struct Inner {
    urls: Vec<String>,
    connector: Box<dyn Connector>,
    /// What the chain begins with: given, or that of the first endpoint that answered.
    genesis: OnceLock<H256>,
    /// How long all of them may be gone.
    patience: Duration,
    /// How often a connection was made.
    generation: AtomicU64,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    index: usize,
    connection: Option<RpcClient>,
}

impl Endpoints {
    pub fn new(urls: &[impl AsRef<str>], options: &Options) -> Result<Self> {
        Self::through(urls, options, Box::new(WebSocket { insecure: options.insecure }))
    }

    pub(crate) fn through(
        urls: &[impl AsRef<str>],
        options: &Options,
        connector: Box<dyn Connector>,
    ) -> Result<Self> {
        if urls.is_empty() {
            return Err(Error::NoEndpoint);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                urls: urls.iter().map(|url| url.as_ref().to_owned()).collect(),
                connector,
                genesis: options.genesis.map(OnceLock::from).unwrap_or_default(),
                patience: options.patience,
                generation: AtomicU64::new(0),
                current: Mutex::default(),
            }),
        })
    }

    /// Which connection is in use, counted: whoever sees another number has been given another
    /// node, which may be behind the one before.
    pub fn generation(&self) -> u64 {
        self.inner.generation.load(Ordering::SeqCst)
    }

    /// Reaches one of them, and says why none can be used.
    pub(crate) async fn open(&self) -> Result<()> {
        let opened = self.connection().await;
        opened.map(drop).map_err(|reason| Error::Unreachable { reason: reason.to_string() })
    }

    async fn connection(&self) -> Result<(u64, RpcClient), RpcError> {
        let inner = &*self.inner;
        let mut current = inner.current.lock().await;
        if let Some(client) = &current.connection {
            return Ok((self.generation(), client.clone()));
        }
        let first = current.index;
        let mut reasons = Vec::new();
        for step in 0..inner.urls.len() {
            let index = (first + step) % inner.urls.len();
            let url = &inner.urls[index];
            match inner.reach(url).await {
                Ok(client) => {
                    *current = Current { index, connection: Some(client.clone()) };
                    let before = inner.generation.fetch_add(1, Ordering::SeqCst);
                    return Ok((before + 1, client));
                }
                Err(reason) => reasons.push(format!("{url}: {reason}")),
            }
        }
        Err(RpcError::Client(reasons.join("; ").into()))
    }

    /// Leaves the endpoint that failed, unless somebody else already has.
    async fn leave(&self, generation: u64) {
        let mut current = self.inner.current.lock().await;
        if self.generation() == generation && current.connection.take().is_some() {
            current.index = (current.index + 1) % self.inner.urls.len();
        }
    }

    /// Goes over to an endpoint that is further than this height, if one is: that in use answers,
    /// and stands still.
    pub(crate) async fn overtake(&self, generation: u64, height: u64) {
        let inner = &*self.inner;
        let slow = inner.current.lock().await.index;
        for step in 1..inner.urls.len() {
            let index = (slow + step) % inner.urls.len();
            let Ok(client) = inner.reach(&inner.urls[index]).await else { continue };
            let head = timeout(ANSWER_WITHIN, head_of(&client)).await;
            if !matches!(head, Ok(Ok(head)) if head > height) {
                continue;
            }
            let mut current = inner.current.lock().await;
            // Somebody else may have gone over meanwhile.
            if self.generation() == generation {
                *current = Current { index, connection: Some(client) };
                inner.generation.fetch_add(1, Ordering::SeqCst);
            }
            return;
        }
    }

    /// Asks until there is an answer, be it a refusal, or all have been gone for too long.
    async fn ask<T, Ask, Answer>(&self, ask: Ask) -> Result<T, RpcError>
    where
        Ask: Fn(RpcClient) -> Answer,
        Answer: Future<Output = Result<T, RpcError>>,
    {
        let deadline = Instant::now() + self.inner.patience;
        loop {
            let failure = match self.connection().await {
                Ok((generation, client)) => {
                    let answer = timeout(ANSWER_WITHIN, ask(client)).await;
                    let failure = match answer {
                        Ok(Err(error)) if is_lost(&error) => error,
                        Ok(answer) => return answer,
                        Err(_) => RpcError::Client("no answer in time".into()),
                    };
                    self.leave(generation).await;
                    failure
                }
                Err(none) => none,
            };
            if Instant::now() >= deadline {
                return Err(failure);
            }
            sleep(PAUSE).await;
        }
    }
}

/// The height of the last block that is final for the node that is asked.
pub(crate) async fn head_of(client: &RpcClient) -> Result<u64, RpcError> {
    let rpc = Rpc::new(client.clone());
    let head = rpc.chain_get_finalized_head().await?;
    let header = rpc.chain_get_header(Some(head)).await?;
    Ok(header.map_or(0, |header| header.number))
}

/// Whether it is the connection that failed, and another node may do better.
fn is_lost(error: &RpcError) -> bool {
    matches!(error, RpcError::Client(_) | RpcError::DisconnectedWillReconnect(_))
}

impl Inner {
    /// A connection to an endpoint that follows the right chain.
    async fn reach(&self, url: &str) -> Result<RpcClient, RpcError> {
        let reached = timeout(CONNECT_WITHIN, async {
            let client = self.connector.connect(url).await?;
            let genesis: Option<H256> =
                client.request("chain_getBlockHash", rpc_params![0u32]).await?;
            Ok((client, genesis))
        });
        let (client, found) = reached
            .await
            .unwrap_or_else(|_| Err(RpcError::Client("no connection in time".into())))?;
        let found = found.ok_or_else(|| RpcError::Client("it has no first block".into()))?;
        let expected = *self.genesis.get_or_init(|| found);
        if found != expected {
            let other = format!("its chain begins with {found:?}, and not with {expected:?}");
            return Err(RpcError::Client(other.into()));
        }
        Ok(client)
    }
}

impl RpcClientT for Endpoints {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        params: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(self.ask(move |client| {
            let params = params.clone();
            async move { client.request_raw(method, params).await }
        }))
    }

    fn subscribe_raw<'a>(
        &'a self,
        sub: &'a str,
        params: Option<Box<RawValue>>,
        unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        Box::pin(self.ask(move |client| {
            let params = params.clone();
            async move { client.subscribe_raw(sub, params, unsub).await }
        }))
    }
}

#[cfg(test)]
mod tests;
