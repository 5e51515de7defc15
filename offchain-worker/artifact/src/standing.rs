//! A published model with other files for some of its components: as it stands after others have
//! changed it.
//!
//! ```text
//! bundle ──▶ card ──▶ manifests ──▶ components        the same card, with the names of
//!               other files ─────────┘                manifests that name the other files
//! ```

use crate::{
    manifest::{self, Manifest},
    name,
    store::Store,
    Error,
};
use cairn_protocol::{
    bundle::{Bundle, MAX_FILES},
    id::{ContentId, File},
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// Why a model cannot be brought to how it stands.
#[derive(Debug, thiserror::Error)]
pub enum Unstanding {
    #[error("the card of the bundle does not say which programs the model has ({reason}); have its author publish it anew")]
    Card { reason: String },
    #[error("the model has no component {component}; this is another one's bundle")]
    Component { component: String },
    #[error("the model would have {have} files, and a bundle takes {MAX_FILES} at most")]
    Files { have: usize },
    #[error("a manifest cannot be written: {0}")]
    Manifest(#[from] manifest::Flaw),
    #[error(transparent)]
    Artifact(#[from] Error),
}

/// What is read of a card; the rest is for whoever runs the model.
#[derive(Deserialize)]
struct Programs {
    manifests: BTreeMap<String, String>,
}

/// The manifests of a model, which have to be at hand to know which files it has by component.
pub fn manifests(bundle: &Bundle) -> Result<BTreeSet<ContentId>, Unstanding> {
    let bad = |reason: String| Unstanding::Card { reason };
    let programs: Programs =
        serde_json::from_slice(&bundle.card).map_err(|error| bad(error.to_string()))?;
    let id = |text: String| {
        name::from_hex(&text).ok_or_else(|| bad(format!("{:?} is no identity", name::short(&text))))
    };
    programs.manifests.into_values().map(id).collect()
}

/// Writes the bundle of a model whose components are these files, and what it takes to read it
/// beside them; manifests have to be in the store, and components need not be. Without other files
/// than the model has it is the same bundle.
pub fn with_parts(
    store: &Store,
    bundle: &Bundle,
    parts: &BTreeMap<String, File>,
) -> Result<File, Unstanding> {
    let mut card = String::from_utf8(bundle.card.to_vec())
        .map_err(|error| Unstanding::Card { reason: error.to_string() })?;
    let mut files: BTreeSet<File> = bundle.tokenizer.into_iter().collect();
    let mut unknown: BTreeSet<&String> = parts.keys().collect();
    for id in manifests(bundle)? {
        let Manifest { program, mut components, .. } = store.manifest(&id)?;
        for (component, held) in &mut components {
            if let Some(file) = parts.get(component) {
                held.file = *file;
                unknown.remove(component);
            }
        }
        let standing = Manifest::new(program, components);
        files.extend(standing.files());
        let written = store.put(&standing.encode()?)?;
        files.insert(written);
        // Names of manifests are as long as each other, and nothing else in a card is like them.
        card = card.replace(&name::hex(&id), &name::hex(&written.id));
    }
    if let Some(component) = unknown.pop_first() {
        return Err(Unstanding::Component { component: component.clone() });
    }
    let card = card.into_bytes().try_into();
    let card = card.map_err(|_| Unstanding::Card { reason: "it is too long".into() })?;
    let files: Vec<File> = files.into_iter().collect();
    let many = |files: Vec<File>| Unstanding::Files { have: files.len() };
    let bundle = Bundle { card, files: files.try_into().map_err(many)?, ..bundle.clone() };
    Ok(store.put(&bundle.write())?)
}
