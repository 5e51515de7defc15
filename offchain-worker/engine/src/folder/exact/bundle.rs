//! Models as bundles: a file of a store that names all others of a model, in a store of many.

use super::{Card, ExactFolder, Purpose};
use crate::{
    folder::{FolderError, Tokens, RULES},
    import,
};
use cairn_artifact::{hex, manifest::Manifest, store::Store};
use cairn_protocol::{
    bundle::{Bundle, Malformed, CARD_BYTES, MAX_FILES, VERSION},
    chunk::content,
    id::{ContentId, File},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use thiserror::Error;

/// What is said of a published model when it is registered.
#[derive(Clone, Debug)]
pub struct Published {
    pub bundle: File,
    /// The card, by its content.
    pub configuration: ContentId,
    pub tokenizer: Option<ContentId>,
    /// The program that it is [judged](ExactFolder::judge) by.
    pub judge: ContentId,
    /// The file of each component.
    pub components: BTreeMap<String, File>,
}

/// Why a model is no bundle, or a bundle no model.
#[derive(Debug, Error)]
pub enum BundleError {
    #[error("the card has {have} bytes, and a bundle takes {CARD_BYTES} at most; give the model fewer layers, or fewer tokens that end a text")]
    Card { have: usize },
    #[error(
        "the model has {have} files, and a bundle takes {MAX_FILES} at most; give it fewer experts"
    )]
    Files { have: usize },
    #[error("{} is no bundle: {flaw}; publish the model anew", path.display())]
    Malformed { path: PathBuf, flaw: Malformed },
    #[error("the card names no program, so there is nothing to run; quantise the model anew")]
    NoProgram,
    #[error("the model needs {}, and the bundle leaves it out or says another length of it; publish the model anew", hex(id))]
    LeftOut { id: ContentId },
    #[error("by its card the model has {need}, and the bundle has {have}; publish the model anew")]
    Tokenizer { need: &'static str, have: &'static str },
}

impl ExactFolder {
    /// Has all files of the model in a store, where other models' may be too, and says what its
    /// bundle is called. The same model always comes to the same bundle.
    pub fn publish(&self, to: &Store) -> Result<File, FolderError> {
        Ok(self.publish_described(to)?.bundle)
    }

    /// The same, and says what the chain is told of the model.
    pub fn publish_described(&self, to: &Store) -> Result<Published, FolderError> {
        let rules = self.read_rules()?;
        let bundle = self.bundle(rules.as_deref())?;
        let (_, judge) = self.judge()?;
        for file in bundle.files.iter().filter(|file| bundle.tokenizer != Some(**file)) {
            to.take(&self.store, file)?;
        }
        if let Some(rules) = &rules {
            to.put(rules)?;
        }
        // Last, once all that it names is there, whose names last with its own.
        let file = to.put(&bundle.write())?;
        let components = judge.components.into_iter().map(|(name, one)| (name, one.file));
        Ok(Published {
            bundle: file,
            configuration: content(&bundle.card),
            tokenizer: bundle.tokenizer.map(|file| file.id),
            judge: judge.program.id,
            components: components.collect(),
        })
    }

    /// The program that the model is judged by and its components, and what they are called together:
    /// what comes to losses, or the first where nothing does.
    pub fn judge(&self) -> Result<(ContentId, Manifest), FolderError> {
        let id = self.manifests.get(&Purpose::Loss).or(self.manifests.values().next());
        let id = *id.ok_or(BundleError::NoProgram)?;
        Ok((id, self.store.manifest(&id)?))
    }

    /// The model that a bundle in a store describes. What is derived of it goes into the cache;
    /// nothing is written to the store.
    pub fn open_bundle(store: &Path, cache: &Path, bundle: &File) -> Result<Self, FolderError> {
        let store = Store::existing(store);
        let path = store.path(&bundle.id);
        let held = store.open_file(bundle)?;
        let bundle = Bundle::read(&held)
            .map_err(|flaw| BundleError::Malformed { path: path.clone(), flaw })?;
        let text = bundle.card.into_inner();
        let (card, manifests) = Card::read(&path, &text)?;
        let (folder, cache) = (store.folder().to_owned(), cache.to_owned());
        let rules = bundle.tokenizer;
        let model = Self { folder, card, text, manifests, store, cache, rules };
        model.check(&bundle.files)?;
        Ok(model)
    }

    /// All that it takes to run its programs.
    pub(super) fn files(&self) -> Result<BTreeSet<File>, FolderError> {
        if self.manifests.is_empty() {
            return Err(BundleError::NoProgram.into());
        }
        let mut files = BTreeSet::new();
        for id in self.manifests.values() {
            files.extend(self.store.files(id)?);
        }
        Ok(files)
    }

    /// The rules of its tokens, where it has any.
    fn read_rules(&self) -> Result<Option<Vec<u8>>, FolderError> {
        match (&self.rules, &self.card.tokens) {
            (Some(file), _) => Ok(Some(self.store.open_file(file)?.to_vec())),
            (None, Tokens::Rules { .. }) => {
                Ok(Some(import::read_text(&self.folder.join(RULES))?.0))
            }
            (None, Tokens::None | Tokens::Bytes) => Ok(None),
        }
    }

    fn bundle(&self, rules: Option<&[u8]>) -> Result<Bundle, FolderError> {
        let tokenizer = rules.map(|text| File { id: content(text), bytes: text.len() as u64 });
        let files: BTreeSet<File> = self.files()?.into_iter().chain(tokenizer).collect();
        let (card, files) = (self.text.clone(), Vec::from_iter(files));
        let long = |card: Vec<u8>| BundleError::Card { have: card.len() };
        let many = |files: Vec<File>| BundleError::Files { have: files.len() };
        Ok(Bundle {
            version: VERSION,
            card: card.try_into().map_err(long)?,
            tokenizer,
            files: files.try_into().map_err(many)?,
        })
    }

    /// Whether all that the model needs is among the files of its bundle. Else it would run only
    /// where another model has brought the rest.
    fn check(&self, files: &[File]) -> Result<(), FolderError> {
        let said = |has: bool| if has { "a tokenizer" } else { "no tokenizer" };
        let need = matches!(self.card.tokens, Tokens::Rules { .. });
        let have = self.rules.is_some();
        if need != have {
            return Err(BundleError::Tokenizer { need: said(need), have: said(have) }.into());
        }
        // Manifests first, as those that are left out are not looked for either.
        let named = |id: &ContentId| files.binary_search_by_key(id, |file| file.id).is_ok();
        if let Some(id) = self.manifests.values().find(|id| !named(id)) {
            return Err(BundleError::LeftOut { id: *id }.into());
        }
        match self.files()?.iter().find(|file| files.binary_search(file).is_err()) {
            None => Ok(()),
            Some(file) => Err(BundleError::LeftOut { id: file.id }.into()),
        }
    }
}
