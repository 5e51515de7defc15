//! Models that go from folders of their own into a store of several, and are run from there.

mod refused;

use super::*;
use crate::{
    exact::{embed, Generation},
    generate::{Request, Sampling},
    quantise::Exact,
};
use cairn_artifact::{
    hex,
    manifest::{Component, Manifest},
    package::Package,
    store::Store,
    Error as ArtifactError,
};
use cairn_kernel::run::Alone;
use cairn_protocol::{
    bundle::{Bundle, CARD_BYTES, MAX_FILES},
    id::File,
};

/// A store, beside folders of models.
struct Scene {
    home: TempDir,
    store: Store,
}

impl Scene {
    fn new() -> Self {
        let home = TempDir::new().expect("a folder");
        let store = Store::at(home.path().join("all")).expect("a store");
        Self { home, store }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn decoder(&self) -> ExactFolder {
        let imported = imported("llama");
        let Model::Decoder(decoder) = &imported.model else { panic!("it is a decoder") };
        let exact = quantise::decoder(decoder, &[sample()], &Options::default());
        self.written("decoder", &exact.expect("a model"), &imported)
    }

    fn encoder(&self) -> ExactFolder {
        let imported = imported("bert");
        let Model::Encoder(encoder) = &imported.model else { panic!("it is an encoder") };
        let exact = quantise::encoder(encoder, &[sample()], &Options::default());
        self.written("encoder", &exact.expect("a model"), &imported)
    }

    fn classifier(&self) -> ExactFolder {
        let rows = vec![vec![0.5, -1.0, 2.0], vec![1.0, 0.25, -2.0]];
        let exact = quantise::classifier(&classifier(), &rows, &Options::default());
        let model = Model::Classifier(classifier());
        let floats = FloatFolder::of(self.home.path(), model, Tokens::None);
        self.written("classifier", &exact.expect("a model"), &floats)
    }

    fn written(&self, name: &str, exact: &Exact, from: &FloatFolder) -> ExactFolder {
        let (to, shape) = (self.at(name), from.model.shape());
        let written = ExactFolder::write(&to, exact, &shape, &from.tokens, from.folder());
        written.expect("published")
    }

    fn published(&self, model: &ExactFolder) -> (File, Bundle) {
        let file = model.publish(&self.store).expect("published");
        let held = self.store.open_file(&file).expect("it is there");
        (file, Bundle::read(&held).expect("a bundle"))
    }

    fn put(&self, bundle: &Bundle) -> File {
        self.store.put(&bundle.write()).expect("written")
    }

    /// Opened from the store, where nothing has been derived yet.
    fn opened(&self, bundle: &File) -> Result<ExactFolder, FolderError> {
        let cache = self.at("cache");
        let _ = fs::remove_dir_all(&cache);
        ExactFolder::open_bundle(self.store.folder(), &cache, bundle)
    }

    /// Why a bundle has no program that tells classes apart.
    fn refused(&self, bundle: &File) -> FolderError {
        let program = self.opened(bundle).and_then(|model| model.package(Purpose::Classes));
        program.map(|_| ()).expect_err("refused")
    }
}

fn sample() -> Vec<u32> {
    (0..40).map(|at| (at * at + 3) % 61).collect()
}

fn made(model: &ExactFolder) -> Vec<u32> {
    let prompt = model.codec().and_then(|codec| Ok(codec.encode("the path is")?));
    let (prompt, sampling) = (prompt.expect("a tokenizer"), Sampling::Greedy);
    let package = model.package(Purpose::Next).expect("a program");
    let plan = package.plan().expect("it fits");
    let request = Request { prompt, sampling, most: 12, stops: vec![] };
    let generation = Generation::new(&plan, &Alone, &request).expect("it fits");
    generation.map(|token| token.expect("it runs")).collect()
}

fn embedded(model: &ExactFolder) -> Vec<i32> {
    embedded_by(model, &model.package(Purpose::Embedding).expect("a program"))
}

/// The same by another program, with the model's tokens.
fn embedded_by(model: &ExactFolder, package: &Package) -> Vec<i32> {
    let tokens = model.codec().and_then(|codec| Ok(codec.encode("the path is marked")?));
    let plan = package.plan().expect("it fits");
    embed(&plan, &Alone, &tokens.expect("a tokenizer")).expect("it runs")
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).expect("a folder").count()
}

/// Puts other bytes where a file is, and never into it: it may be another store's as well.
fn replace_file(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).expect("written");
}

