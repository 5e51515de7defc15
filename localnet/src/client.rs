//! A connection to a node, typed by the runtime that this program is built with.
//!
//! It speaks plain JSON-RPC: storage is read by the pallets' own keys and transactions are
//! encoded with the runtime's own types, so a test sees what the node says and nothing that a
//! client library made of it. A clone shares the connection.

use std::{sync::Arc, time::Duration};

use cairn_runtime::{AccountId, Balance, BlockNumber, Hash, Header, Nonce, Runtime, RuntimeEvent};
use codec::{Decode, Encode};
use frame_support::storage::storage_prefix;
use frame_system::{EventRecord, Phase};
use jsonrpsee::{
    client_transport::ws::{Url, WsTransportClientBuilder},
    core::{
        client::{Client as RpcClient, ClientBuilder, ClientT, Subscription, SubscriptionClientT},
        params::ArrayParams,
    },
    rpc_params,
};
use serde::{de::DeserializeOwned, Deserialize};
use sp_core::Bytes;
use sp_version::RuntimeVersion;

use crate::{
    tx::Signing,
    wait::{until, Seen},
    BestBlocks, Error, FinalizedBlocks, Result,
};

/// What the node keeps of an account: nonce and balances.
pub type AccountInfo =
    frame_system::AccountInfo<Nonce, <Runtime as frame_system::Config>::AccountData>;

/// An event with the transaction it came from.
pub type Event = EventRecord<RuntimeEvent, Hash>;

/// Requests that may wait for an answer at once; thousands are in flight when transactions are
/// submitted in bulk.
const MAX_REQUESTS: usize = 8192;
/// Updates a subscription may fall behind by before it is dropped.
const SUBSCRIPTION_BUFFER: usize = 8192;
/// A runtime upgrade travels as half a million hexadecimal digits or more.
const MAX_MESSAGE: u32 = 32 * 1024 * 1024;

/// A block, its transactions as bytes.
#[derive(Clone, Debug)]
pub struct Block {
    pub hash: Hash,
    pub header: Header,
    pub extrinsics: Vec<Bytes>,
}

#[derive(Deserialize)]
struct SignedBlock {
    block: RawBlock,
}

#[derive(Deserialize)]
struct RawBlock {
    header: Header,
    extrinsics: Vec<Bytes>,
}

#[derive(Clone)]
pub struct Client {
    pub(crate) rpc: Arc<RpcClient>,
    pub(crate) url: Arc<str>,
    genesis: Hash,
}

