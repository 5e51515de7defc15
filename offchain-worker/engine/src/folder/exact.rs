mod bundle;

pub use bundle::{BundleError, Published};

use super::{
    check_form, copy_rules, file, parse, read, write, Codec, FolderError, Model, Shape, Tokens,
    RULES,
};
use crate::{
    apply::apply_changes,
    base::Base,
    exact, files,
    grid::Grid,
    parts::Named,
    quantise::Exact,
    tokens::Tokenizer,
    train::{factors, Learned},
};
use burn::{module::Module, tensor::Device};
use cairn_artifact::{cache::Cache, change::Change, package::Package, store::Store};
use cairn_kernel::models::Outcome;
use cairn_protocol::id::{ContentId, File};
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

/// Programs by what they are run for.
type Manifests = BTreeMap<Purpose, ContentId>;

impl Card {
    /// What a card says, and the programs that it names.
    fn read(path: &Path, text: &[u8]) -> Result<(Self, Manifests), FolderError> {
        let card: Self = parse(path, text)?;
        check_form(path, &card.form, FORM)?;
        card.shape.check()?;
        let id = |(purpose, text): (&Purpose, &String)| {
            let reason = format!("{text:.80?} is no identity: 64 lower-case hexadecimal digits");
            let bad = FolderError::Form { path: path.to_owned(), reason };
            cairn_artifact::from_hex(text).map(|id| (*purpose, id)).ok_or(bad)
        };
        let manifests = card.manifests.iter().map(id).collect::<Result<_, _>>()?;
        Ok((card, manifests))
    }
}

/// A model in exact form: published files, and which of them it is. In a folder of its own, or by
/// its bundle in a store that may have other models' files too.
#[derive(Debug)]
pub struct ExactFolder {
    folder: PathBuf,
    card: Card,
    /// The card as it is written.
    text: Vec<u8>,
    manifests: Manifests,
    store: Store,
    cache: PathBuf,
    /// The rules of its tokens, where they are a file of the store.
    rules: Option<File>,
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
        copy_rules(tokens, from, folder)?;
        let card = Card {
            form: FORM.into(),
            shape: shape.clone(),
            tokens: tokens.clone(),
            feature_step: exact.feature_step(),
            result_step: exact.result_step(),
            embedding_step: exact.embedding_step(),
            manifests: BTreeMap::new(),
        };
        finish(folder, card, manifests, store)
    }

    pub fn open(folder: &Path) -> Result<Self, FolderError> {
        let path = folder.join(CARD);
        let text = read(&path, folder)?;
        let (card, manifests) = Card::read(&path, &text)?;
        let store = Store::at(folder.join(STORE))?;
        Ok(Self::of(folder, card, text, manifests, store))
    }

    /// A model with its card, its store and its cache in a folder.
    fn of(folder: &Path, card: Card, text: Vec<u8>, manifests: Manifests, store: Store) -> Self {
        let (cache, folder) = (folder.join(CACHE), folder.to_owned());
        Self { folder, card, text, manifests, store, cache, rules: None }
    }

    pub fn shape(&self) -> &Shape {
        &self.card.shape
    }

    pub fn tokens(&self) -> &Tokens {
        &self.card.tokens
    }

    /// Its own folder, or the store that its bundle is in.
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
        let Card { tokens, shape, .. } = &self.card;
        let Some(rules) = &self.rules else { return Codec::open(&self.folder, tokens, shape) };
        Codec::by(tokens, shape, |vocabulary| {
            let held = self.store.open_file(rules)?;
            Ok(Tokenizer::of(&self.store.path(&rules.id), &held, vocabulary)?)
        })
    }

    /// A program, ready to be planned.
    pub fn package(&self, purpose: Purpose) -> Result<Package, FolderError> {
        let id = self.manifest(purpose)?;
        let cache = Cache::at(&self.cache)?;
        Ok(Package::open(&self.store, &cache, id)?)
    }

    /// The same with changes of its components. What is new because of them goes into a folder for
    /// that alone, and all else stays where it is.
    pub fn changed_package(
        &self,
        purpose: Purpose,
        changes: &[Change],
        new: &Path,
    ) -> Result<Package, FolderError> {
        let store = Store::over(&self.store, new)?;
        let changed = apply_changes(&store, self.manifest(purpose)?, changes)?;
        Ok(Package::open(&store, &Cache::at(&self.cache)?, &changed)?)
    }

    fn manifest(&self, purpose: Purpose) -> Result<&ContentId, FolderError> {
        let found = self.card.shape.kind();
        let need = match purpose {
            Purpose::Next | Purpose::Loss => "a decoder",
            Purpose::Embedding => "an encoder",
            Purpose::Classes => "a classifier or an encoder with classes",
        };
        self.manifests.get(&purpose).ok_or(FolderError::Kind { found, need })
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

    /// What leads from the model to one that learned from it, by the components that it changes.
    pub fn changes<M: Module + Named>(
        &self,
        learned: &M,
        how: Learned,
    ) -> Result<BTreeMap<String, Change>, FolderError> {
        let base = self.base()?;
        let grid = Grid::of_base(&base)?;
        let deltas = match how {
            Learned::LowRank { rank, alpha } => {
                grid.low_rank::<M>(&factors(learned, rank, alpha)?)?
            }
            Learned::All | Learned::Masters => grid.change(learned)?,
        };
        Ok(base.changes(deltas)?)
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
        for file in self.files()? {
            store.take(&self.store, &file)?;
        }
        let mut manifests = BTreeMap::new();
        for (purpose, id) in &self.manifests {
            manifests.insert(*purpose, apply_changes(&store, id, changes)?);
        }
        self.copy_rules(to)?;
        finish(to, self.card.clone(), manifests, store)
    }

    fn copy_rules(&self, to: &Path) -> Result<(), FolderError> {
        let Some(rules) = &self.rules else {
            return copy_rules(&self.card.tokens, &self.folder, to);
        };
        let held = self.store.open_file(rules)?;
        let path = to.join(RULES);
        files::write(&path, &held).map_err(|source| file(&path, source))
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
    manifests: Manifests,
    store: Store,
) -> Result<ExactFolder, FolderError> {
    let name = |(purpose, id): (&Purpose, &ContentId)| (*purpose, cairn_artifact::hex(id));
    let card = Card { manifests: manifests.iter().map(name).collect(), ..card };
    // Last, once all else is on disk, so that a folder that has it has everything.
    let text = write(&folder.join(CARD), &card)?;
    Ok(ExactFolder::of(folder, card, text, manifests, store))
}
