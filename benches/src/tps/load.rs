//! The load: transfers signed beforehand, handed over as fast as they become final.

use super::ledger::Ledger;
use crate::Error;
use cairn_localnet::{
    keys,
    tx::{self, Signing},
    Client, Error as NetworkError,
};
use cairn_runtime::{units::MILLIUNITS, AccountId, Hash};
use futures::future::join_all;
use sp_core::{sr25519, Bytes, Pair};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Connections to each node; a user has one.
pub const LANES: usize = 4;
/// Transfers that one connection waits for at once.
const AT_ONCE: usize = 32;
/// How long to leave a node alone that is behind; twice as long each time, up to a limit.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The node's pool has the transfer already.
const ALREADY_IMPORTED: i32 = 1013;
/// The pool could not check it, did not know, is full, or judged it by a block that is gone.
const LATER: [i32; 5] = [1002, 1011, 1016, 1020, 1021];

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

/// Refusals by the nodes.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    /// By a node that was full or behind; each transfer was handed over again.
    pub retried: usize,
    /// For good. An account's later transfers then wait for it in vain.
    pub refused: usize,
    pub reason: Option<String>,
}

impl Refusals {
    pub fn add(&mut self, other: Self) {
        self.retried += other.retried;
        self.refused += other.refused;
        self.reason = self.reason.take().or(other.reason);
    }
}

#[derive(Clone)]
pub struct Load {
    transfers: Arc<Vec<Bytes>>,
    ledger: Arc<Ledger>,
    queue: Arc<Mutex<Queue>>,
    outstanding: usize,
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

/// What a node says to a transfer.
enum Answer {
    Accepted,
    Later,
    Refused(String),
}

fn judge(answer: Result<Hash, NetworkError>) -> Result<Answer, NetworkError> {
    match answer {
        Ok(_) => Ok(Answer::Accepted),
        Err(NetworkError::Refused { code: ALREADY_IMPORTED, .. }) => Ok(Answer::Accepted),
        Err(NetworkError::Refused { code, .. }) if LATER.contains(&code) => Ok(Answer::Later),
        Err(NetworkError::Refused { code, message }) => {
            Ok(Answer::Refused(format!("{message} ({code})")))
        }
        Err(broken) => Err(broken),
    }
}

impl Load {
    pub fn new(transfers: Vec<Bytes>, ledger: Arc<Ledger>, outstanding: usize) -> Self {
        let queue = Queue { next: 0, end: transfers.len(), again: VecDeque::new() };
        Self {
            transfers: transfers.into(),
            ledger,
            queue: Arc::new(Mutex::new(queue)),
            outstanding,
        }
    }

    /// Keeps so many transfers under way, over all these connections, until the time is over.
    pub async fn run(self, lanes: Vec<Client>, until: Instant) -> Result<Refusals, Error> {
        let mut tasks = tokio::task::JoinSet::new();
        for client in lanes {
            let load = self.clone();
            tasks.spawn(async move { load.submit(client, until).await });
        }
        let mut refusals = Refusals::default();
        while let Some(part) = tasks.join_next().await {
            refusals.add(part??);
        }
        Ok(refusals)
    }

    async fn submit(&self, client: Client, until: Instant) -> Result<Refusals, Error> {
        let mut refusals = Refusals::default();
        let mut pause = PAUSE;
        while Instant::now() < until {
            let batch = self.take();
            if batch.is_empty() {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let answers = batch.iter().filter_map(|number| {
                self.transfers.get(*number).map(|transfer| client.submit(transfer))
            });
            let answers = join_all(answers).await;
            let before = refusals.retried;
            for (number, answer) in batch.into_iter().zip(answers) {
                self.note(number, judge(answer)?, &mut refusals);
            }
            if refusals.retried > before {
                tokio::time::sleep(pause).await;
                pause = (2 * pause).min(LONGEST_PAUSE);
            } else {
                pause = PAUSE;
            }
        }
        Ok(refusals)
    }

    /// The next transfers, as many as there is room for; they count as under way from here on.
    fn take(&self) -> Vec<usize> {
        let Ok(mut queue) = self.queue.lock() else { return Vec::new() };
        let room = self.outstanding.saturating_sub(self.ledger.underway());
        let batch = queue.take(room.min(AT_ONCE));
        batch.iter().for_each(|number| self.ledger.handed_over(*number));
        batch
    }

    fn note(&self, number: usize, answer: Answer, refusals: &mut Refusals) {
        match answer {
            Answer::Accepted => self.ledger.accepted(number),
            Answer::Later => {
                self.ledger.refused(number);
                refusals.retried += 1;
                if let Ok(mut queue) = self.queue.lock() {
                    queue.again.push_back(number);
                }
            }
            Answer::Refused(reason) => {
                self.ledger.refused(number);
                refusals.refused += 1;
                refusals.reason.get_or_insert(reason);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: i32) -> Result<Hash, NetworkError> {
        Err(NetworkError::Refused { code, message: "no".into() })
    }

    #[test]
    fn judge_should_tell_a_full_node_from_a_bad_transfer() {
        assert!(matches!(judge(Ok(Hash::zero())), Ok(Answer::Accepted)));
        assert!(matches!(judge(refused(1013)), Ok(Answer::Accepted)));
        assert!(matches!(judge(refused(1016)), Ok(Answer::Later)));
        assert!(matches!(judge(refused(1002)), Ok(Answer::Later)));
        assert!(matches!(judge(refused(1010)), Ok(Answer::Refused(_))));
    }

    #[test]
    fn take_should_leave_no_more_under_way_than_wanted_when_some_wait_again() {
        let transfers: Vec<Bytes> = (0..100).map(|byte| Bytes(vec![byte])).collect();
        let ledger = Arc::new(Ledger::new(&transfers));
        let load = Load::new(transfers, ledger.clone(), 40);
        assert_eq!(load.take().len(), AT_ONCE);
        assert_eq!(load.take(), (32..40).collect::<Vec<_>>());
        assert!(load.take().is_empty());
        let mut refusals = Refusals::default();
        load.note(7, Answer::Later, &mut refusals);
        assert_eq!(load.take(), [7]);
        load.note(8, Answer::Refused("bad".into()), &mut refusals);
        assert_eq!(load.take(), [40]);
        assert_eq!((refusals.retried, refusals.refused), (1, 1));
    }
}
