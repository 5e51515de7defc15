//! Nodes of one chain that a test makes up: they answer what the test has put there.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex as Lock, MutexGuard},
    time::Duration,
};

use codec::Encode;
use subxt::{
    ext::futures::stream,
    rpcs::{
        client::{RawRpcFuture, RawRpcSubscription, RawValue, RpcClient, RpcClientT},
        Error as RpcError, UserError,
    },
};
use tokio::sync::watch;

use crate::{
    config::H256,
    connect::METADATA,
    endpoints::{Connecting, Connector, Endpoints},
    Chain, Options, Result,
};

const SUBMIT: &str = "author_submitExtrinsic";
/// The call that a runtime can be made to lack. Its name is as long as what it is renamed to.
const TRANSFER: &[u8] = b"transfer_keep_alive";
const RENAMED: &[u8] = b"transfer_keep_alivX";

/// What a node knows.
#[derive(Clone)]
pub(crate) struct Node {
    /// The height of the last block, which is final.
    pub head: u64,
    /// That any account has used so many nonces.
    pub nonce: u32,
    /// The nonce after those in the pool.
    pub pooled: u64,
    /// The version of the runtime, and what it is.
    pub spec: u32,
    pub metadata: Vec<u8>,
    /// By key, both in hexadecimal.
    pub storage: BTreeMap<String, String>,
}

pub(crate) struct State {
    /// Those that answer, by where they are.
    pub nodes: BTreeMap<String, Node>,
    /// Methods and parameters of all questions.
    pub asked: Vec<String>,
    /// Transactions, in the order in which they came.
    pub sent: Vec<String>,
    /// With which codes the next transactions are refused, the last one first.
    pub refusals: Vec<i32>,
}

#[derive(Clone)]
pub(crate) struct World {
    state: Arc<Lock<State>>,
    /// Whether no answer is given to whoever sends a transaction.
    held: Arc<watch::Sender<bool>>,
}

impl Default for Node {
    fn default() -> Self {
        let (metadata, storage) = (METADATA.to_vec(), BTreeMap::new());
        Self { head: 10, nonce: 0, pooled: 0, spec: 1, metadata, storage }
    }
}

impl Node {
    /// Gets another runtime, which has no transfers.
    pub fn upgrade(&mut self) {
        self.spec += 1;
        let places: Vec<usize> = self
            .metadata
            .windows(TRANSFER.len())
            .enumerate()
            .filter(|(_, bytes)| *bytes == TRANSFER)
            .map(|(place, _)| place)
            .collect();
        assert!(!places.is_empty(), "there are transfers");
        for place in places {
            self.metadata[place..place + RENAMED.len()].copy_from_slice(RENAMED);
        }
    }

    fn call(&self, function: &str) -> Result<String, RpcError> {
        let answer = match function {
            "Core_version" => {
                let apis = Vec::<([u8; 8], u32)>::new();
                ("cairn", "cairn", 1u32, self.spec, 1u32, apis, 1u32).encode()
            }
            "Metadata_metadata" => self.metadata.encode(),
            "AccountNonceApi_account_nonce" => self.nonce.encode(),
            // Nothing is kept.
            "LearningApi_keepings_of" | "LearningApi_wanted" => Vec::<()>::new().encode(),
            _ => return Err(UserError::method_not_found().into()),
        };
        Ok(format!("\"{}\"", hexadecimal(&answer)))
    }
}

impl World {
    /// Nodes that know the same, by where they are.
    pub fn new(urls: &[&str]) -> Self {
        let nodes = urls.iter().map(|url| ((*url).to_owned(), Node::default())).collect();
        let (asked, sent, refusals) = (Vec::new(), Vec::new(), Vec::new());
        let state = State { nodes, asked, sent, refusals };
        Self { state: Arc::new(Lock::new(state)), held: Arc::new(watch::Sender::new(false)) }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Changes what the node there knows.
    pub fn node(&self, url: &str, change: impl FnOnce(&mut Node)) {
        change(self.state().nodes.get_mut(url).unwrap());
    }

    /// Whether the nodes keep those waiting who send transactions.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    pub fn endpoints(&self) -> Endpoints {
        let urls: Vec<String> = self.state().nodes.keys().cloned().collect();
        let options = Options { patience: Duration::from_millis(10), ..Options::default() };
        Endpoints::through(&urls, &options, Box::new(self.clone())).unwrap()
    }

