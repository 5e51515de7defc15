#![doc = include_str!("../README.md")]

mod error;

pub use error::Error;

use cairn_runtime::{
    genesis::preset_json,
    opaque::Block,
    units::{DECIMALS, SS58_PREFIX},
};
use sc_chain_spec::{ChainSpecExtension, ChainType, GenericChainSpec, Properties};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

/// What a spec carries beside the genesis.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
    /// Blocks known to be on the chain, for a network that forked.
    pub fork_blocks: sc_client_api::ForkBlocks<Block>,
    /// Blocks known not to be on it.
    pub bad_blocks: sc_client_api::BadBlocks<Block>,
    /// Where a light client may start from.
    pub light_sync_state: sc_sync_state_rpc::LightSyncStateExtension,
}

/// A chain's name, genesis and boot nodes.
pub type ChainSpec = GenericChainSpec<Extensions>;

/// The specs that the binary carries, by the id that `--chain` takes.
pub const IDS: [&str; 3] = ["development", "local", "staging"];

/// How wallets show amounts and addresses.
fn properties() -> Properties {
    let mut properties = Properties::new();
    properties.insert("tokenSymbol".into(), "CRN".into());
    properties.insert("tokenDecimals".into(), DECIMALS.into());
    properties.insert("ss58Format".into(), SS58_PREFIX.into());
    properties
}

/// A spec whose genesis is the runtime's default with `patch` merged over it.
pub fn from_patch(
    name: &str,
    id: &str,
    chain_type: ChainType,
    patch: Value,
) -> Result<ChainSpec, Error> {
    let code = cairn_runtime::WASM_BINARY.ok_or(Error::NoRuntime)?;
    Ok(ChainSpec::builder(code, Extensions::default())
        .with_name(name)
        .with_id(id)
        .with_protocol_id(id)
        .with_chain_type(chain_type)
        .with_properties(properties())
        .with_genesis_config_patch(patch)
        .build())
}

fn from_preset(
    name: &str,
    id: &str,
    chain_type: ChainType,
    preset: &str,
) -> Result<ChainSpec, Error> {
    let patch = preset_json(preset).ok_or_else(|| Error::NoPreset { name: preset.into() })?;
    from_patch(name, id, chain_type, patch)
}

/// One validator with Alice's keys.
pub fn development() -> Result<ChainSpec, Error> {
    from_preset("Cairn Development", "cairn_dev", ChainType::Development, "development")
}

/// Four validators with well-known keys.
pub fn local() -> Result<ChainSpec, Error> {
    from_preset("Cairn Local", "cairn_local", ChainType::Local, "local_testnet")
}

/// What a public network starts from, once its keys are replaced.
pub fn staging() -> Result<ChainSpec, Error> {
    from_preset("Cairn Staging", "cairn_staging", ChainType::Live, "staging")
}

/// The spec that `--chain` names: an id of [`IDS`], or a path to a JSON file.
pub fn load(id: &str) -> Result<Box<dyn sc_chain_spec::ChainSpec>, Error> {
    Ok(Box::new(match id {
        "dev" | "development" => development()?,
        "local" => local()?,
        "staging" => staging()?,
        "" => return Err(Error::NoChain),
        path => from_file(path)?,
    }))
}

fn from_file(path: &str) -> Result<ChainSpec, Error> {
    let file = PathBuf::from(path);
    if !file.exists() {
        return Err(Error::Unknown { id: path.into() });
    }
    ChainSpec::from_json_file(file).map_err(|reason| Error::Broken { path: path.into(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_runtime::{genesis::STAGING_PRESET, units::GENESIS_SUPPLY};

    fn total_endowed(preset: &str) -> u128 {
        let patch = preset_json(preset).expect("a known preset");
        let balances = patch["balances"]["balances"].as_array().expect("balances").clone();
        balances
            .iter()
            .map(|entry| serde_json::from_value::<(String, u128)>(entry.clone()).expect("entry").1)
            .sum()
    }

    #[test]
    fn load_should_build_raw_storage_when_the_id_is_carried() {
        for id in IDS {
            let spec = load(id).expect("carried");
            assert!(spec.as_json(true).expect("raw spec").contains("0x3a636f6465"), "{id}");
        }
    }

    #[test]
    fn presets_should_endow_the_whole_supply_when_built() {
        for preset in ["development", "local_testnet", STAGING_PRESET] {
            assert_eq!(total_endowed(preset), GENESIS_SUPPLY, "{preset}");
        }
    }

    #[test]
    fn load_should_round_trip_when_the_spec_is_written_to_a_file() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("spec.json");
        let spec = staging().expect("staging");
        std::fs::write(&path, spec.as_json(false).expect("json")).expect("written");
        let loaded = load(path.to_str().expect("utf-8")).expect("loads");
        assert_eq!(loaded.id(), spec.id());
        assert_eq!(loaded.as_json(true).expect("raw"), spec.as_json(true).expect("raw"));
    }

    /// The file carries a runtime too, which only a release renews; its genesis must not drift.
    #[test]
    fn staging_file_should_hold_the_genesis_of_the_preset_when_kept() {
        let file = include_str!("../specs/staging.json");
        let kept: Value = serde_json::from_str(file).expect("json");
        let patch = &kept["genesis"]["runtimeGenesis"]["patch"];
        assert_eq!(Some(patch), preset_json(STAGING_PRESET).as_ref(), "write it anew: see README");
        assert_eq!(kept["properties"], serde_json::to_value(properties()).expect("json"));
    }

    #[test]
    fn load_should_name_the_choices_when_the_id_is_unknown() {
        let error = load("nowhere").expect_err("unknown").to_string();
        for id in IDS {
            assert!(error.contains(id), "{error}");
        }
    }

    #[test]
    fn load_should_name_the_file_when_it_is_broken() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("broken.json");
        std::fs::write(&path, "{\"name\": \"half a sp").expect("written");
        let error = load(path.to_str().expect("utf-8")).expect_err("broken").to_string();
        assert!(error.contains("broken.json") && !error.contains('\n'), "{error}");
    }
}
