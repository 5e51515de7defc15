use super::{check_form, copy_rules, file, read, write, Codec, FolderError, Model, Shape, Tokens};
use crate::{
    apply::{apply_changes, ApplyError},
    base::Base,
    exact, files,
    grid::Grid,
    quantise::Exact,
};
use burn::tensor::Device;
use cairn_artifact::{cache::Cache, change::Change, package::Package, store::Store};
use cairn_kernel::models::Outcome;
use cairn_protocol::id::ContentId;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What says that a folder has a model in exact form.
pub(super) const CARD: &str = "card.json";
const STORE: &str = "store";
const CACHE: &str = "cache";
const FORM: &str = "cairn-exact-1";

/// What a program of a model is run for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// A decoder's, for the token after the last.
    Next,
    /// A decoder's, for what is lost on tokens.
    Loss,
    Embedding,
    Classes,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Card {
    form: String,
    shape: Shape,
    tokens: Tokens,
    /// What one of the features stands for, and one of the numbers of a class or an embedding.
    feature_step: f64,
    result_step: f64,
    /// What one of an embedding's numbers stands for. Without it, what one of the result's does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    embedding_step: Option<f64>,
    /// Programs that read the same components, by what their manifests are called.
    manifests: BTreeMap<Purpose, String>,
}

/// A model in exact form: published files, and which of them it is.
#[derive(Debug)]
pub struct ExactFolder {
    folder: PathBuf,
    card: Card,
    manifests: BTreeMap<Purpose, ContentId>,
    store: Store,
}

impl ExactFolder {
    /// Publishes all programs of a model into a new folder.
    pub fn write(
        folder: &Path,
        exact: &Exact,
        shape: &Shape,
        tokens: &Tokens,
        from: &Path,
    ) -> Result<Self, FolderError> {
        let store = new(folder)?;
        let mut manifests = BTreeMap::new();
        let models: Vec<_> = match shape {
            Shape::Decoder(_) => vec![
                (Purpose::Next, exact.model_for(Outcome::LastLogits)?),
                (Purpose::Loss, exact.model_for(exact::losses())?),
            ],
            Shape::Encoder(config) => {
                let classes = config.classes.map(|_| (Purpose::Classes, exact.model()));
                [(Purpose::Embedding, exact.embedding()?)].into_iter().chain(classes).collect()
            }
            Shape::Classifier(_) => vec![(Purpose::Classes, exact.model())],
        };
        for (purpose, model) in models {
            manifests.insert(purpose, exact.publish(&store, &model)?);
        }
        let card = Card {
            form: FORM.into(),
            shape: shape.clone(),
            tokens: tokens.clone(),
            feature_step: exact.feature_step(),
            result_step: exact.result_step(),
            embedding_step: exact.embedding_step(),
            manifests: BTreeMap::new(),
        };
        finish(folder, card, manifests, store, from)
    }

    pub fn open(folder: &Path) -> Result<Self, FolderError> {
        let path = folder.join(CARD);
        let card: Card = read(&path, folder)?;
        check_form(&path, &card.form, FORM)?;
        let id = |(purpose, text): (&Purpose, &String)| {
            let reason = format!("{text:.80?} is no identity: 64 lower-case hexadecimal digits");
            let bad = FolderError::Form { path: path.clone(), reason };
            cairn_artifact::from_hex(text).map(|id| (*purpose, id)).ok_or(bad)
        };
        let manifests = card.manifests.iter().map(id).collect::<Result<_, _>>()?;
        let store = Store::at(folder.join(STORE))?;
        Ok(Self { folder: folder.to_owned(), card, manifests, store })
    }

    pub fn shape(&self) -> &Shape {
        &self.card.shape
    }