    pub async fn connect(&self) -> Result<Chain> {
        Chain::over(self.endpoints()).await
    }

    /// How often anything was asked that begins with this.
    pub fn count(&self, question: &str) -> usize {
        self.state().asked.iter().filter(|asked| asked.starts_with(question)).count()
    }

    fn answer(&self, url: &str, method: &str, params: &str) -> Result<String, RpcError> {
        let mut state = self.state();
        state.asked.push(format!("{method} {params}"));
        let node = state.nodes.get(url).cloned();
        let node = node.ok_or_else(|| RpcError::Client("gone".into()))?;
        let first = params.split('"').nth(1).unwrap_or_default();
        Ok(match method {
            "chain_getBlockHash" => {
                let asked = params.trim_matches(['[', ']']);
                let last = asked == "null";
                let height = if last { node.head } else { asked.parse().expect("a height") };
                if height <= node.head {
                    quoted(hash(height))
                } else {
                    nothing()
                }
            }
            "chain_getFinalizedHead" => quoted(hash(node.head)),
            "chain_getHeader" => header(height_of(first)),
            "state_call" => node.call(first)?,
            "state_getStorage" => {
                node.storage.get(first).map_or_else(nothing, |value| format!("\"{value}\""))
            }
            "state_getKeysPaged" => "[]".into(),
            "system_accountNextIndex" => node.pooled.max(node.nonce.into()).to_string(),
            SUBMIT => {
                state.sent.push(first.to_owned());
                if let Some(code) = state.refusals.pop() {
                    // Something else has the nonce now.
                    if let Some(node) = state.nodes.get_mut(url) {
                        node.pooled += 1;
                    }
                    let message = "Invalid Transaction".to_owned();
                    return Err(UserError { code, message, data: None }.into());
                }
                quoted(hash(0))
            }
            _ => return Err(UserError::method_not_found().into()),
        })
    }
}

impl Connector for World {
    fn connect<'a>(&'a self, url: &'a str) -> Connecting<'a> {
        Box::pin(async move { Ok(RpcClient::new(Client { url: url.into(), world: self.clone() })) })
    }
}

struct Client {
    url: String,
    world: World,
}

impl RpcClientT for Client {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        params: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(async move {
            let params = params.map_or_else(String::new, |params| params.get().to_owned());
            let answer = self.world.answer(&self.url, method, &params);
            if method == SUBMIT {
                let mut held = self.world.held.subscribe();
                // It is there as long as the world is.
                let _ = held.wait_for(|held| !held).await;
            }
            Ok(RawValue::from_string(answer?).expect("it is JSON"))
        })
    }

    fn subscribe_raw<'a>(
        &'a self,
        _sub: &'a str,
        _params: Option<Box<RawValue>>,
        _unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        // Nothing is ever announced.
        let stream = Box::pin(stream::pending::<Result<Box<RawValue>, RpcError>>());
        Box::pin(async move { Ok(RawRpcSubscription { stream, id: None }) })
    }
}

/// What the block of this height is called, which begins with nothing for the first one.
pub(crate) fn hash(number: u64) -> H256 {
    let mut hash = [0; 32];
    hash[24..].copy_from_slice(&number.to_be_bytes());
    H256(hash)
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{}", digits.concat())
}

fn height_of(hash: &str) -> u64 {
    let digits = hash.get(hash.len().saturating_sub(16)..).unwrap_or_default();
    u64::from_str_radix(digits, 16).expect("it is a hash")
}

fn header(number: u64) -> String {
    let (parent, root) = (hash(number.saturating_sub(1)), hash(0));
    format!(
        "{{\"parentHash\":\"{parent:?}\",\"number\":\"{number:#x}\",\"stateRoot\":\"{root:?}\",\
         \"extrinsicsRoot\":\"{root:?}\",\"digest\":{{\"logs\":[]}}}}"
    )
}

fn quoted(hash: H256) -> String {
    format!("\"{hash:?}\"")
}

fn nothing() -> String {
    "null".into()
}
