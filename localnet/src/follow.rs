//! The finalized chain as a stream of blocks, and what the node takes for the best one.

use cairn_runtime::{BlockNumber, Header};
use jsonrpsee::{core::client::Subscription, rpc_params};

use crate::{client::Block, Client, Error, Result};

/// Finalized blocks in order, each once.
///
/// The node announces only the last of several blocks that become final together; the ones
/// between are fetched by height, which is unambiguous once they are final.
pub struct FinalizedBlocks {
    client: Client,
    announced: Subscription<Header>,
    next: BlockNumber,
    last: BlockNumber,
}

impl FinalizedBlocks {
    pub(crate) async fn subscribe(client: Client) -> Result<Self> {
        let announced = client
            .subscribe(
                "chain_subscribeFinalizedHeads",
                rpc_params![],
                "chain_unsubscribeFinalizedHeads",
            )
            .await?;
        let last = client.finalized().await?.number;
        Ok(Self { client, announced, next: last.saturating_add(1), last })
    }

    /// Starts at this height instead, which may be final already.
    pub fn from(mut self, number: BlockNumber) -> Self {
        self.next = number;
        self
    }

    /// The next block, as soon as it is final.
    pub async fn next(&mut self) -> Result<Block> {
        while self.next > self.last {
            let header = announced(&self.client, &mut self.announced, "finalized blocks").await?;
            self.last = self.last.max(header.number);
        }
        let hash = self.client.block_hash(self.next).await?.ok_or_else(|| Error::UnknownBlock {
            url: self.client.url().into(),
            block: self.next.to_string(),
        })?;
        let block = self.client.block(hash).await?;
        self.next = self.next.saturating_add(1);
        Ok(block)
    }
}

/// Best blocks as soon as the node has them, final or not. Those of a fork that is left later are
/// among them.
pub struct BestBlocks {
    client: Client,
    announced: Subscription<Header>,
}

impl BestBlocks {
    pub(crate) async fn subscribe(client: Client) -> Result<Self> {
        let announced = client
            .subscribe("chain_subscribeNewHeads", rpc_params![], "chain_unsubscribeNewHeads")
            .await?;
        Ok(Self { client, announced })
    }

    /// The next one; at first the one that is the best already.
    pub async fn next(&mut self) -> Result<Header> {
        announced(&self.client, &mut self.announced, "best blocks").await
    }
}

async fn announced(
    client: &Client,
    headers: &mut Subscription<Header>,
    what: &'static str,
) -> Result<Header> {
    let reason = match headers.next().await {
        Some(Ok(header)) => return Ok(header),
        Some(Err(error)) => error.to_string(),
        None => format!("{:?}", headers.close_reason()),
    };
    Err(Error::SubscriptionEnded { what, url: client.url().into(), reason })
}
