//! The chain that a local network runs: the runtime's local preset, with the caller's changes.

use std::{fs, path::Path};

use cairn_runtime::AccountId;
use sc_chain_spec::{json_patch, ChainType};
use serde_json::Value;

use crate::{Error, Result};

/// The chain's id; a node keeps its files in `chains/<id>` under its base path.
pub const CHAIN_ID: &str = "cairn-localnet";
const CHAIN_NAME: &str = "Cairn local network";

/// Writes the specification of a chain whose validators have these seeds.
///
/// It is written raw: the genesis is computed once here and not by every node at every start,
/// and the file keeps describing this chain when the runtime is rebuilt.
pub(crate) fn write(
    file: &Path,
    seeds: &[String],
    endowed: Vec<AccountId>,
    patch: Value,
) -> Result<()> {
    let seeds: Vec<&str> = seeds.iter().map(String::as_str).collect();
    let mut genesis = cairn_runtime::genesis::local(&seeds, endowed);
    json_patch::merge(&mut genesis, patch);
    let spec = cairn_chain_spec::from_patch(CHAIN_NAME, CHAIN_ID, ChainType::Local, genesis);
    let json = spec.as_json(true).map_err(|reason| Error::Spec { reason })?;
    fs::write(file, json).map_err(Error::io("write", file))
}
