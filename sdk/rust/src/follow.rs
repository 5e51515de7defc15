//! The finalized chain as a stream of blocks.

use std::time::Duration;

use subxt::rpcs::client::{rpc_params, RpcSubscription};
use tokio::time::timeout;

use crate::{
    config::{At, Header, H256},
    Chain, Error, Result,
};

/// Without news for so long the node is asked: a connection may be dead and not know it.
const QUIET: Duration = Duration::from_secs(10);
/// After so many answers that say nothing new, other endpoints are asked: a node may be cut off
/// from the network and not from us.
const STILL: u32 = 3;

/// A final block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Block {
    pub number: u64,
    pub hash: H256,
    pub parent: H256,
}

/// Finalized blocks in order, each once, whatever becomes of the endpoints meanwhile.
///
/// A node announces only the last of several blocks that become final together; the ones between
/// are fetched by height, which is unambiguous once they are final. They are so for the node that
/// said it: another one that is behind may have another block there still, so a change of nodes
/// begins with the question how far the new one is.
pub struct Finalized {
    chain: Chain,
    announced: Option<RpcSubscription<Header>>,
    /// The connection that `last` was learnt from.
    generation: u64,
    last: u64,
    next: u64,
    before: Option<H256>,
    quiet: Duration,
    /// How often there was nothing new.
    still: u32,
}

impl Finalized {
    pub(crate) async fn begin(chain: Chain) -> Result<Self> {
        let mut this = Self {
            chain,
            announced: None,
            generation: 0,
            last: 0,
            next: 0,
            before: None,
            quiet: QUIET,
            still: 0,
        };
        this.attach().await?;
        this.next = this.last.saturating_add(1);
        Ok(this)
    }

    /// Starts at this height instead, which may be final already.
    pub fn from(mut self, number: u64) -> Self {
        self.next = number;
        self.before = None;
        self
    }

    /// The height of the block that comes next.
    pub fn height(&self) -> u64 {
        self.next
    }

    /// The chain that is followed.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The next block, as soon as it is final.
    pub async fn next(&mut self) -> Result<Block> {
        loop {
            if self.announced.is_none() || self.chain.generation() != self.generation {
                self.attach().await?;
                continue;
            }
            if self.next > self.last {
                self.wait().await?;
                continue;
            }
            let fetched = Self::fetch(&self.chain, self.next, self.generation).await?;
            if let Some(block) = fetched {
                if let Some(before) = self.before.filter(|before| *before != block.parent) {
                    let (number, found) = (block.number, block.hash);
                    return Err(Error::Forked { number, found, after: before });
                }
                self.before = Some(block.hash);
                self.next = self.next.saturating_add(1);
                return Ok(block);
            }
        }
    }

    async fn attach(&mut self) -> Result<()> {
        let announced = self
            .chain
            .client()
            .subscribe(
                "chain_subscribeFinalizedHeads",
                rpc_params![],
                "chain_unsubscribeFinalizedHeads",
            )
            .await?;
        // If the connection changes from here on, this number is no longer the current one.
        self.generation = self.chain.generation();
        self.announced = Some(announced);
        self.last = self.chain.finalized_number().await?;
        Ok(())
    }

    async fn wait(&mut self) -> Result<()> {
        let Some(announced) = &mut self.announced else { return Ok(()) };
        match timeout(self.quiet, announced.next()).await {
            Ok(Some(Ok(header))) => self.last = self.last.max(header.number),
            Ok(_) => self.announced = None,
            Err(_) => return self.ask().await,
        }
        self.still = 0;
        Ok(())
    }

    /// Asks a node that says nothing, and leaves it if it has nothing to say while others do.
    async fn ask(&mut self) -> Result<()> {
        let before = self.last;
        self.last = self.chain.finalized_number().await?;
        self.still = if self.last > before { 0 } else { self.still.saturating_add(1) };
        if self.still >= STILL {
            self.still = 0;
            self.chain.overtake(self.generation, self.last).await;
        }
        Ok(())
    }

    /// The block at this height; none if another node was asked than said that it is final.
    async fn fetch(chain: &Chain, number: u64, generation: u64) -> Result<Option<Block>> {
        let rpc = chain.rpc();
        let hash = rpc.chain_get_block_hash(Some(number.into())).await?;
        let header = match hash {
            Some(_) => rpc.chain_get_header(hash).await?,
            None => None,
        };
        if chain.generation() != generation {
            return Ok(None);
        }
        let (hash, header) = hash.zip(header).ok_or(Error::NoSuchBlock { number })?;
        Ok(Some(Block { number, hash, parent: header.parent_hash }))
    }
}

impl Block {
    /// The chain as it was after this block. Fails where its runtime is not the one that this
    /// program was made for.
    pub async fn at(&self, chain: &Chain) -> Result<At> {
        chain.checked(chain.at(self.hash).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::{hash, World};

    async fn followed(world: &World) -> Finalized {
        let chain = world.connect().await.unwrap();
        let mut blocks = chain.follow().await.unwrap();
        blocks.quiet = Duration::from_millis(5);
        blocks
    }

    #[tokio::test]
    async fn next_should_come_from_another_endpoint_when_the_first_stands_still() {
        let world = World::new(&["a", "b", "c"]);
        let mut blocks = followed(&world).await;
        // One that is no further is passed over.
        world.node("c", |node| node.head = 11);
        let next = timeout(Duration::from_secs(60), blocks.next()).await.unwrap().unwrap();
        assert_eq!((next.number, next.hash), (11, hash(11)));
        assert_eq!(blocks.chain.generation(), 2);
    }

    #[tokio::test]
    async fn next_should_stay_with_its_endpoint_when_none_is_further() {
        let world = World::new(&["a", "b"]);
        let mut blocks = followed(&world).await;
        for _ in 0..3 * STILL {
            blocks.wait().await.unwrap();
        }
        assert_eq!(blocks.chain.generation(), 1);
        world.node("a", |node| node.head = 11);
        assert_eq!(blocks.next().await.unwrap().number, 11);
        assert_eq!(blocks.chain.generation(), 1);
    }
}
