//! The finalized chain as a stream of blocks.

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
            match self.announced.next().await {
                Some(Ok(header)) => self.last = self.last.max(header.number),
                ended => {
                    return Err(Error::SubscriptionEnded {
                        what: "finalized blocks",
                        url: self.client.url().into(),
                        reason: match ended {
                            Some(Err(error)) => error.to_string(),
                            _ => format!("{:?}", self.announced.close_reason()),
                        },
                    })
                }
            }
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
