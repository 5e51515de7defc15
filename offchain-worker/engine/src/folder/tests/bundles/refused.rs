//! Bundles that are none, and what a job that needs one is said to have failed for.

use super::*;
use cairn_kernel::program::{DecodeError, Program};
use cairn_protocol::{bundle::Malformed, failure::Failure};
use serde_json::{json, Value};

fn sorted(files: &[File]) -> Vec<File> {
    let mut files = files.to_vec();
    files.sort();
    files
}

#[test]
fn bundle_should_be_refused_when_a_file_of_it_is_missing_or_another() {
    let scene = Scene::new();
    let model = scene.classifier();
    let (bundle, _) = scene.published(&model);
    let id = model.manifests()[&Purpose::Classes];
    let manifest = scene.store.manifest(&id).expect("a manifest");
    for id in [bundle.id, id, manifest.program.id, manifest.components["trunk"].file.id] {
        let path = scene.store.path(&id);
        let whole = fs::read(&path).expect("bytes");
        fs::remove_file(&path).expect("removed");
        let missing = scene.refused(&bundle);
        assert_eq!(missing.failure(), Failure::MissingArtifact, "{missing}");
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        for bytes in [changed.as_slice(), &whole[..whole.len() - 1]] {
            replace_file(&path, bytes);
            let other = scene.refused(&bundle);
            let content = matches!(other, FolderError::Artifact(ArtifactError::Content { .. }));
            assert!(content && other.failure() == Failure::FalseArtifact, "{other}");
        }
        replace_file(&path, &whole);
    }
    let opened = scene.opened(&bundle).expect("a model");
    assert!(opened.package(Purpose::Classes).is_ok());
    let longer = scene.refused(&File { bytes: bundle.bytes + 1, ..bundle });
    let length = matches!(longer, FolderError::Artifact(ArtifactError::Length { .. }));
    assert!(length && longer.failure() == Failure::FalseArtifact, "{longer}");
}

#[test]
fn bundle_should_be_refused_when_it_describes_no_model() {
    let scene = Scene::new();
    let (_, bundle) = scene.published(&scene.classifier());
    let none = scene.store.put(b"\x09 and no bundle").expect("written");
    let none = scene.refused(&none);
    let FolderError::Bundle(BundleError::Malformed { flaw, .. }) = &none else { panic!("{none}") };
    assert_eq!(*flaw, Malformed::Version { need: 1, have: 9 });
    assert_eq!(none.failure(), Failure::FalseArtifact);

    let text = String::from_utf8(bundle.card.to_vec()).expect("text");
    let with = |card: String| {
        let card = card.into_bytes().try_into().expect("short");
        let refused = scene.refused(&scene.put(&Bundle { card, ..bundle.clone() }));
        assert_eq!(refused.failure(), Failure::FalseArtifact, "{refused}");
        refused
    };
    assert!(matches!(with("{}".into()), FolderError::Form { .. }));
    let later = text.replace("cairn-exact-1", "cairn-exact-9");
    assert!(with(later).to_string().contains("cairn-exact-9"));
    let none = text.replace("\"features\": 3", "\"features\": 0");
    assert!(matches!(with(none), FolderError::Config(_)));
    let mut card: Value = serde_json::from_str(&text).expect("JSON");
    card["manifests"] = json!({});
    let none = with(card.to_string());
    assert!(matches!(none, FolderError::Bundle(BundleError::NoProgram)), "{none}");
}

#[test]
fn bundle_should_be_refused_when_it_leaves_out_what_its_card_speaks_of() {
    let scene = Scene::new();
    let (_, bundle) = scene.published(&scene.classifier());
    for at in 0..bundle.files.len() {
        let mut fewer = bundle.files.to_vec();
        let left = fewer.remove(at);
        let mut longer = bundle.files.to_vec();
        longer[at].bytes += 1;
        for files in [fewer, longer] {
            let files = files.try_into().expect("few");
            // All of them are in the store, as other models may need them.
            let refused = scene.refused(&scene.put(&Bundle { files, ..bundle.clone() }));
            assert_eq!(refused.failure(), Failure::FalseArtifact, "{refused}");
            let FolderError::Bundle(BundleError::LeftOut { id }) = refused else {
                panic!("{refused}")
            };
            assert_eq!(id, left.id);
        }
    }
    let tokenizer = bundle.files.first().copied();
    let refused = scene.refused(&scene.put(&Bundle { tokenizer, ..bundle }));
    assert!(matches!(refused, FolderError::Bundle(BundleError::Tokenizer { .. })), "{refused}");
    assert_eq!(refused.failure(), Failure::TokenizerMismatch);
}

#[test]
fn tokenizer_should_be_refused_when_it_is_another_models_or_none() {
    let scene = Scene::new();
    let (_, bundle) = scene.published(&scene.encoder());
    let refused = |rules: &[u8]| {
        let tokenizer = scene.store.put(rules).expect("written");
        let own = bundle.files.iter().filter(|file| bundle.tokenizer != Some(**file));
        let files: Vec<File> = own.copied().chain([tokenizer]).collect();
        let files = sorted(&files).try_into().expect("few");
        let tokenizer = Some(tokenizer);
        let other = scene.put(&Bundle { tokenizer, files, ..bundle.clone() });
        scene.opened(&other).expect("a model").codec().map(|_| ()).expect_err("refused")
    };
    let larger = refused(&fs::read(fixture("llama").join(RULES)).expect("a fixture"));
    let FolderError::Tokens(TokenError::Vocabulary { tokenizer, model }) = larger else {
        panic!("{larger}")
    };
    assert_eq!((tokenizer, model), (140, 128));
    assert_eq!(larger.failure(), Failure::TokenizerMismatch);
    for rules in [&b"{"[..], b"{}"] {
        let none = refused(rules);
        assert_eq!(none.failure(), Failure::FalseArtifact, "{none}");
    }
}

#[test]
fn program_should_be_refused_when_it_has_an_operator_of_a_later_kernel() {
    let scene = Scene::new();
    let model = scene.classifier();
    let (_, bundle) = scene.published(&model);
    let id = model.manifests()[&Purpose::Classes];
    let Manifest { program, components, .. } = scene.store.manifest(&id).expect("a manifest");
    let program = scene.store.open_file(&program).expect("it is there").to_vec();
    let changed = (0..program.len()).find_map(|at| {
        let mut changed = program.clone();
        changed[at] = u8::MAX;
        let decoded = Program::decode(&changed);
        let operator = matches!(decoded, Err(DecodeError::Unknown { what: "operator", .. }));
        operator.then_some(changed)
    });
    let program = scene.store.put(&changed.expect("it has operators")).expect("written");
    let manifest = Manifest::new(program, components).encode().expect("a manifest");
    let manifest = scene.store.put(&manifest).expect("written");
    let card = String::from_utf8(bundle.card.to_vec()).expect("text");
    let card = card.replace(&hex(&id), &hex(&manifest.id)).into_bytes();
    let files = [bundle.files.as_slice(), &[program, manifest]].concat();
    let later = scene.refused(&scene.put(&Bundle {
        card: card.try_into().expect("short"),
        files: sorted(&files).try_into().expect("few"),
        ..bundle
    }));
    let program = matches!(later, FolderError::Artifact(ArtifactError::Program { .. }));
    assert!(program && later.failure() == Failure::UnsupportedOp, "{later}");
}
