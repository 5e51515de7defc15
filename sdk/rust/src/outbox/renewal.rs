//! What no block can have any more, and the nonces of what is signed.

use std::collections::BTreeSet;

use crate::{config::At, Error, Result};

use super::{store::Entry, Included, Inner, Outcome};

impl Inner {
    /// Signs anew what no block can have any more. Every block up to this one was looked through.
    pub(super) async fn renew(&self, number: u64) -> Result<()> {
        let is_dead = |entry: &Entry| entry.dies < number;
        if !self.store.open_entries()?.iter().any(|(_, entry)| is_dead(entry)) {
            return Ok(());
        }
        let _alone = self.alone.lock().await;
        let open = self.store.open_entries()?.into_iter();
        let (dead, living): (Vec<_>, Vec<_>) = open.partition(|(_, entry)| is_dead(entry));
        let at = self.chain.at_head().await?;
        let (used, pooled) = self.counted(&at).await?;
        let mut unused = free(used, pooled, nonces(&dead), nonces(&living));
        let mut next = unused.next();
        for (purpose, entry) in dead {
            let Some(nonce) = next else { return Ok(()) };
            match self.sign(&at, &entry.replay, nonce) {
                Ok(renewed) => {
                    next = unused.next();
                    self.store.put(&purpose, &renewed)?;
                    // A refusal may pass; it is sent again like everything that is open.
                    let _ = self.send(&renewed).await;
                }
                // Its nonce goes to the next one, which would wait for ever otherwise.
                Err(misfit) => self.give_up(&at, &purpose, entry, &misfit)?,
            }
        }
        Ok(())
    }

    /// Keeps a call that does not fit the runtime any more, for its owner to see.
    fn give_up(&self, at: &At, purpose: &str, entry: Entry, misfit: &Error) -> Result<()> {
        let (reason, number) = (misfit.to_string(), at.block_number());
        self.complain(format!("{purpose:?} does not fit the runtime any more: {reason}"));
        let outcome = Outcome::Unfit { reason };
        let included = Some(Included { block: at.block_hash(), number, outcome });
        Ok(self.store.put(purpose, &Entry { included, ..entry })?)
    }

    /// The first nonce that neither the chain nor a pool nor this outbox has used.
    pub(super) async fn next_nonce(&self, at: &At) -> Result<u64> {
        let (used, pooled) = self.counted(at).await?;
        let held = nonces(&self.store.open_entries()?);
        Ok(free(used, pooled, BTreeSet::new(), held).next().unwrap_or(u64::MAX))
    }

    /// How many nonces the chain has seen, and how many are in it and in a pool.
    async fn counted(&self, at: &At) -> Result<(u64, u64)> {
        let account = self.signer.account();
        let used = at.tx().account_nonce(&account).await?;
        let pooled = self.chain.rpc().system_account_next_index(&account).await?;
        Ok((used, pooled))
    }
}

fn nonces(entries: &[(String, Entry)]) -> BTreeSet<u64> {
    entries.iter().map(|(_, entry)| entry.nonce).collect()
}

/// The nonces that can be given away, from the first on, without a gap that nothing fills: what is
/// behind one waits for it. What is dead has its nonce in a pool for a while, but not in a block.
fn free(
    used: u64,
    pooled: u64,
    dead: BTreeSet<u64>,
    held: BTreeSet<u64>,
) -> impl Iterator<Item = u64> {
    (used..)
        .filter(move |nonce| !held.contains(nonce) && (*nonce >= pooled || dead.contains(nonce)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(used: u64, pooled: u64, dead: &[u64], held: &[u64]) -> Vec<u64> {
        let set = |nonces: &[u64]| nonces.iter().copied().collect();
        free(used, pooled, set(dead), set(held)).take(3).collect()
    }

    #[test]
    fn free_should_give_what_is_dead_its_own_and_fill_gaps() {
        assert_eq!(first(5, 5, &[], &[]), [5, 6, 7]);
        assert_eq!(first(5, 5, &[], &[5, 7]), [6, 8, 9]);
        assert_eq!(first(5, 8, &[5, 6], &[7]), [5, 6, 8]);
        // Others have used what it had, or have it in the pool.
        assert_eq!(first(7, 9, &[5, 6], &[]), [9, 10, 11]);
    }
}
