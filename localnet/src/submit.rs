//! Getting transactions in, and following them to finality.

use std::time::Duration;

use cairn_runtime::{Hash, RuntimeCall, RuntimeEvent};
use jsonrpsee::{
    core::{client::Subscription, ClientError},
    rpc_params,
};
use sc_transaction_pool_api::TransactionStatus;
use sp_core::{sr25519, Bytes};

use crate::{keys, tx, Client, Error, Result};

/// The pool could not check the transaction.
const VERIFICATION_FAILED: i32 = 1002;
const RETRIES: u32 = 5;
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// Whether the pool only lost the state it wanted to check against: finality pruned the fork
/// that was best a moment ago. The transaction itself has not been judged.
fn is_passing(code: i32, text: &str) -> bool {
    code == VERIFICATION_FAILED && text.contains("State already discarded")
}

/// An error object as the pool sends it: the message is general, the data says what is wrong.
fn refusal(code: i32, message: &str, data: Option<&str>) -> Error {
    let message = data.map_or_else(|| message.to_owned(), |data| format!("{message}: {data}"));
    Error::Refused { code, message }
}

/// Turns the pool's refusal into one that can be told from a broken connection.
fn classify(error: Error) -> Error {
    match error {
        Error::Rpc { source: ClientError::Call(object), .. } => {
            refusal(object.code(), object.message(), object.data().map(|data| data.get()))
        }
        other => other,
    }
}

fn should_retry(error: &Error) -> bool {
    matches!(error, Error::Refused { code, message } if is_passing(*code, message))
}

/// Runs a submission, again if the node only stumbled.
macro_rules! with_retries {
    ($submission:expr) => {{
        let mut attempt = 0;
        loop {
            match $submission.await.map_err(classify) {
                Err(error) if should_retry(&error) && attempt < RETRIES => {
                    attempt += 1;
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                other => break other,
            }
        }
    }};
}

/// What became of a call.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The finalized block it is in.
    pub block: Hash,
    pub events: Vec<RuntimeEvent>,
}

/// A call on its way.
pub struct Sent {
    transaction: Bytes,
    watch: Watch,
}

/// A submitted transaction and the node's reports on it.
pub struct Watch {
    hash: Hash,
    url: String,
    updates: Subscription<TransactionStatus<Hash, Hash>>,
}

impl Watch {
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The next report.
    pub async fn next(&mut self) -> Result<TransactionStatus<Hash, Hash>> {
        match self.updates.next().await {
            Some(Ok(status)) => Ok(status),
            other => Err(Error::SubscriptionEnded {
                what: "a transaction's status",
                url: self.url.clone(),
                reason: match other {
                    Some(Err(error)) => error.to_string(),
                    _ => format!("{:?}", self.updates.close_reason()),
                },
            }),
        }
    }

    /// Waits until the transaction is in a finalized block, and says which.
    pub async fn finalized(mut self, within: Duration) -> Result<Hash> {
        let hash = self.hash;
        let mut seen = "nothing".to_owned();
        let followed = tokio::time::timeout(within, async {
            loop {
                let status = self.next().await?;
                seen = format!("{status:?}");
                match status {
                    TransactionStatus::Finalized((block, _)) => return Ok(block),
                    status if status.is_final() => {
                        return Err(Error::NotFinalized { hash, status: seen.clone() })
                    }
                    _ => {}
                }
            }
        })
        .await;
        followed.unwrap_or_else(|_| {
            Err(Error::Timeout { what: format!("transaction {hash} to be final"), within, seen })
        })
    }
}

impl Client {
    /// Hands a signed transaction to the node's pool.
    pub async fn submit(&self, transaction: &Bytes) -> Result<Hash> {
        with_retries!(self.request("author_submitExtrinsic", rpc_params![transaction]))
    }

    /// Hands a signed transaction to the node's pool and follows it.
    pub async fn submit_and_watch(&self, transaction: &Bytes) -> Result<Watch> {
        let updates = with_retries!(self.subscribe(
            "author_submitAndWatchExtrinsic",
            rpc_params![transaction],
            "author_unwatchExtrinsic",
        ))?;
        Ok(Watch { hash: tx::hash(transaction), url: self.url.to_string(), updates })
    }

    /// Signs a call with the account's next nonce, submits it, waits until it is final, and
    /// fails unless the call itself succeeded.
    pub async fn execute(
        &self,
        call: RuntimeCall,
        signer: &sr25519::Pair,
        within: Duration,
    ) -> Result<Executed> {
        let sent = self.send(call, signer).await?;
        self.executed(sent, within).await
    }

    /// The first half of that: whoever sends several calls need not wait for one after the other.
    pub async fn send(&self, call: RuntimeCall, signer: &sr25519::Pair) -> Result<Sent> {
        let nonce = self.nonce(&keys::account_of(signer)).await?;
        let transaction = tx::sign(call, signer, nonce, &self.signing().await?);
        let watch = self.submit_and_watch(&transaction).await?;
        Ok(Sent { transaction, watch })
    }

    /// The second half.
    pub async fn executed(&self, sent: Sent, within: Duration) -> Result<Executed> {
        let Sent { transaction, watch } = sent;
        let block = watch.finalized(within).await?;
        let events = self.events_of(block, &transaction).await?;
        let failure = events.iter().find_map(|event| match event {
            RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
                dispatch_error, ..
            }) => Some(format!("{dispatch_error:?}")),
            _ => None,
        });
        match failure {
            Some(reason) => Err(Error::CallFailed { hash: tx::hash(&transaction), block, reason }),
            None => Ok(Executed { block, events }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn should_retry_should_hold_only_when_the_state_was_lost() {
        let lost = "Api called for an unknown Block: State already discarded for 0x12";
        assert!(should_retry(&refusal(1002, "Verification Error", Some(lost))));
        assert!(!should_retry(&refusal(1010, "Invalid Transaction", Some("bad signature"))));
        assert!(!should_retry(&refusal(1002, "Verification Error", None)));
    }
}
