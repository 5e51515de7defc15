//! How a chain begins: three presets, and the pieces to make others from.

mod presets;

pub use presets::{development, local, local_testnet, staging, Validator};

use alloc::{vec, vec::Vec};
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

/// The preset a public network starts from; its keys are published and have to be replaced.
pub const STAGING_PRESET: &str = "staging";

/// The genesis patch of a named preset.
pub fn preset_json(name: &str) -> Option<serde_json::Value> {
    match name {
        DEV_RUNTIME_PRESET => Some(development()),
        LOCAL_TESTNET_RUNTIME_PRESET => Some(local_testnet()),
        STAGING_PRESET => Some(staging()),
        _ => None,
    }
}

/// The same as JSON bytes, as the runtime API hands it out.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    preset_json(id.as_ref()).and_then(|patch| serde_json::to_vec(&patch).ok())
}

pub fn preset_names() -> Vec<PresetId> {
    vec![
        PresetId::from(DEV_RUNTIME_PRESET),
        PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET),
        PresetId::from(STAGING_PRESET),
    ]
}