impl Client {
    pub async fn connect(url: &str) -> Result<Self> {
        let refused = |reason: String| Error::Connect { url: url.into(), reason };
        let address = Url::parse(url).map_err(|error| refused(error.to_string()))?;
        let (sender, receiver) = WsTransportClientBuilder::default()
            .max_request_size(MAX_MESSAGE)
            .max_response_size(MAX_MESSAGE)
            .build(address)
            .await
            .map_err(|error| refused(error.to_string()))?;
        let rpc = ClientBuilder::default()
            .max_concurrent_requests(MAX_REQUESTS)
            .max_buffer_capacity_per_subscription(SUBSCRIPTION_BUFFER)
            .build_with_tokio(sender, receiver);
        let mut client = Self { rpc: Arc::new(rpc), url: url.into(), genesis: Hash::default() };
        client.genesis = client.block_hash(0).await?.ok_or_else(|| client.unknown("0"))?;
        Ok(client)
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn genesis(&self) -> Hash {
        self.genesis
    }

    /// Calls any method.
    pub async fn ask<R: DeserializeOwned>(
        &self,
        method: &'static str,
        arguments: &[serde_json::Value],
    ) -> Result<R> {
        let mut params = ArrayParams::new();
        for argument in arguments {
            // A JSON value is always JSON.
            let _ = params.insert(argument);
        }
        self.request(method, params).await
    }

    pub(crate) async fn request<R: DeserializeOwned>(
        &self,
        method: &'static str,
        params: ArrayParams,
    ) -> Result<R> {
        self.rpc.request(method, params).await.map_err(|source| self.failed(method, source))
    }

    pub(crate) async fn subscribe<R: DeserializeOwned>(
        &self,
        subscribe: &'static str,
        params: ArrayParams,
        unsubscribe: &'static str,
    ) -> Result<Subscription<R>> {
        self.rpc
            .subscribe(subscribe, params, unsubscribe)
            .await
            .map_err(|source| self.failed(subscribe, source))
    }

    fn failed(&self, method: &'static str, source: jsonrpsee::core::ClientError) -> Error {
        Error::Rpc { method, url: self.url.to_string(), source }
    }

    fn unknown(&self, block: impl ToString) -> Error {
        Error::UnknownBlock { url: self.url.to_string(), block: block.to_string() }
    }

    fn decode<T: Decode>(&self, method: &'static str, bytes: &[u8]) -> Result<T> {
        T::decode(&mut &bytes[..]).map_err(|error| Error::Decode {
            method,
            url: self.url.to_string(),
            reason: error.to_string(),
        })
    }

    // Blocks.

    /// The newest block.
    pub async fn best(&self) -> Result<Header> {
        let header: Option<Header> = self.request("chain_getHeader", rpc_params![]).await?;
        header.ok_or_else(|| self.unknown("best"))
    }

    pub async fn finalized_head(&self) -> Result<Hash> {
        self.request("chain_getFinalizedHead", rpc_params![]).await
    }

    /// The newest finalized block.
    pub async fn finalized(&self) -> Result<Header> {
        self.header(self.finalized_head().await?).await
    }

    pub async fn header(&self, hash: Hash) -> Result<Header> {
        let header: Option<Header> = self.request("chain_getHeader", rpc_params![hash]).await?;
        header.ok_or_else(|| self.unknown(hash))
    }

    pub async fn block(&self, hash: Hash) -> Result<Block> {
        let block: Option<SignedBlock> = self.request("chain_getBlock", rpc_params![hash]).await?;
        let RawBlock { header, extrinsics } = block.ok_or_else(|| self.unknown(hash))?.block;
        Ok(Block { hash, header, extrinsics })
    }

    /// The block at a height on the best chain.
    pub async fn block_hash(&self, number: BlockNumber) -> Result<Option<Hash>> {
        self.request("chain_getBlockHash", rpc_params![number]).await
    }

    /// The hashes of the finalized chain, from genesis up to this height.
    pub async fn finalized_chain(&self, up_to: BlockNumber) -> Result<Vec<Hash>> {
        let finalized = self.finalized().await?.number;
        if finalized < up_to {
            return Err(
                self.unknown(format!("{up_to} among those finalized, {finalized} is the last"))
            );
        }
        let mut hashes = Vec::new();
        for number in 0..=up_to {
            hashes.push(self.block_hash(number).await?.ok_or_else(|| self.unknown(number))?);
        }
        Ok(hashes)
    }

    /// Every finalized block from the next one on, without gaps.
    pub async fn follow_finalized(&self) -> Result<FinalizedBlocks> {
        FinalizedBlocks::subscribe(self.clone()).await
    }

    /// Every best block from now on, as soon as the node has it.
    pub async fn follow_best(&self) -> Result<BestBlocks> {
        BestBlocks::subscribe(self.clone()).await
    }

    // State.

    /// A storage value by its key, as in `System::<Runtime>::hashed_key_for(..)`; at the best
    /// block if none is named.
    pub async fn storage<T: Decode>(
        &self,
        key: impl AsRef<[u8]>,
        at: Option<Hash>,
    ) -> Result<Option<T>> {
        const METHOD: &str = "state_getStorage";
        let key = Bytes(key.as_ref().to_vec());
        let value: Option<Bytes> = self.request(METHOD, rpc_params![key, at]).await?;
        value.map(|bytes| self.decode(METHOD, &bytes)).transpose()
    }

    /// Calls a runtime API, as in `("Core_version", &())`.
    pub async fn state_call<T: Decode>(
        &self,
        function: &str,
        arguments: &impl Encode,
        at: Option<Hash>,
    ) -> Result<T> {
        const METHOD: &str = "state_call";
        let arguments = Bytes(arguments.encode());
        let result: Bytes = self.request(METHOD, rpc_params![function, arguments, at]).await?;
        self.decode(METHOD, &result)
    }

    /// The version of the runtime as the node reads it from the code.
    pub async fn runtime_version(&self, at: Option<Hash>) -> Result<RuntimeVersion> {
        self.request("state_getRuntimeVersion", rpc_params![at]).await
    }

    pub async fn account(&self, who: &AccountId, at: Option<Hash>) -> Result<AccountInfo> {
        let key = frame_system::Account::<Runtime>::hashed_key_for(who);
        Ok(self.storage(key, at).await?.unwrap_or_default())
    }

    pub async fn free_balance(&self, who: &AccountId, at: Option<Hash>) -> Result<Balance> {
        Ok(self.account(who, at).await?.data.free)
    }

    /// What a block says the time is: milliseconds since 1970.
    pub async fn timestamp(&self, at: Hash) -> Result<u64> {
        let key = storage_prefix(b"Timestamp", b"Now");
        Ok(self.storage(key, Some(at)).await?.unwrap_or_default())
    }

    /// Waits until the node has finalized a block of this height.
    pub async fn wait_finalized(&self, number: BlockNumber, within: Duration) -> Result<()> {
        until(format!("{} to finalize block {number}", self.url), within, || async {
            let finalized = self.finalized().await?.number;
            Ok(Seen::when(finalized >= number, finalized))
        })
        .await?;
        Ok(())
    }

    /// All events of a block.
    pub async fn events(&self, at: Hash) -> Result<Vec<Event>> {
        let key = storage_prefix(b"System", b"Events");
        Ok(self.storage(key, Some(at)).await?.unwrap_or_default())
    }

    /// The events of one transaction of a block.
    pub async fn events_of(&self, block: Hash, transaction: &Bytes) -> Result<Vec<RuntimeEvent>> {
        let extrinsics = self.block(block).await?.extrinsics;
        let Some(index) = extrinsics.iter().position(|found| found == transaction) else {
            return Err(self.unknown(format!("{block} with the transaction in it")));
        };
        Ok(self
            .events(block)
            .await?
            .into_iter()
            .filter(|event| matches!(event.phase, Phase::ApplyExtrinsic(i) if i as usize == index))
            .map(|event| event.event)
            .collect())
    }

    // Transactions; more in `submit`.

    /// The nonce of an account's next transaction, those in this node's pool counted.
    pub async fn nonce(&self, who: &AccountId) -> Result<Nonce> {
        self.request("system_accountNextIndex", rpc_params![who]).await
    }

    /// What a signature commits to besides the call, as of the best block.
    pub async fn signing(&self) -> Result<Signing> {
        let version = self.runtime_version(None).await?;
        Ok(Signing {
            genesis: self.genesis,
            spec_version: version.spec_version,
            transaction_version: version.transaction_version,
        })
    }

    /// How many nodes this one is connected to.
    pub async fn peers(&self) -> Result<usize> {
        #[derive(Deserialize)]
        struct Health {
            peers: usize,
        }
        Ok(self.request::<Health>("system_health", rpc_params![]).await?.peers)
    }
}
