//! The chain that a local network runs: the runtime's local preset, with the caller's changes.

use std::{fs, path::Path};

use cairn_runtime::AccountId;
use sc_chain_spec::{json_patch, ChainType};
use serde_json::Value;

use crate::{keys, Error, Result};

/// The chain's id; a node keeps its files in `chains/<id>` under its base path.
pub const CHAIN_ID: &str = "cairn-localnet";
const CHAIN_NAME: &str = "Cairn local network";

/// Writes the specification of a chain with this many development validators. The accounts in
/// `endowed` share the supply with them, and `patch` is merged over the genesis.
///
/// It is written raw: the genesis is computed once here and not by every node at every start,
/// and the file keeps describing this chain when the runtime is rebuilt.
pub fn write_spec(
    file: &Path,
    validators: usize,
    endowed: Vec<AccountId>,
    patch: Value,
) -> Result<()> {
    let seeds: Vec<String> = (0..validators).map(keys::validator_seed).collect();
    let seeds: Vec<&str> = seeds.iter().map(String::as_str).collect();
    let mut genesis = cairn_runtime::genesis::local(&seeds, endowed);
    json_patch::merge(&mut genesis, patch);
    let json = cairn_chain_spec::from_patch(CHAIN_NAME, CHAIN_ID, ChainType::Local, genesis)
        .map_err(|error| error.to_string())
        .and_then(|spec| spec.as_json(true))
        .map_err(|reason| Error::Spec { reason })?;
    fs::write(file, json).map_err(Error::io("write", file))
}
