//! Transfers that flow while something happens to the network.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
    time::Duration,
};

use cairn_localnet::{
    keys, tx,
    wait::{until, Seen},
    Client, Error,
};
use cairn_runtime::{units::UNITS, AccountId, Balance, Nonce};
use sp_core::sr25519;
use tokio::task::JoinHandle;

use crate::Failure;

/// Moved by each transfer.
const AMOUNT: Balance = UNITS;

/// After so many transfers the account's nonce is compared with the node's: transactions that
/// the pool dropped leave a gap, which has to be filled as a wallet would fill it.
const COMPARE_EVERY: u32 = 16;

/// A running stream of transfers from one account to one that is otherwise unused.
pub struct Load {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<Sent, Error>>,
}

/// What a [`Load`] has sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub sender: AccountId,
    pub receiver: AccountId,
    /// The sender's nonce before the first transfer.
    pub first: Nonce,
    /// The sender's nonce after the last transfer that a pool accepted.
    pub next: Nonce,
    /// Submissions that a pool refused.
    pub refused: u32,
}

impl Load {
    /// Sends a transfer from the account of this seed every so often, through one node.
    pub async fn start(client: Client, seed: &str, every: Duration) -> Result<Self, Failure> {
        let signer = keys::signer(seed)?;
        let sender = keys::account_of(&signer);
        let first = client.account(&sender, None).await?.nonce;
        let receiver = keys::account(&format!("receiver//{seed}"))?;
        let sent = Sent { sender, receiver, first, next: first, refused: 0 };
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(send(client, signer, sent, every, stop.clone()));
        Ok(Self { stop, task })
    }

    /// Stops sending and says what was sent.
    pub async fn finish(self) -> Result<Sent, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        Ok(self.task.await??)
    }
}

async fn send(
    client: Client,
    signer: sr25519::Pair,
    mut sent: Sent,
    every: Duration,
    stop: Arc<AtomicBool>,
) -> Result<Sent, Error> {
    let mut signing = client.signing().await?;
    let mut nonce = sent.first;
    let mut submissions: u32 = 0;
    while !stop.load(Ordering::Relaxed) {
        let call = tx::transfer(sent.receiver.clone(), AMOUNT);
        match client.submit(&tx::sign(call, &signer, nonce, &signing)).await {
            Ok(_) => {
                nonce += 1;
                sent.next = sent.next.max(nonce);
            }
            Err(Error::Refused { .. }) => {
                sent.refused += 1;
                signing = client.signing().await?;
                nonce = client.nonce(&sent.sender).await?;
            }
            Err(broken) => return Err(broken),
        }
        submissions += 1;
        if submissions.is_multiple_of(COMPARE_EVERY) {
            nonce = nonce.min(client.nonce(&sent.sender).await?);
        }
        tokio::time::sleep(every).await;
    }
    Ok(sent)
}

impl Sent {
    /// How many transfers were accepted.
    pub fn count(&self) -> u32 {
        self.next - self.first
    }

    /// Waits until each of these nodes shows every accepted transfer final, and checks that
    /// each moved its amount once.
    ///
    /// Nonces are used up in order, so a final nonce of `next` means that all are final.
    pub async fn check_final(&self, nodes: &[Client], within: Duration) -> Result<(), Failure> {
        for node in nodes {
            let what = format!("{} to finalize {} transfers", node.url(), self.count());
            let (nonce, received) = until(what, within, || async {
                let at = Some(node.finalized_head().await?);
                let nonce = node.account(&self.sender, at).await?.nonce;
                let received = node.free_balance(&self.receiver, at).await?;
                Ok(Seen::when(nonce >= self.next, (nonce, received)))
            })
            .await?;
            let expected = Balance::from(nonce - self.first) * AMOUNT;
            if received != expected {
                return Err(Failure::new(format!(
                    "{} transfers are final at {}, which move {expected}; {received} arrived",
                    nonce - self.first,
                    node.url(),
                )));
            }
        }
        Ok(())
    }
}
