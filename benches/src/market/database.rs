//! A state as a node keeps it: in ParityDB, behind the node's cache of the trie.

use cairn_runtime::{opaque::Block, Hash, Header};
use sc_client_api::{Backend as _, BlockImportOperation as _, NewBlockState, TrieCacheContext};
use sc_client_db::{Backend, BlocksPruning, DatabaseSettings, DatabaseSource};
use sp_core::{storage::Storage, traits::CodeExecutor};
use sp_runtime::{traits::BlakeTwo256, Digest, StateVersion};
use sp_state_machine::{
    backend::{BackendRuntimeCode, TryPendingCode},
    Ext, OverlayedChanges,
};
use tempfile::TempDir;

use crate::Error;

/// As much as a node is given.
const CACHE_BYTES: usize = 1 << 30;

type State = <Backend<Block> as sc_client_api::Backend<Block>>::State;
pub type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;

pub struct Database {
    backend: Backend<Block>,
    at: Hash,
    // Removed when the database is closed.
    _files: TempDir,
}

/// What is done in one block on top of the database, and forgotten afterwards.
pub struct Scratch {
    state: State,
    changes: OverlayedChanges<BlakeTwo256>,
}

impl Database {
    /// A database that holds this and nothing else.
    pub fn of(storage: Storage) -> Result<Self, Error> {
        let files = tempfile::tempdir()?;
        let settings = DatabaseSettings {
            trie_cache_maximum_size: Some(CACHE_BYTES),
            state_pruning: None,
            source: DatabaseSource::ParityDb { path: files.path().into() },
            blocks_pruning: BlocksPruning::KeepAll,
            pruning_filters: Vec::new(),
            metrics_registry: None,
        };
        let backend = Backend::new(settings, 0)?;
        let mut write = backend.begin_operation()?;
        let root = write.set_genesis_state(storage, true, StateVersion::V1)?;
        let header = Header {
            parent_hash: Hash::zero(),
            number: 0,
            state_root: root,
            extrinsics_root: Hash::zero(),
            digest: Digest::default(),
        };
        let at = header.hash();
        write.set_block_data(header, Some(vec![]), None, None, NewBlockState::Final, true)?;
        backend.commit_operation(write)?;
        Ok(Self { backend, at, _files: files })
    }

    /// A fresh block on top.
    pub fn scratch(&self) -> Result<Scratch, Error> {
        let state = self.backend.state_at(self.at, TrieCacheContext::Trusted)?;
        Ok(Scratch { state, changes: OverlayedChanges::default() })
    }

    /// Reads everything once, so that the caches hold what they would hold on a node that has
    /// followed the chain for a while.
    pub fn warm_up(&self) -> Result<usize, Error> {
        let mut scratch = self.scratch()?;
        Ok(scratch.native(|| super::chain::entries(&[]).count()))
    }
}

impl Scratch {
    /// Has the native runtime do this.
    pub fn native<R>(&mut self, what: impl FnOnce() -> R) -> R {
        let mut ext = Ext::new(&mut self.changes, &self.state, None);
        sp_externalities::set_and_run_with_externalities(&mut ext, what)
    }

    /// Calls the WASM runtime, as nodes do.
    pub fn wasm(&mut self, executor: &Executor, call: &str, data: &[u8]) -> Result<Vec<u8>, Error> {
        let code = BackendRuntimeCode::new(&self.state, TryPendingCode::No);
        let code = code.runtime_code().map_err(|reason| Error::Setup(reason.into()))?;
        let mut ext = Ext::new(&mut self.changes, &self.state, None);
        let context = sp_core::traits::CallContext::Onchain { import: true };
        let (answer, _) = executor.call(&mut ext, &code, call, data, context);
        answer.map_err(|error| Error::Setup(format!("{call}: {error}")))
    }
}

/// Compiles the runtime as a node does.
pub fn executor() -> Executor {
    Executor::builder().build()
}