    pub fn tokens(&self) -> &Tokens {
        &self.card.tokens
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What one of a feature's numbers stands for.
    pub fn feature_step(&self) -> f64 {
        self.card.feature_step
    }

    /// What one of the numbers of a class stands for.
    pub fn result_step(&self) -> f64 {
        self.card.result_step
    }

    /// What one of the numbers of an embedding stands for.
    pub fn embedding_step(&self) -> f64 {
        self.card.embedding_step.unwrap_or(self.card.result_step)
    }

    pub fn manifests(&self) -> &BTreeMap<Purpose, ContentId> {
        &self.manifests
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn codec(&self) -> Result<Codec, FolderError> {
        Codec::open(&self.folder, &self.card.tokens, &self.card.shape)
    }

    /// A program, ready to be planned.
    pub fn package(&self, purpose: Purpose) -> Result<Package, FolderError> {
        let found = self.card.shape.kind();
        let need = match purpose {
            Purpose::Next | Purpose::Loss => "a decoder",
            Purpose::Embedding => "an encoder",
            Purpose::Classes => "a classifier or an encoder with classes",
        };
        let id = self.manifests.get(&purpose).ok_or(FolderError::Kind { found, need })?;
        let cache = Cache::at(self.folder.join(CACHE))?;
        Ok(Package::open(&self.store, &cache, id)?)
    }

    /// What learning begins from.
    pub fn base(&self) -> Result<Base, FolderError> {
        let first = self.manifests.values().next();
        let none = || FolderError::NoModel { folder: self.folder.clone() };
        Ok(Base::open(&self.store, first.ok_or_else(none)?)?)
    }

    /// The model in floats that its masters stand for.
    pub fn floats(&self, device: &Device) -> Result<Model, FolderError> {
        let grid = Grid::of_base(&self.base()?)?;
        Ok(match self.card.shape.build(device)? {
            Model::Decoder(model) => Model::Decoder(grid.settle(model)?),
            Model::Encoder(model) => Model::Encoder(grid.settle(model)?),
            Model::Classifier(model) => Model::Classifier(grid.settle(model)?),
        })
    }

    /// The model with changes of its components, in a new folder.
    pub fn changed(&self, changes: &[Change], to: &Path) -> Result<Self, FolderError> {
        let there = to.exists();
        let changed = self.change(changes, to);
        if changed.is_err() && !there {
            // Half a folder is no use to anybody; why it is one has been found already.
            let _ = fs::remove_dir_all(to);
        }
        changed
    }

    fn change(&self, changes: &[Change], to: &Path) -> Result<Self, FolderError> {
        let store = new(to)?;
        let link = |from: &Path| -> Result<(), FolderError> {
            let Some(name) = from.file_name() else { return Ok(()) };
            let to = store.folder().join(name);
            // What a killed command has left there may be this very file by another name, which a
            // copy would empty.
            let _ = fs::remove_file(&to);
            // One file for both where the disk can: nobody writes to a file of a store.
            fs::hard_link(from, &to)
                .or_else(|_| files::copy(from, &to))
                .map_err(|source| file(&to, source))
        };
        let failed = |source| file(self.store.folder(), source);
        for entry in fs::read_dir(self.store.folder()).map_err(failed)? {
            link(&entry.map_err(failed)?.path())?;
        }
        let mut manifests = BTreeMap::new();
        for (purpose, id) in &self.manifests {
            manifests.insert(*purpose, apply_changes(&store, id, changes)?);
        }
        if manifests.is_empty() {
            return Err(ApplyError::Nothing.into());
        }
        finish(to, self.card.clone(), manifests, store, &self.folder)
    }
}

fn new(folder: &Path) -> Result<Store, FolderError> {
    let path = folder.join(CARD);
    match path.exists() {
        true => Err(FolderError::There { path }),
        false => Ok(Store::at(folder.join(STORE))?),
    }
}

fn finish(
    folder: &Path,
    card: Card,
    manifests: BTreeMap<Purpose, ContentId>,
    store: Store,
    from: &Path,
) -> Result<ExactFolder, FolderError> {
    copy_rules(&card.tokens, from, folder)?;
    let text = |(purpose, id): (&Purpose, &ContentId)| (*purpose, cairn_artifact::hex(id));
    let card = Card { manifests: manifests.iter().map(text).collect(), ..card };
    // Last, once all else is on disk, so that a folder that has it has everything.
    write(&folder.join(CARD), &card)?;
    Ok(ExactFolder { folder: folder.to_owned(), card, manifests, store })
}
