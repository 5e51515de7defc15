//! How fast transactions are told to peers.
//!
//! Substrate sends each transaction as a notification of its own, and every three seconds all of
//! the pool that a peer may not know. A peer's queue holds 2,048 notifications; when it runs over,
//! the connection is closed, and blocks and votes stop with it for seconds. So under load a node
//! tells no faster than peers can listen. What is told late still gets into blocks: its own node
//! writes some of them.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use cairn_runtime::{opaque::Block, Hash};
use futures::{
    channel::mpsc::{channel, Receiver, Sender},
    future::FutureExt,
    select,
    stream::FusedStream,
    StreamExt,
};
use futures_timer::Delay;
use parking_lot::Mutex;
use sc_transaction_pool_api::{
    ImportNotificationStream, PoolStatus, ReadyTransactions, TransactionFor, TransactionPool,
    TransactionSource, TransactionStatusStreamFor, TxHash, TxInvalidityReportMap,
};

use super::pool::FullPool;

/// Transactions told in an interval, all peers hearing the same: 2,000 a second, so that a peer
/// may be busy for a second before its queue is full.
const TOLD: usize = 200;
const INTERVAL: Duration = Duration::from_millis(100);

/// Transactions that wait to be told. More are left out, and told when they are the first of the
/// pool. To leave out those that came before would be worse: peers could do nothing with what
/// follows them.
const WAITING: usize = 8_192;

/// Transactions from the head of the pool that are told again, to peers who came since.
const TOLD_AGAIN: usize = 1_000;

/// Passes on which transactions are new, no faster than peers listen.
#[derive(Clone, Default)]
pub struct Paced {
    listeners: Arc<Mutex<Vec<Sender<Hash>>>>,
}

impl Paced {
    /// What is told from now on.
    pub fn listen(&self) -> Receiver<Hash> {
        let (listener, told) = channel(TOLD);
        self.listeners.lock().push(listener);
        told
    }

    /// Tells what the stream has, until it ends.
    pub async fn tell(self, mut news: impl FusedStream<Item = Hash> + Unpin) {
        let mut waiting = VecDeque::new();
        let mut left = TOLD;
        let mut interval = Delay::new(INTERVAL).fuse();
        loop {
            while let Some(transaction) = (left > 0).then(|| waiting.pop_front()).flatten() {
                left -= 1;
                // A listener whose queue is full is behind by a whole interval, and misses one.
                self.listeners.lock().retain_mut(|listener| match listener.try_send(transaction) {
                    Ok(()) => true,
                    Err(error) => error.is_full(),
                });
            }
            select! {
                new = news.next() => match new {
                    Some(transaction) => {
                        if waiting.len() < WAITING {
                            waiting.push_back(transaction);
                        }
                    }
                    None => return,
                },
                () = interval => {
                    left = TOLD;
                    interval = Delay::new(INTERVAL).fuse();
                }
            }
        }
    }
}

/// The pool as the network sees it, which asks for all transactions to tell them again.
pub struct Audible(pub Arc<FullPool>);

type Ready<T> = Box<dyn ReadyTransactions<Item = Arc<T>> + Send>;

/// The head of the pool.
struct Head<T> {
    ready: Ready<T>,
    left: usize,
}

impl<T> Iterator for Head<T> {
    type Item = Arc<T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.ready.next()
    }
}

impl<T> ReadyTransactions for Head<T> {
    fn report_invalid(&mut self, transaction: &Self::Item) {
        self.ready.report_invalid(transaction);
    }
}

#[async_trait]
impl TransactionPool for Audible {
    type Block = Block;
    type Hash = Hash;
    type InPoolTransaction = <FullPool as TransactionPool>::InPoolTransaction;
    type Error = <FullPool as TransactionPool>::Error;

    fn ready(&self) -> Ready<Self::InPoolTransaction> {
        Box::new(Head { ready: self.0.ready(), left: TOLD_AGAIN })
    }

    async fn submit_at(
        &self,
        at: Hash,
        source: TransactionSource,
        transactions: Vec<TransactionFor<Self>>,
    ) -> Result<Vec<Result<TxHash<Self>, Self::Error>>, Self::Error> {
        self.0.submit_at(at, source, transactions).await
    }

    async fn submit_one(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: TransactionFor<Self>,
    ) -> Result<TxHash<Self>, Self::Error> {
        self.0.submit_one(at, source, transaction).await
    }

