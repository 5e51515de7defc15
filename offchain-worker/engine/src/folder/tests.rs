mod bundles;

use super::*;
use crate::{
    config::{Activation, ClassifierLayer},
    demo,
    quantise::{self, Options},
    train::{draw, draw_classes},
};
use cairn_artifact::change::Change;
use cairn_kernel::delta::{Delta, Sparse};
use cairn_protocol::id::ContentId;
use std::path::PathBuf;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn imported(name: &str) -> FloatFolder {
    FloatFolder::import(&fixture(name), &Device::flex()).expect("supported")
}

fn classifier() -> Classifier {
    let layer = ClassifierLayer { outputs: 4, activation: Activation::Gelu };
    let config = ClassifierConfig { features: 3, layers: vec![layer], classes: 2, shares: false };
    draw(Classifier::new(&config, &Device::flex()).expect("fit"), &[1; 32])
}

#[test]
fn models_should_be_what_they_were_when_read_from_their_folder() {
    let home = TempDir::new().expect("a folder");
    for name in ["llama", "llama3", "qwen3_moe", "bert"] {
        let imported = imported(name);
        let to = home.path().join(name);
        imported.save(&to).expect("written");
        let read = FloatFolder::open(&to, &Device::flex()).expect("a model");
        assert_eq!(read.model.shape(), imported.model.shape());
        assert_eq!(read.tokens, imported.tokens);
        let stops = import::stops(&fixture(name)).expect("settings");
        let text = !matches!(read.tokens, Tokens::None);
        assert!(!text || read.tokens.stops() == stops, "{name}: {stops:?}");
        assert_eq!(read.model.read(), imported.model.read(), "{name}");
        assert!(matches!(imported.save(&to), Err(FolderError::There { .. })));
    }
    let to = home.path().join("classifier");
    let model = Model::Classifier(classifier());
    save(&to, &model, &Tokens::None, home.path()).expect("written");
    let read = FloatFolder::open(&to, &Device::flex()).expect("a model");
    assert_eq!(read.model.read(), model.read());
    assert!(matches!(read.codec(), Err(FolderError::NoTokenizer)));
}

#[test]
fn shape_should_be_written_as_before_when_positions_are_not_scaled() {
    let written = serde_json::to_value(demo::config()).expect("JSON");
    let names: Vec<&str> =
        written.as_object().expect("an object").keys().map(String::as_str).collect();
    assert!(names.contains(&"theta") && !names.contains(&"scaling"), "{names:?}");
    let read: DecoderConfig = serde_json::from_value(written).expect("all that it needs");
    assert_eq!(read, demo::config());
}

#[test]
fn folder_should_be_refused_when_it_has_no_model_or_a_damaged_one() {
    let home = TempDir::new().expect("a folder");
    let open = || FloatFolder::open(home.path(), &Device::flex()).expect_err("refused");
    assert!(matches!(open(), FolderError::NoModel { .. }));
    assert!(matches!(ExactFolder::open(home.path()), Err(FolderError::NoModel { .. })));
    imported("llama").save(home.path()).expect("written");
    let about = home.path().join(ABOUT);
    let text = fs::read_to_string(&about).expect("text");
    fs::write(&about, text.replace("cairn-floats-1", "cairn-floats-9")).expect("written");
    assert!(open().to_string().contains("cairn-floats-9"));
    fs::write(&about, text.replace("\"inner\"", "\"outer\"")).expect("written");
    assert!(matches!(open(), FolderError::Form { .. }));
    let (key, value) = text.split_once("\"hidden\": ").expect("it is there");
    let digits = value.find(|c: char| !c.is_ascii_digit()).expect("an end");
    let wider = format!("{key}\"hidden\": 48{}", &value[digits..]);
    fs::write(&about, wider).expect("written");
    assert!(matches!(open(), FolderError::Import(ImportError::Shape { .. })));
    fs::write(&about, text).expect("written");
    let weights = home.path().join(WEIGHTS);
    let bytes = fs::read(&weights).expect("bytes");
    fs::write(&weights, &bytes[..bytes.len() - 4]).expect("written");
    assert!(matches!(open(), FolderError::Import(ImportError::Header { .. })));
}

