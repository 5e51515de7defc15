//! What an outbox does by itself: it follows the chain, notes what of the open is in a final block,
//! and sends the rest again.

use std::{convert::Infallible, sync::Arc, time::Duration};

use subxt::{
    config::DefaultExtrinsicParamsBuilder, error::DispatchError, events::Phase,
    rpcs::Error as RpcError,
};
use tokio::time::sleep;

use super::{replay::Replay, store::Entry, Included, Inner, Outcome, PERIOD};
use crate::{
    config::{At, CairnConfig, H256},
    Error, Result,
};

/// Every so many blocks whatever is open is sent again: a node that restarts forgets its pool.
const RESEND: u64 = 8;
/// How often another nonce is tried where the account is used elsewhere too.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// What the pool's refusals are numbered.
const UNKNOWN_VALIDITY: i32 = 1011;
const ALREADY_IMPORTED: i32 = 1013;
pub(super) const PRIORITY_TOO_LOW: i32 = 1014;
/// What a node answers that has the transaction, in its pool or among those it looks through.
const HAS_IT: [i32; 2] = [UNKNOWN_VALIDITY, ALREADY_IMPORTED];

impl Inner {
    /// Follows the chain, through every loss of the connection.
    pub(super) async fn drive(self: Arc<Self>) {
        loop {
            let Err(error) = self.follow().await;
            if matches!(error, Error::Store(_) | Error::Forked { .. }) {
                let ended = Some(error.to_string());
                self.progress.send_modify(|progress| progress.ended = ended);
                return;
            }
            if !error.is_connection() {
                self.complain(error.to_string());
            }
            sleep(PAUSE).await;
        }
    }

    pub(super) fn complain(&self, trouble: String) {
        self.progress.send_modify(|progress| progress.trouble = Some(trouble));
    }

    async fn follow(&self) -> Result<Infallible> {
        let mut blocks = self.chain.follow().await?;
        self.catch_up(blocks.height()).await?;
        self.resend().await?;
        loop {
            let block = blocks.next().await?;
            self.look_through(block.number, block.hash).await?;
            self.renew(block.number).await?;
            if block.number % RESEND == 0 {
                self.resend().await?;
            }
            self.progress.send_modify(|progress| progress.seen = block.number);
        }
    }

    /// Looks through what became final while nobody looked, as far as anything open can be there.
    async fn catch_up(&self, next: u64) -> Result<()> {
        let open = self.store.open_entries()?;
        let first = open.iter().map(|(_, entry)| entry.born.saturating_add(1)).min();
        // Asked for by what follows the chain, which knows which node says what is final.
        let mut past = self.chain.follow().await?;
        for number in first.unwrap_or(next)..next {
            if open.iter().any(|(_, entry)| entry.born < number && number <= entry.dies) {
                if past.height() != number {
                    past = past.from(number);
                }
                let block = past.next().await?;
                self.look_through(block.number, block.hash).await?;
            }
        }
        self.renew(next.saturating_sub(1)).await
    }

    /// Notes what of the open is in a final block.
    async fn look_through(&self, number: u64, block: H256) -> Result<()> {
        let open = self.store.open_entries()?;
        if open.is_empty() {
            return Ok(());
        }
        let found = self.chain.rpc().chain_get_block(Some(block)).await?;
        let found = found.ok_or(Error::NoSuchBlock { number })?;
        for (index, transaction) in found.block.extrinsics.iter().enumerate() {
            let Some((purpose, entry)) =
                open.iter().find(|(_, entry)| entry.signed == transaction.0)
            else {
                continue;
            };
            let outcome = self.outcome(block, index).await?;
            let included = Some(Included { block, number, outcome });
            self.store.put(purpose, &Entry { included, ..entry.clone() })?;
        }
        Ok(())
    }

    /// What the events say of a transaction's call.
    async fn outcome(&self, block: H256, index: usize) -> Result<Outcome> {
        match self.read_outcome(block, index).await {
            Err(error) if is_forgotten(&error) => Ok(Outcome::Unknown),
            outcome => outcome,
        }
    }

