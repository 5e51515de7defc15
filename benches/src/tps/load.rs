//! The load: transfers signed beforehand, handed over as fast as they become final.

use super::observe::Ledger;
use crate::Error;
use cairn_localnet::{
    keys,
    tx::{self, Signing},
    Client,
};
use cairn_runtime::{units::MILLIUNITS, AccountId};
use sp_core::{sr25519, Bytes, Pair};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Transfers in one message to a node.
const BATCH: usize = 100;
/// How long to leave a node alone that is behind.
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Clone)]
pub struct Account {
    pub id: AccountId,
    signer: sr25519::Pair,
}

/// Accounts whose keys are made from their numbers.
pub fn accounts(count: usize) -> Vec<Account> {
    (0..count as u64)
        .map(|number| {
            let mut seed = [0xca; 32];
            seed[..8].copy_from_slice(&number.to_le_bytes());
            let signer = sr25519::Pair::from_seed(&seed);
            Account { id: keys::account_of(&signer), signer }
        })
        .collect()
}

/// Signs `count` transfers, each account's to the next one, nonce after nonce: an account's
/// second transfer stands as far behind its first as there are accounts.
pub async fn sign(
    accounts: &[Account],
    count: usize,
    signing: Signing,
) -> Result<Vec<Bytes>, Error> {
    let accounts: Arc<[Account]> = accounts.into();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = count.div_ceil(threads);
    let mut parts = Vec::new();
    for from in (0..count).step_by(part) {
        let accounts = accounts.clone();
        parts.push(tokio::task::spawn_blocking(move || {
            let one = |i: usize| {
                let to = accounts[(i + 1) % accounts.len()].id.clone();
                let nonce = (i / accounts.len()) as u32;
                let signer = &accounts[i % accounts.len()].signer;
                tx::sign(tx::transfer(to, MILLIUNITS), signer, nonce, &signing)
            };
            (from..(from + part).min(count)).map(one).collect::<Vec<Bytes>>()
        }));
    }
    let mut transfers = Vec::with_capacity(count);
    for part in parts {
        transfers.extend(part.await?);
    }
    Ok(transfers)
}

/// What was handed over.
#[derive(Clone, Copy, Default)]
pub struct Sent {
    pub accepted: usize,
    /// Refusals by nodes that were full or behind; each was handed over again.
    pub retried: usize,
}

pub struct Load {
    pub transfers: Arc<Vec<Bytes>>,
    pub ledger: Arc<Ledger>,
}

/// Numbers of the transfers that wait to be handed over.
struct Queue {
    next: usize,
    end: usize,
    again: VecDeque<usize>,
}

impl Queue {
    fn take(&mut self, count: usize) -> Vec<usize> {
        let mut batch: Vec<usize> = self.again.drain(..count.min(self.again.len())).collect();
        let fresh = (count - batch.len()).min(self.end - self.next);
        batch.extend(self.next..self.next + fresh);
        self.next += fresh;
        batch
    }
}

impl Load {
    /// Keeps `outstanding` transfers under way until the time is over.
    pub async fn run(
        self,
        clients: Vec<Client>,
        outstanding: usize,
        until: Instant,
    ) -> Result<Sent, Error> {
        let queue = Queue { next: 0, end: self.transfers.len(), again: VecDeque::new() };
        let queue = Arc::new(Mutex::new(queue));
        let mut tasks = tokio::task::JoinSet::new();
        for client in clients {
            let (queue, load) = (
                queue.clone(),
                Self { transfers: self.transfers.clone(), ledger: self.ledger.clone() },
            );
            tasks.spawn(async move { load.submit(client, queue, outstanding, until).await });
        }
        let mut sent = Sent::default();
        while let Some(part) = tasks.join_next().await {
            let part = part??;
            sent.accepted += part.accepted;
            sent.retried += part.retried;
        }
        Ok(sent)
    }

    async fn submit(
        &self,
        client: Client,
        queue: Arc<Mutex<Queue>>,
        outstanding: usize,
        until: Instant,
    ) -> Result<Sent, Error> {
        let mut sent = Sent::default();
        while Instant::now() < until {
            if self.ledger.outstanding() + BATCH > outstanding {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let batch = queue.lock().map(|mut queue| queue.take(BATCH)).unwrap_or_default();
            if batch.is_empty() {
                break;
            }
            let bytes: Vec<Bytes> = batch.iter().map(|i| self.transfers[*i].clone()).collect();
            self.ledger.submitted(&batch);
            let answers = client.submit_batch(&bytes).await?;
            let refused: Vec<usize> = batch
                .iter()
                .zip(&answers)
                .filter(|(_, answer)| answer.is_err())
                .map(|(i, _)| *i)
                .collect();
            sent.accepted += batch.len() - refused.len();
            sent.retried += refused.len();
            if !refused.is_empty() {
                self.ledger.refused(refused.len());
                if let Ok(mut queue) = queue.lock() {
                    queue.again.extend(refused);
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(sent)
    }
}