    async fn submit_and_watch(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: TransactionFor<Self>,
    ) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, Self::Error> {
        self.0.submit_and_watch(at, source, transaction).await
    }

    async fn ready_at(&self, at: Hash) -> Ready<Self::InPoolTransaction> {
        self.0.ready_at(at).await
    }

    async fn ready_at_with_timeout(
        &self,
        at: Hash,
        timeout: Duration,
    ) -> Ready<Self::InPoolTransaction> {
        self.0.ready_at_with_timeout(at, timeout).await
    }

    async fn report_invalid(
        &self,
        at: Option<Hash>,
        transactions: TxInvalidityReportMap<TxHash<Self>>,
    ) -> Vec<Arc<Self::InPoolTransaction>> {
        self.0.report_invalid(at, transactions).await
    }

    fn futures(&self) -> Vec<Self::InPoolTransaction> {
        self.0.futures()
    }

    fn status(&self) -> PoolStatus {
        self.0.status()
    }

    fn import_notification_stream(&self) -> ImportNotificationStream<TxHash<Self>> {
        self.0.import_notification_stream()
    }

    fn on_broadcasted(&self, propagations: HashMap<TxHash<Self>, Vec<String>>) {
        self.0.on_broadcasted(propagations);
    }

    fn hash_of(&self, transaction: &TransactionFor<Self>) -> TxHash<Self> {
        self.0.hash_of(transaction)
    }

    fn ready_transaction(&self, hash: &TxHash<Self>) -> Option<Arc<Self::InPoolTransaction>> {
        self.0.ready_transaction(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{executor::block_on, stream};

    fn transactions(count: usize) -> Vec<Hash> {
        (0..count as u64).map(Hash::from_low_u64_be).collect()
    }

    /// What is told within the time, of news that come all at once.
    fn told_within(time: Duration, news: Vec<Hash>) -> Vec<Hash> {
        let paced = Paced::default();
        let listener = paced.listen();
        // The stream must not end before all is told.
        let news = stream::iter(news).chain(stream::pending()).fuse();
        let listening = listener.take_until(Delay::new(time)).collect::<Vec<_>>();
        block_on(async {
            select! {
                () = Box::pin(paced.tell(news)).fuse() => unreachable!("the news never end"),
                told = Box::pin(listening).fuse() => told,
            }
        })
    }

    #[test]
    fn tell_should_tell_a_few_at_once() {
        let news = transactions(TOLD);
        assert_eq!(told_within(INTERVAL / 2, news.clone()), news);
    }

    #[test]
    fn tell_should_tell_no_more_than_peers_hear() {
        let news = transactions(10 * TOLD);
        let told = told_within(INTERVAL * 7 / 2, news.clone());
        assert!(told.len() > TOLD && told.len() <= 4 * TOLD, "{}", told.len());
        assert_eq!(told, news[..told.len()]);
    }

    #[test]
    fn tell_should_leave_out_the_newest_when_too_many_wait() {
        let paced = Paced::default();
        let mut listener = paced.listen();
        let news = transactions(WAITING + 3 * TOLD);
        let (sender, receiver) = futures::channel::mpsc::unbounded();
        news.iter().for_each(|new| sender.unbounded_send(*new).expect("it is heard"));
        let told = block_on(async {
            let telling = Box::pin(paced.tell(receiver.fuse())).fuse();
            let listening = Box::pin(async {
                let first = listener.by_ref().take(WAITING + TOLD).collect::<Vec<_>>().await;
                // What came when there was room again is told after those that waited.
                sender.unbounded_send(Hash::repeat_byte(9)).expect("it is heard");
                (first, listener.next().await)
            })
            .fuse();
            futures::pin_mut!(telling, listening);
            select! {
                () = telling => unreachable!("the news have not ended"),
                told = listening => told,
            }
        });
        assert_eq!(told.0, news[..WAITING + TOLD]);
        assert_eq!(told.1, Some(Hash::repeat_byte(9)));
    }

    #[test]
    fn tell_should_end_with_the_news() {
        let paced = Paced::default();
        let listener = paced.listen();
        block_on(paced.tell(stream::iter(transactions(3)).fuse()));
        assert!(block_on(listener.take(2).collect::<Vec<_>>()).len() == 2);
    }
}