#[test]
fn folder_should_have_no_model_when_what_tells_of_it_is_not_written_whole() {
    let home = TempDir::new().expect("a folder");
    // In the way of what is written beside, and gets its name once it is whole.
    for name in ["model.new", "card.new"] {
        fs::create_dir(home.path().join(name)).expect("made");
    }
    let failed = imported("llama").save(home.path());
    assert!(matches!(failed, Err(FolderError::File { .. })));
    let rows = vec![vec![0.5, -1.0, 2.0], vec![1.0, 0.25, -2.0]];
    let exact = quantise::classifier(&classifier(), &rows, &Options::default()).expect("a model");
    let shape = Model::Classifier(classifier()).shape();
    let failed = ExactFolder::write(home.path(), &exact, &shape, &Tokens::None, home.path());
    assert!(matches!(failed, Err(FolderError::File { .. })));
    for name in ["model.json", "card.json"] {
        assert!(!home.path().join(name).exists(), "{name} is there");
    }
}

#[test]
fn exact_models_should_be_what_they_were_when_read_from_their_folder() {
    let home = TempDir::new().expect("a folder");
    let sample: Vec<u32> = (0..40).map(|at| (at * at + 3) % 61).collect();
    let imported = imported("qwen3_moe");
    let Model::Decoder(decoder) = &imported.model else { panic!("it is a decoder") };
    let exact = quantise::decoder(decoder, &[sample], &Options::default()).expect("a model");
    let to = home.path().join("exact");
    let shape = imported.model.shape();
    let written = ExactFolder::write(&to, &exact, &shape, &Tokens::None, imported.folder());
    let written = written.expect("published");
    let read = ExactFolder::open(&to).expect("a model");
    assert_eq!(read.manifests(), written.manifests());
    assert_eq!(read.shape(), &shape);
    let base = read.base().expect("steps of all");
    assert_eq!((base.tensors(), base.steps()), (exact.tensors(), exact.steps()));
    assert!(read.package(Purpose::Loss).is_ok() && read.package(Purpose::Next).is_ok());
    assert!(matches!(read.package(Purpose::Classes), Err(FolderError::Kind { .. })));
    let again = ExactFolder::write(&to, &exact, &shape, &Tokens::None, imported.folder());
    assert!(matches!(again, Err(FolderError::There { .. })));
    let changed = home.path().join("changed");
    let nothing = read.changed(&[], &changed);
    assert!(matches!(nothing, Err(FolderError::Apply(ApplyError::Nothing))));
    let delta = Delta::Sparse(Sparse::new(1, 1, vec![(0, vec![(0, 1)])]).expect("a change"));
    let deltas = [("norm".to_owned(), delta)].into();
    let foreign = Change::new(ContentId([3; 32]), deltas).expect("a change");
    let foreign = read.changed(&[foreign], &changed);
    assert!(matches!(foreign, Err(FolderError::Apply(ApplyError::Base { .. }))));
    assert!(!changed.exists());
}