#[test]
fn models_should_compute_the_same_when_opened_from_a_copied_store_of_several() {
    let scene = Scene::new();
    let (decoder, encoder) = (scene.decoder(), scene.encoder());
    let (tokens, point) = (made(&decoder), embedded(&encoder));
    assert_eq!((tokens.len(), point.len()), (12, 32));
    let [(first, one), (second, other)] = [&decoder, &encoder].map(|model| scene.published(model));
    // All of both, and the bundles themselves.
    let files = one.files.len() + other.files.len() + 2;
    assert_eq!(count(scene.store.folder()), files);
    for (model, bundle) in [(&decoder, first), (&encoder, second)] {
        assert_eq!(model.publish(&scene.store).expect("published"), bundle);
    }
    assert_eq!(count(scene.store.folder()), files);

    let elsewhere = TempDir::new().expect("a folder");
    let (to, cache) = (elsewhere.path().join("store"), elsewhere.path().join("cache"));
    fs::create_dir(&to).expect("made");
    for entry in fs::read_dir(scene.store.folder()).expect("a folder") {
        let entry = entry.expect("a file");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
    drop((decoder, encoder, scene));
    let opened = |bundle| ExactFolder::open_bundle(&to, &cache, bundle).expect("a model");
    assert_eq!(made(&opened(&first)), tokens);
    assert_eq!(embedded(&opened(&second)), point);
    assert_eq!(count(&to), files, "the store is written to");
}

#[test]
fn bundle_should_have_the_card_and_all_files_when_a_model_is_published() {
    let scene = Scene::new();
    let (file, bundle) = scene.published(&scene.encoder());
    let there = |name| fs::read(scene.at("encoder").join(name)).expect("a file");
    assert_eq!(bundle.card.to_vec(), there("card.json"));
    let tokenizer = bundle.tokenizer.expect("a tokenizer");
    assert_eq!(&*scene.store.open_file(&tokenizer).expect("it is there"), there(RULES));
    assert!(bundle.files.iter().all(|file| scene.store.open_file(file).is_ok()));
    // Published from there it is the same.
    let other = Store::at(scene.at("other")).expect("a store");
    let opened = scene.opened(&file).expect("a model");
    assert_eq!(opened.publish(&other).expect("published"), file);
    assert_eq!(count(other.folder()), count(scene.store.folder()));
    assert_eq!(scene.published(&scene.classifier()).1.tokenizer, None);
}

#[test]
fn publish_should_be_refused_when_the_card_is_too_long_or_there_are_too_many_files() {
    let scene = Scene::new();
    let model = scene.classifier();
    let card = model.folder().join("card.json");
    let text = fs::read_to_string(&card).expect("text");
    let refused = |text: &str| {
        fs::write(&card, text).expect("written");
        let model = ExactFolder::open(model.folder()).expect("a model");
        model.publish(&scene.store).expect_err("refused")
    };
    let most = CARD_BYTES as usize;
    let long = refused(&(text.clone() + &" ".repeat(most + 1 - text.len())));
    let FolderError::Bundle(BundleError::Card { have }) = long else { panic!("{long}") };
    assert_eq!(have, most + 1);

    let id = model.manifests()[&Purpose::Classes];
    let manifest = model.store().manifest(&id).expect("a manifest");
    let component = |n: u32| {
        let mut id = ContentId([0; 32]);
        id.0[..4].copy_from_slice(&n.to_le_bytes());
        let file = File { id, bytes: 1 };
        (format!("c{n}"), Component { file, tensors: Default::default() })
    };
    // With their manifest one more than there may be; their program is known.
    let components = (1..MAX_FILES).map(component).collect();
    let many = Manifest::new(manifest.program, components).encode().expect("a manifest");
    let many = model.store().put(&many).expect("written");
    let many = refused(&text.replace(&hex(&id), &hex(&many.id)));
    let FolderError::Bundle(BundleError::Files { have }) = many else { panic!("{many}") };
    assert_eq!(have, MAX_FILES as usize + 1);
    assert_eq!(count(scene.store.folder()), 0);
}

#[test]
fn publish_should_leave_no_bundle_when_a_file_of_the_folder_is_damaged() {
    let scene = Scene::new();
    let model = scene.classifier();
    let id = model.manifests()[&Purpose::Classes];
    let manifest = model.store().manifest(&id).expect("a manifest");
    let damaged = manifest.components["trunk"].file.id;
    replace_file(&model.store().path(&damaged), b"damaged");
    let refused = model.publish(&scene.store).expect_err("refused");
    let content = matches!(refused, FolderError::Artifact(ArtifactError::Content { .. }));
    assert!(content, "{refused}");
    assert!(!scene.store.path(&damaged).exists());
    // What is fit to be there is the program and the manifest.
    assert!(count(scene.store.folder()) <= 2);
}

/// A change of an encoder's trunk.
fn change(scene: &Scene, model: &ExactFolder) -> Change {
    let id = model.manifests()[&Purpose::Embedding];
    let trunk = scene.store.manifest(&id).expect("a manifest").components["trunk"].file.id;
    let delta = Delta::Sparse(Sparse::new(1, 32, vec![(0, vec![(0, -9_000)])]).expect("a change"));
    Change::new(trunk, [("norm.gains".to_owned(), delta)].into()).expect("a change")
}

#[test]
fn bundle_should_be_changed_into_a_folder_of_its_own_when_its_store_has_other_models() {
    let scene = Scene::new();
    let (file, bundle) = scene.published(&scene.encoder());
    scene.published(&scene.classifier());
    let opened = scene.opened(&file).expect("a model");
    let changed = opened.changed(&[change(&scene, &opened)], &scene.at("changed"));
    let changed = changed.expect("applied");
    // Its own files but the tokenizer, and what the trunk and the manifest are now.
    assert_eq!(count(changed.store().folder()), bundle.files.len() - 1 + 2);
    assert_eq!(embedded(&changed).len(), embedded(&opened).len());
    assert_ne!(changed.manifests(), opened.manifests());
}

#[test]
fn changed_package_should_compute_what_a_changed_folder_does_and_leave_the_store_alone() {
    let scene = Scene::new();
    let (file, _) = scene.published(&scene.encoder());
    let opened = scene.opened(&file).expect("a model");
    let change = change(&scene, &opened);
    let folder = opened.changed(std::slice::from_ref(&change), &scene.at("changed"));
    let (before, new) = (count(scene.store.folder()), scene.at("new"));
    let package = opened.changed_package(Purpose::Embedding, &[change], &new).expect("applied");
    let found = embedded_by(&opened, &package);
    assert_eq!(found, embedded(&folder.expect("applied")));
    assert_ne!(found, embedded(&opened));
    // The trunk and the manifest are others, and all else is where it was.
    assert_eq!((count(&new), count(scene.store.folder())), (2, before));
    let none = opened.changed_package(Purpose::Loss, &[], &new).map(drop);
    assert!(matches!(none, Err(FolderError::Kind { need: "a decoder", .. })), "{none:?}");
}
