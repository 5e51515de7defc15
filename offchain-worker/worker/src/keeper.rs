//! Keeps results for as long as their requesters may want them, and shows parts of one that nobody
//! could fetch. Whoever shows nothing is not paid.

use crate::{
    artifacts::Artifacts,
    post::{is_final, Post},
    work::{Asked, Kept, Seat, Turn},
    Error, Result,
};
use cairn_protocol::chunk::Proof;
use cairn_sdk::calls;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::watch;
use tracing::{info, warn};

pub(crate) struct Keeper {
    pub artifacts: Artifacts,
    pub post: Arc<Post>,
    /// What is shown, which takes long to make.
    pub proofs: BTreeMap<Seat, Vec<Proof>>,
}

impl Keeper {
    /// Goes on until nobody tells it how things stand.
    pub async fn run(mut self, mut turns: watch::Receiver<Option<Arc<Turn>>>) -> Result<()> {
        while turns.changed().await.is_ok() {
            let turn = turns.borrow_and_update().clone();
            if let Some(turn) = turn {
                self.look(&turn).await?;
            }
        }
        Ok(())
    }

    async fn look(&mut self, turn: &Turn) -> Result<()> {
        let seats: Vec<Seat> = turn.kept.iter().map(|kept| kept.seat).collect();
        if let Err(reason) = self.artifacts.keep_only(&seats).await {
            warn!("results are kept for longer than they need be: {reason}");
        }
        let is_asked =
            |seat: &Seat| turn.kept.iter().any(|kept| kept.seat == *seat && kept.asked.is_some());
        self.proofs.retain(|seat, _| is_asked(seat));
        for Kept { seat, asked } in &turn.kept {
            let Some(asked) = asked else { continue };
            match self.show(*seat, asked, turn.block).await {
                Ok(()) => {}
                Err(Error::Sdk(error)) if !is_final(&error) => {
                    warn!("{seat}: its result was not shown: {error}");
                }
                Err(Error::Artifacts(missing)) => {
                    warn!("{seat}: its result cannot be shown: {missing}");
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    async fn show(&mut self, seat: Seat, asked: &Asked, block: u64) -> Result<()> {
        let purpose = seat.purpose("show");
        let proofs = match self.proofs.get(&seat) {
            Some(proofs) => proofs.clone(),
            None => {
                info!("{seat}: shows {} chunks of its result", asked.chunks.len());
                let proofs = self.artifacts.prove(&asked.file, &asked.chunks).await?;
                // A complaint before this one may have been answered under the same name.
                self.post.forget(&purpose).await?;
                self.proofs.insert(seat, proofs.clone());
                proofs
            }
        };
        self.post.send("show", &purpose, &calls::show(seat.task, proofs), block).await?;
        Ok(())
    }
}
