//! The chain that a local network runs: the runtime's local preset, with the caller's changes.

use std::{fs, path::Path};

use cairn_runtime::{AccountId, RuntimeGenesisConfig, WASM_BINARY};
use sc_chain_spec::{json_patch, ChainSpec as _, ChainType};
use serde_json::Value;
use sp_core::storage::{well_known_keys::CODE, Storage};
use sp_runtime::BuildStorage;

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
    let json = raw(genesis).map_err(|reason| Error::Spec { reason })?;
    fs::write(file, json).map_err(Error::io("write", file))
}

/// The specification with all that is stored at genesis.
///
/// That is computed by the runtime that is built into this program. The one in the specification
/// comes to the same, and is compiled for seconds before.
fn raw(patch: Value) -> std::result::Result<String, String> {
    let missing = || cairn_chain_spec::Error::NoRuntime.to_string();
    let code = WASM_BINARY.ok_or_else(missing)?;
    let mut spec =
        cairn_chain_spec::from_patch(CHAIN_NAME, CHAIN_ID, ChainType::Local, patch.clone())
            .map_err(|error| error.to_string())?;
    let mut storage = stored(patch)?;
    storage.top.insert(CODE.to_vec(), code.to_vec());
    spec.set_storage(storage);
    spec.as_json(true)
}

/// What the runtime stores at genesis, with this merged over its defaults.
fn stored(patch: Value) -> std::result::Result<Storage, String> {
    let failed = |error: serde_json::Error| error.to_string();
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).map_err(failed)?;
    json_patch::merge(&mut config, patch);
    let config: RuntimeGenesisConfig = serde_json::from_value(config).map_err(failed)?;
    config.build_storage()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn genesis() -> Value {
        let mut genesis = cairn_runtime::genesis::local(&["Alice", "Bob"], Vec::new());
        json_patch::merge(&mut genesis, json!({ "launch": { "auditShare": 1_000_000 } }));
        genesis
    }

    #[test]
    fn raw_should_be_what_the_wasm_comes_to() {
        let native = raw(genesis()).unwrap();
        let spec = cairn_chain_spec::from_patch(CHAIN_NAME, CHAIN_ID, ChainType::Local, genesis());
        assert!(native == spec.unwrap().as_json(true).unwrap(), "the runtimes differ");
    }
}
