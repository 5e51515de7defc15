//! What happens on the chain, and when a client that follows the node knows of it.

use super::Error;
use cairn_localnet::{Client, Event, Network};
use cairn_runtime::{BlockNumber, Hash};
use std::time::{Duration, SystemTime};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

/// A chain that says nothing for so long has ended.
const QUIET: Duration = Duration::from_secs(60);
/// Blocks that may wait until they are looked at.
const WAITING: usize = 64;

/// A block, once when it is the best and once when it is final.
pub struct News {
    pub at: SystemTime,
    pub is_final: bool,
    pub hash: Hash,
    pub number: BlockNumber,
    pub events: Vec<Event>,
}

/// The news of a network's first node, heard on two connections, so that neither kind waits for the
/// other.
pub struct Feed {
    news: mpsc::Receiver<News>,
    tellers: JoinSet<Result<(), Error>>,
}

impl Feed {
    pub async fn open(network: &Network) -> Result<Self, Error> {
        let (to, news) = mpsc::channel(WAITING);
        let mut tellers = JoinSet::new();
        tellers.spawn(tell_final(network.client(0).await?, to.clone()));
        tellers.spawn(tell_best(network.client(0).await?, to));
        Ok(Self { news, tellers })
    }

    pub async fn next(&mut self) -> Result<News, Error> {
        let words = || format!("the node has told of no block for {QUIET:?}");
        timeout(QUIET, self.heard()).await.unwrap_or_else(|_| Err(Error::Setup(words())))
    }

    async fn heard(&mut self) -> Result<News, Error> {
        tokio::select! {
            Some(news) = self.news.recv() => Ok(news),
            // A teller ends with an error, or when nobody listens.
            Some(ended) = self.tellers.join_next() => {
                Err(ended?.err().unwrap_or(Error::NothingFinalized))
            }
            else => Err(Error::NothingFinalized),
        }
    }
}

async fn tell_final(client: Client, to: mpsc::Sender<News>) -> Result<(), Error> {
    let mut blocks = client.follow_finalized().await?;
    loop {
        let block = blocks.next().await?;
        let (at, hash, number) = (SystemTime::now(), block.hash, block.header.number);
        let events = client.events(hash).await?;
        if to.send(News { at, is_final: true, hash, number, events }).await.is_err() {
            return Ok(());
        }
    }
}

async fn tell_best(client: Client, to: mpsc::Sender<News>) -> Result<(), Error> {
    let mut blocks = client.follow_best().await?;
    loop {
        let header = blocks.next().await?;
        let (at, hash, number) = (SystemTime::now(), header.hash(), header.number);
        let events = client.events(hash).await?;
        if to.send(News { at, is_final: false, hash, number, events }).await.is_err() {
            return Ok(());
        }
    }
}
