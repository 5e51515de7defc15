//! Names of models, as this machine has them: a chain knows models by their blocks alone.

use crate::{
    archive,
    exit::{Failure, Outcome},
    values,
};
use cairn_protocol::id::BlockId;
use cairn_sdk::{Learning, Signer};
use std::{fs, path::Path};

/// What the model of a local network is called where nothing else is.
pub const DEMO: &str = "demo";
/// The development account that registers it there.
const MODELLER: &str = "Modeller";

/// The model of a local network, the newest release if there are several; none on other chains.
pub async fn demo(learning: &Learning) -> Outcome<Option<BlockId>> {
    let author = Signer::dev(MODELLER)?.account();
    let mut newest = None;
    for model in learning.models().await? {
        let view = learning.model(model).await?.filter(|view| view.author == author);
        newest = newest.max(view.map(|view| (view.release, model)));
    }
    Ok(newest.map(|(_, model)| model))
}

/// The model of this name, in the folder of a chain's names.
pub fn find(folder: &Path, name: &str) -> Outcome<BlockId> {
    let path = folder.join(name);
    let Ok(text) = fs::read_to_string(&path) else {
        return Err(Failure::usage(format!(
            "no model is called {name:?} here; write its id, or name it with \
             `cairn model name {name} ID`"
        )));
    };
    let id = values::model(text.trim());
    id.map_err(|flaw| Failure::failed(format!("{}: {flaw}; name it anew", path.display())))
}

/// Calls a model by a name, whatever was called so before.
pub fn give(folder: &Path, name: &str, model: BlockId) -> Outcome {
    fs::create_dir_all(folder)
        .map_err(|error| Failure::failed(format!("cannot make {}: {error}", folder.display())))?;
    archive::write(&folder.join(name), hex::encode(model.0).as_bytes())
}

/// What a model is called; the first of several names.
pub fn of(folder: &Path, model: BlockId) -> Option<String> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| find(folder, name).is_ok_and(|found| found == model)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_should_stand_for_the_model_that_was_last_called_so() {
        let folder = tempfile::tempdir().unwrap();
        let names = folder.path().join("names");
        let refused = find(&names, "demo").unwrap_err().to_string();
        assert!(refused.contains("cairn model name demo"), "{refused}");
        for id in [[1; 32], [2; 32]] {
            give(&names, "demo", BlockId(id)).unwrap();
            assert_eq!(find(&names, "demo").unwrap(), BlockId(id));
        }
        give(&names, "zebra", BlockId([2; 32])).unwrap();
        assert_eq!(of(&names, BlockId([2; 32])).as_deref(), Some("demo"));
        assert_eq!(of(&names, BlockId([1; 32])), None);
        fs::write(names.join("demo"), "text").unwrap();
        assert!(find(&names, "demo").is_err());
    }
}