    async fn read_outcome(&self, block: H256, index: usize) -> Result<Outcome> {
        let at = self.chain.at(block).await?;
        let events = at.events().fetch().await?;
        let phase = u32::try_from(index).ok().map(Phase::ApplyExtrinsic);
        for event in events.iter() {
            let event = event?;
            if Some(event.phase()) != phase || event.pallet_name() != "System" {
                continue;
            }
            match event.event_name() {
                "ExtrinsicSuccess" => return Ok(Outcome::Done),
                "ExtrinsicFailed" => {
                    let error = DispatchError::decode_from(event.field_bytes(), at.metadata())?;
                    return Ok(match Error::dispatched(at.metadata_ref(), &error) {
                        Error::Runtime { pallet, name, help } => {
                            Outcome::Failed { pallet, name, help }
                        }
                        other => Outcome::Refused { reason: other.to_string() },
                    });
                }
                _ => {}
            }
        }
        Ok(Outcome::Unknown)
    }

    /// Sends everything that is open, in the order of the nonces. A node says of most that it has
    /// it, or has had it in a block that is not final yet.
    pub(super) async fn resend(&self) -> Result<()> {
        // What is being sent for the first time must not be met here: of two who send the same, a
        // node refuses one.
        let _alone = self.alone.lock().await;
        for (_, entry) in self.store.open_entries()? {
            let _ = self.send(&entry).await;
        }
        Ok(())
    }

    /// Signs, stores and sends a call for the first time.
    pub(super) async fn send_first(&self, at: &At, purpose: &str, replay: &Replay) -> Result<()> {
        let mut tries = 0;
        loop {
            let nonce = self.next_nonce(at).await?;
            let entry = self.sign(at, replay, nonce)?;
            self.store.put(purpose, &entry)?;
            let before = self.chain.generation();
            let Err(error) = self.send(&entry).await else { return Ok(()) };
            let refused = matches!(error, RpcError::User(_));
            if !refused || self.chain.generation() != before {
                // Nobody knows whether a node has it, and none may be told to make it undone.
                return Ok(());
            }
            self.store.remove(purpose)?;
            tries += 1;
            if !is_taken(&error) || tries == TRIES {
                return Err(Error::pool(error));
            }
        }
    }

    pub(super) async fn send(&self, entry: &Entry) -> Result<(), RpcError> {
        let sent = self.chain.rpc().author_submit_extrinsic(&entry.signed).await;
        match sent {
            Err(RpcError::User(refusal)) if HAS_IT.contains(&refusal.code) => Ok(()),
            sent => sent.map(drop),
        }
    }

    pub(super) fn sign(&self, at: &At, replay: &Replay, nonce: u64) -> Result<Entry> {
        let (born, block) = (at.block_number(), at.block_hash());
        let parameters = DefaultExtrinsicParamsBuilder::<CairnConfig>::new()
            .nonce(nonce)
            .mortal_from_unchecked(PERIOD, born, block)
            .build();
        let mut signable = at.tx().create_signable_offline(replay, parameters)?;
        let signed = signable.sign(&self.signer)?.into_encoded();
        let dies = born.saturating_add(PERIOD - 1);
        Ok(Entry { nonce, replay: replay.clone(), signed, born, dies, included: None })
    }
}

/// Whether somebody else's transaction has the nonce.
pub(super) fn is_taken(error: &RpcError) -> bool {
    let RpcError::User(refusal) = error else { return false };
    let said = refusal.data.as_ref().map_or("", |data| data.get());
    refusal.code == PRIORITY_TOO_LOW || said.contains("outdated")
}

/// Whether the node no longer has the state after a block.
fn is_forgotten(error: &Error) -> bool {
    let text = error.to_string();
    text.contains("State already discarded") || text.contains("UnknownBlock")
}
