//! What can be wrong with a spec, and what to do about it.

use super::IDS;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no chain named; pass --chain with one of {choices}, or the path of a spec file", choices = IDS.join(", "))]
    NoChain,
    #[error(
        "no chain or spec file is called '{id}'; pass --chain with one of {choices}, or the path of an existing spec file",
        choices = IDS.join(", ")
    )]
    Unknown { id: String },
    #[error("the spec file '{path}' cannot be read ({reason}); write it anew with 'cairn-node build-spec', or fetch it again")]
    Broken { path: String, reason: String },
    #[error("the runtime has no preset called '{name}'; rebuild the node with the runtime it belongs to")]
    NoPreset { name: String },
    #[error("this binary was built without the WASM runtime; build it without SKIP_WASM_BUILD")]
    NoRuntime,
}
