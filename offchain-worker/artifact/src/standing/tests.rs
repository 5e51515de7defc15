use super::*;
use crate::manifest::Component;
use cairn_protocol::bundle::VERSION;
use tempfile::TempDir;

struct Scene {
    _home: TempDir,
    store: Store,
    bundle: Bundle,
    file: File,
}

/// A model of two programs that read the same components.
fn scene() -> Scene {
    let home = TempDir::new().unwrap();
    let store = Store::at(home.path()).unwrap();
    let component = |bytes: &[u8]| Component {
        file: store.put(bytes).unwrap(),
        tensors: BTreeMap::from([("norm".to_owned(), 1)]),
    };
    let components: BTreeMap<String, Component> = BTreeMap::from([
        ("trunk".to_owned(), component(b"trunk")),
        ("layers.0.experts.0".to_owned(), component(b"expert")),
    ]);
    let programs = [b"next", b"loss"].map(|bytes| store.put(bytes).unwrap());
    let written = programs.map(|program| {
        let manifest = Manifest::new(program, components.clone());
        let id = store.put(&manifest.encode().unwrap()).unwrap();
        (id, manifest)
    });
    let mut files: BTreeSet<File> = written.iter().map(|(id, _)| *id).collect();
    files.extend(written.iter().flat_map(|(_, manifest)| manifest.files()));
    let tokenizer = store.put(b"rules").unwrap();
    files.insert(tokenizer);
    let names = written.map(|(file, _)| name::hex(&file.id));
    let card = format!(
        "{{\n  \"step\": 0.1234567890123456789,\n  \"manifests\": {{\"next\": {:?}, \"loss\": {:?}}}\n}}",
        names[0], names[1]
    );
    let bundle = Bundle {
        version: VERSION,
        card: card.into_bytes().try_into().unwrap(),
        tokenizer: Some(tokenizer),
        files: Vec::from_iter(files).try_into().unwrap(),
    };
    let file = store.put(&bundle.write()).unwrap();
    Scene { _home: home, store, bundle, file }
}

#[test]
fn bundle_should_be_the_same_when_no_component_is_another_file() {
    let Scene { store, bundle, file, .. } = &scene();
    assert_eq!(with_parts(store, bundle, &BTreeMap::new()).unwrap(), *file);
    let trunk = store.put(b"trunk").unwrap();
    let same = BTreeMap::from([("trunk".to_owned(), trunk)]);
    assert_eq!(with_parts(store, bundle, &same).unwrap(), *file);
}

#[test]
fn bundle_should_name_other_files_in_all_programs_and_change_nothing_else() {
    let Scene { store, bundle, .. } = &scene();
    // It need not be there.
    let other = File { id: ContentId([7; 32]), bytes: 5 };
    let parts = BTreeMap::from([("trunk".to_owned(), other)]);
    let standing = with_parts(store, bundle, &parts).unwrap();
    let standing = Bundle::read(&store.open_file(&standing).unwrap()).unwrap();
    let trunk = store.put(b"trunk").unwrap();
    assert!(standing.files.contains(&other) && !standing.files.contains(&trunk));
    assert_eq!((standing.tokenizer, standing.files.len()), (bundle.tokenizer, bundle.files.len()));
    let (before, after) = (manifests(bundle).unwrap(), manifests(&standing).unwrap());
    assert!(before.is_disjoint(&after) && after.len() == 2);
    for id in after {
        let manifest = store.manifest(&id).unwrap();
        assert_eq!(manifest.components["trunk"].file, other);
        assert_eq!(manifest.components["trunk"].tensors["norm"], 1);
        assert_ne!(manifest.components["layers.0.experts.0"].file, other);
    }
    let step = "\"step\": 0.1234567890123456789,";
    assert!(String::from_utf8(standing.card.to_vec()).unwrap().contains(step));
}

#[test]
fn bundle_should_be_refused_when_it_is_another_models() {
    let Scene { store, bundle, .. } = &scene();
    let file = File { id: ContentId([7; 32]), bytes: 5 };
    let parts = BTreeMap::from([("layers.9".to_owned(), file)]);
    let refused = with_parts(store, bundle, &parts).unwrap_err().to_string();
    assert!(refused.contains("layers.9"), "{refused}");
    for card in ["{}", "no", r#"{"manifests":{"loss":"ab"}}"#] {
        let bundle =
            Bundle { card: card.as_bytes().to_vec().try_into().unwrap(), ..bundle.clone() };
        assert!(matches!(manifests(&bundle), Err(Unstanding::Card { .. })), "{card}");
    }
}
