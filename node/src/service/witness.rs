//! Reports a validator that signs two blocks for one slot.
//!
//! BABE's import looks for such blocks too, but in the releases used here it is given headers
//! whose seals have been taken off. Two headers without signatures prove nothing: each report is
//! put into a block, fails there, and the offender goes free. So the headers are compared here,
//! seals on, before BABE gets them, and what BABE itself would report is dropped.
//!
//! ```text
//! block ──▶ Witness ──▶ BABE ──▶ GRANDPA ──▶ client
//!              │           └ its reports ──▶ Dropped
//!              └ two blocks, one slot, one author ──▶ pool ──▶ this node's next block
//! ```

use std::{fmt::Display, sync::Arc};

use async_trait::async_trait;
use cairn_runtime::{opaque::Block, Hash, Header};
use sc_client_api::AuxStore;
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult};
use sc_consensus_babe::{find_pre_digest, BabeIntermediate, BabeLink, Epoch, INTERMEDIATE_KEY};
use sc_transaction_pool_api::{
    error::Error as PoolError, LocalTransactionFor, LocalTransactionPool,
    OffchainTransactionPoolFactory,
};
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockOrigin, Error as ConsensusError};
use sp_consensus_babe::{AuthorityId, BabeApi, EquivocationProof, Slot};
use sp_timestamp::Timestamp;

use super::parts::FullClient;

const LOG_TARGET: &str = "babe";

/// Sets the sealed headers apart from the ones that BABE's import keeps under the same keys.
const SEALED: &[u8] = b"cairn/sealed/";

/// A block import that looks at who authored before it passes the block on.
#[derive(Clone)]
pub struct Witness<Inner> {
    inner: Inner,
    client: Arc<FullClient>,
    link: BabeLink<Block>,
    reports: OffchainTransactionPoolFactory<Block>,
}

impl<Inner> Witness<Inner> {
    pub fn new(
        inner: Inner,
        client: Arc<FullClient>,
        link: BabeLink<Block>,
        reports: OffchainTransactionPoolFactory<Block>,
    ) -> Self {
        Self { inner, client, link, reports }
    }

    /// Compares a block with what its author signed before for the same slot.
    fn watch(&self, block: &BlockImportParams<Block>) -> Result<(), String> {
        // What is found while the node catches up is old: others reported it in its time.
        if block.origin == BlockOrigin::NetworkInitialSync {
            return Ok(());
        }
        let Some((slot, author)) = self.author(block)? else { return Ok(()) };
        let now = Slot::from_timestamp(Timestamp::current(), self.link.config().slot_duration());
        let proof = sc_consensus_slots::check_equivocation(
            &SealedHeaders(&self.client),
            now,
            slot,
            &block.post_header(),
            &author,
        )
        .map_err(text)?;
        match proof {
            Some(proof) => self.report(proof, block.header.parent_hash),
            None => Ok(()),
        }
    }

    /// Who signed the block and for which slot, unless it came in unverified, with its state.
    fn author(
        &self,
        block: &BlockImportParams<Block>,
    ) -> Result<Option<(Slot, AuthorityId)>, String> {
        let verified = block.get_intermediate::<BabeIntermediate<Block>>(INTERMEDIATE_KEY);
        let Ok(BabeIntermediate { epoch_descriptor }) = verified else { return Ok(None) };
        let claim = find_pre_digest::<Block>(&block.header).map_err(text)?;
        let epochs = self.link.epoch_changes().shared_data();
        let epoch = epochs
            .viable_epoch(epoch_descriptor, |slot| Epoch::genesis(self.link.config(), slot))
            .ok_or("the block's epoch is not known")?;
        let (author, _) = usize::try_from(claim.authority_index())
            .ok()
            .and_then(|index| epoch.as_ref().authorities.get(index))
            .ok_or("the block's author is not an authority of its epoch")?;
        Ok(Some((claim.slot(), author.clone())))
    }

    /// Puts a report into this node's pool; it goes into a block that this node authors.
    fn report(&self, proof: EquivocationProof<Header>, parent: Hash) -> Result<(), String> {
        log::info!(
            target: LOG_TARGET,
            "{:?} signed both {:?} and {:?} for slot {}",
            proof.offender,
            proof.first_header.hash(),
            proof.second_header.hash(),
            proof.slot,
        );
        let owner = |at| {
            self.client
                .runtime_api()
                .generate_key_ownership_proof(at, proof.slot, proof.offender.clone())
                .map_err(text)
        };
        let best = self.client.info().best_hash;
        // The first block of a session has its parent in the one before, where the key may not
        // have been registered.
        let owner = match owner(parent)? {
            Some(owner) => Some(owner),
            None => owner(best)?,
        };
        let owner = owner.ok_or("nobody can be shown to own the offending key")?;
        let mut runtime = self.client.runtime_api();
        runtime.register_extension(self.reports.offchain_transaction_pool(best));
        runtime
            .submit_report_equivocation_unsigned_extrinsic(best, proof, owner)
            .map_err(text)?
            .ok_or("the runtime would not report it")?;
        Ok(())
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

#[async_trait]
impl<Inner> BlockImport<Block> for Witness<Inner>
where
    Inner: BlockImport<Block, Error = ConsensusError> + Send + Sync,
{
    type Error = ConsensusError;

    async fn check_block(
        &self,
        block: BlockCheckParams<Block>,
    ) -> Result<ImportResult, Self::Error> {
        self.inner.check_block(block).await
    }

    async fn import_block(
        &self,
        block: BlockImportParams<Block>,
    ) -> Result<ImportResult, Self::Error> {
        // Whatever comes of it, a valid block is imported.
        if let Err(error) = self.watch(&block) {
            log::warn!(
                target: LOG_TARGET,
                "block {:?} could not be checked for a second one in its slot: {error}",
                block.post_hash(),
            );
        }
        self.inner.import_block(block).await
    }
}

/// The client's auxiliary store under keys of our own.
struct SealedHeaders<'a>(&'a FullClient);

impl SealedHeaders<'_> {
    fn key(key: &[u8]) -> Vec<u8> {
        [SEALED, key].concat()
    }
}

impl AuxStore for SealedHeaders<'_> {
    fn insert_aux<
        'a,
        'b: 'a,
        'c: 'a,
        I: IntoIterator<Item = &'a (&'c [u8], &'c [u8])>,
        D: IntoIterator<Item = &'a &'b [u8]>,
    >(
        &self,
        insert: I,
        delete: D,
    ) -> sp_blockchain::Result<()> {
        let insert: Vec<_> =
            insert.into_iter().map(|(key, value)| (Self::key(key), *value)).collect();
        let insert: Vec<_> = insert.iter().map(|(key, value)| (key.as_slice(), *value)).collect();
        let delete: Vec<_> = delete.into_iter().map(|key| Self::key(key)).collect();
        let delete: Vec<_> = delete.iter().map(Vec::as_slice).collect();
        self.0.insert_aux(&insert, &delete)
    }

    fn get_aux(&self, key: &[u8]) -> sp_blockchain::Result<Option<Vec<u8>>> {
        self.0.get_aux(&Self::key(key))
    }
}

/// Where the reports of BABE's own import go.
pub struct Dropped;

impl LocalTransactionPool for Dropped {
    type Block = Block;
    type Hash = Hash;
    type Error = PoolError;

    fn submit_local(
        &self,
        _at: Hash,
        _report: LocalTransactionFor<Self>,
    ) -> Result<Hash, PoolError> {
        Ok(Hash::zero())
    }
}