#[test]
fn programs_should_be_changed_together_when_an_encoder_has_classes() {
    let home = TempDir::new().expect("a folder");
    let sample: Vec<u32> = (0..40).map(|at| (at * at + 3) % 78).collect();
    let imported = imported("bert");
    let Model::Encoder(encoder) = imported.model.clone() else { panic!("it is an encoder") };
    let encoder = draw_classes(encoder, 3, &[5; 32]).expect("fit");
    let exact = quantise::encoder(&encoder, &[sample], &Options::default()).expect("a model");
    let shape = Model::Encoder(encoder).shape();
    let to = home.path().join("exact");
    let written = ExactFolder::write(&to, &exact, &shape, &imported.tokens, imported.folder());
    let written = written.expect("published");
    let purposes: Vec<Purpose> = written.manifests().keys().copied().collect();
    assert_eq!(purposes, [Purpose::Embedding, Purpose::Classes]);
    assert_eq!(written.embedding_step(), exact.embedding_step().expect("an encoder"));
    let files = |folder: &ExactFolder| -> Vec<ContentId> {
        let open = |id| folder.store().manifest(id).expect("a manifest").components;
        folder.manifests().values().map(|id| open(id)["trunk"].file.id).collect()
    };
    let before = files(&written);
    assert_eq!(before[0], before[1], "both read one file");
    // Of what both read, and of what only one does.
    let one = |rows, columns| {
        Delta::Sparse(Sparse::new(rows, columns, vec![(0, vec![(0, 1)])]).expect("a change"))
    };
    let deltas = [("norm.gains".to_owned(), one(1, 32)), ("classes.weights".into(), one(3, 32))];
    let change = Change::new(before[0], deltas.into()).expect("a change");
    let changed = written.changed(&[change], &home.path().join("changed")).expect("applied");
    let after = files(&changed);
    assert_eq!(after[0], after[1], "both read one file");
    assert_ne!(after[0], before[0]);
    assert!(changed.package(Purpose::Classes).is_ok());
    assert!(changed.package(Purpose::Embedding).is_ok());
    let deltas = [("nobody".to_owned(), one(1, 32))].into();
    let unknown = Change::new(before[0], deltas).expect("a change");
    let refused = written.changed(&[unknown], &home.path().join("none"));
    assert!(matches!(refused, Err(FolderError::Apply(ApplyError::Unknown { .. }))));
}

#[test]
fn change_should_be_applied_when_a_killed_command_has_left_files_of_the_base() {
    let home = TempDir::new().expect("a folder");
    let rows = vec![vec![0.5, -1.0, 2.0], vec![1.0, 0.25, -2.0]];
    let exact = quantise::classifier(&classifier(), &rows, &Options::default()).expect("a model");
    let shape = Model::Classifier(classifier()).shape();
    let [to, left] = ["exact", "left"].map(|name| home.path().join(name));
    let base = ExactFolder::write(&to, &exact, &shape, &Tokens::None, home.path());
    let base = base.expect("published");
    let store = cairn_artifact::store::Store::at(left.join("store")).expect("a store");
    for entry in fs::read_dir(base.store().folder()).expect("a folder") {
        let from = entry.expect("a file").path();
        let name = from.file_name().expect("a name");
        fs::hard_link(&from, store.folder().join(name)).expect("linked");
    }
    let id = base.manifests()[&Purpose::Classes];
    let file = base.store().manifest(&id).expect("a manifest").components["trunk"].file.id;
    let delta = Delta::Sparse(Sparse::new(2, 4, vec![(0, vec![(0, 1)])]).expect("a change"));
    let change = Change::new(file, [("classes.weights".to_owned(), delta)].into());
    let changed = base.changed(&[change.expect("a change")], &left).expect("applied");
    assert!(changed.package(Purpose::Classes).is_ok() && base.package(Purpose::Classes).is_ok());
}

#[test]
fn steps_should_be_missed_when_a_model_was_published_without_them() {
    let home = TempDir::new().expect("a folder");
    let rows = vec![vec![0.5, -1.0, 2.0], vec![1.0, 0.25, -2.0]];
    let exact = quantise::classifier(&classifier(), &rows, &Options::default()).expect("a model");
    let store = cairn_artifact::store::Store::at(home.path()).expect("a store");
    let bare = cairn_artifact::package::Package::publish(&store, &exact.model(), &[], |name| {
        exact.tensors().get(name).cloned()
    });
    let base = crate::base::Base::open(&store, &bare.expect("published")).expect("a model");
    let grid = crate::grid::Grid::of_base(&base).expect("no steps");
    assert!(matches!(grid.settle(classifier()), Err(GridError::Component { .. })));
}
