use super::*;
use crate::testing::Random;
use proptest::prelude::*;
use std::{collections::BTreeMap, fs, thread};
use tempfile::TempDir;

/// A store with one component, and a cache.
struct Scene {
    /// Deleted at the end.
    _folder: TempDir,
    store: Store,
    cache: Cache,
    file: File,
}

const ROWS: u32 = 50;
const COLUMNS: u32 = 31;

fn masters() -> Vec<i16> {
    Random(1).masters(u64::from(ROWS * COLUMNS))
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::at(folder.path().join("store")).unwrap();
        let cache = Cache::at(folder.path().join("cache")).unwrap();
        let weights = Numbers::Masters(masters().into());
        let scales = Numbers::Constants((0..50).collect());
        let tensors = BTreeMap::from([
            ("w".to_string(), Tensor { rows: ROWS, columns: COLUMNS, numbers: weights }),
            ("s".to_string(), Tensor { rows: 1, columns: 50, numbers: scales }),
        ]);
        let file = store.put_contents(&Contents::new(tensors).unwrap()).unwrap();
        Self { _folder: folder, store, cache, file }
    }

    fn open(&self) -> Result<Packed, Error> {
        self.cache.open(&self.store, &self.file, parts())
    }

    /// The one file of the cache.
    fn path(&self) -> PathBuf {
        let mut all = fs::read_dir(self.cache.folder()).unwrap();
        let path = all.next().unwrap().unwrap().path();
        assert!(all.next().is_none());
        path
    }

    /// Puts another file in its place.
    fn replace(&self, bytes: &[u8]) {
        let path = self.path();
        fs::remove_file(&path).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn should_hold_everything(&self, packed: &Packed) {
        let Some(Artifact::Packed { panels, masters: Some(held) }) = packed.artifact("w") else {
            panic!("no weights");
        };
        assert_eq!(*panels, *pack(&masters(), COLUMNS as usize));
        assert_eq!(*held, *masters());
        let Some(Artifact::Constants(constants)) = packed.artifact("s") else {
            panic!("no constants");
        };
        assert_eq!(*constants, *(0..50).collect::<Vec<_>>());
    }
}

fn part(name: &str, form: Form, rows: u32, columns: u32) -> Part {
    Part { name: name.into(), form, rows, columns }
}

fn parts() -> Vec<Part> {
    let weights = |form| part("w", form, ROWS, COLUMNS);
    vec![part("s", Form::Constants, 1, 50), weights(Form::Panels), weights(Form::Masters)]
}

#[test]
fn open_should_derive_once_when_opened_again() {
    let scene = Scene::new();
    let first = scene.open().unwrap();
    assert_eq!(first.origin(), Origin::Derived);
    scene.should_hold_everything(&first);
    let second = scene.open().unwrap();
    assert_eq!(second.origin(), Origin::Found);
    scene.should_hold_everything(&second);
    // With what is there nothing else is needed.
    fs::remove_file(scene.store.path(&scene.file.id)).unwrap();
    assert_eq!(scene.open().unwrap().origin(), Origin::Found);
    // And what was opened stays when its file is deleted.
    fs::remove_file(scene.path()).unwrap();
    scene.should_hold_everything(&second);
    assert!(matches!(scene.open(), Err(Error::Absent { .. })));
}

#[test]
fn open_should_use_numbers_where_they_lie_when_mapped() {
    let scene = Scene::new();
    let packed = scene.open().unwrap();
    let map = packed.map.as_ptr_range();
    let within =
        |pointer: *const u8| map.contains(&pointer) && (pointer as usize).is_multiple_of(4_096);
    match packed.artifact("w") {
        Some(Artifact::Packed {
            panels: Cow::Borrowed(panels),
            masters: Some(Cow::Borrowed(masters)),
        }) => {
            assert!(within(panels.as_ptr().cast()) && within(masters.as_ptr().cast()));
        }
        other => panic!("{other:?}"),
    }
    match packed.artifact("s") {
        Some(Artifact::Constants(Cow::Borrowed(constants))) => {
            assert!(within(constants.as_ptr().cast()));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(packed.artifact("x"), None);
}

#[test]
fn open_should_derive_anew_when_the_file_is_damaged() {
    let scene = Scene::new();
    scene.open().unwrap();
    let whole = fs::read(scene.path()).unwrap();
    let need = whole.len() as u64;
    let changed = |at: usize| {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        changed
    };
    let mut other = whole.clone();
    let (_, rest) = whole.split_at(HEADER);
    let hash = blake3::hash(rest);
    other[..HEADER].copy_from_slice(&header(&[7; 32], need, hash.as_bytes()));
    for (bytes, damage) in [
        (vec![], Damage::Length { need, have: 0 }),
        (whole[..100].to_vec(), Damage::Length { need, have: 100 }),
        (whole[..4_100].to_vec(), Damage::Length { need, have: 4_100 }),
        ([&whole[..], &[0]].concat(), Damage::Length { need, have: need + 1 }),
        (changed(0), Damage::Header),
        (changed(20), Damage::Header),
        (changed(127), Damage::Header),
        (other, Damage::Other),
        (changed(128), Damage::Numbers),
        (changed(5_000), Damage::Numbers),
        (changed(whole.len() - 1), Damage::Numbers),
    ] {
        scene.replace(&bytes);
        let packed = scene.open().unwrap();
        assert_eq!(packed.origin(), Origin::Repaired(damage));
        scene.should_hold_everything(&packed);
        assert_eq!(fs::read(scene.path()).unwrap(), whole);
        assert_eq!(scene.open().unwrap().origin(), Origin::Found);
    }
}

#[test]
fn open_should_come_to_the_same_when_many_derive_at_once() {
    let scene = Scene::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let packed = scene.open().unwrap();
                    scene.should_hold_everything(&packed);
                    assert!(!matches!(packed.origin(), Origin::Repaired(_)));
                    // Makes others derive; somebody else may have deleted it already.
                    for entry in fs::read_dir(scene.cache.folder()).unwrap().flatten() {
                        if !entry.file_name().to_string_lossy().starts_with('.') {
                            let _ = fs::remove_file(entry.path());
                        }
                    }
                }
            });
        }
    });
}

#[test]
fn open_should_say_what_is_wrong_when_the_store_has_not_what_is_needed() {
    let scene = Scene::new();
    let open = |part| scene.cache.open(&scene.store, &scene.file, vec![part]).unwrap_err();
    let missing = open(part("x", Form::Masters, 1, 1));
    assert!(matches!(missing, Error::NoTensor { ref name, .. } if name == "x"), "{missing}");
    for bad in [
        part("w", Form::Panels, COLUMNS, ROWS),
        part("w", Form::Constants, ROWS, COLUMNS),
        part("s", Form::Masters, 1, 50),
    ] {
        let error = open(bad);
        assert!(matches!(error, Error::Unlike { .. }), "{error}");
    }
    let text = open(part("s", Form::Panels, 2, 3)).to_string();
    assert!(text.contains("is 1 x 50 constants, and the program needs 2 x 3 masters"), "{text}");
    let longer = File { bytes: 1, ..scene.file };
    let error = scene.cache.open(&scene.store, &longer, parts()).unwrap_err();
    assert!(matches!(error, Error::Length { need: 1, .. }), "{error}");

    let path = scene.store.path(&scene.file.id);
    let mut bytes = fs::read(&path).unwrap();
    bytes[2_000] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    assert!(matches!(scene.open(), Err(Error::Content { .. })));
    let file = scene.store.put(b"anything").unwrap();
    let error = scene.cache.open(&scene.store, &file, parts()).unwrap_err();
    assert!(matches!(error, Error::Contents { .. }), "{error}");
    assert!(fs::read_dir(scene.cache.folder()).unwrap().next().is_none());
}

#[test]
fn at_should_clear_what_was_left_unfinished_when_it_is_old() {
    let scene = Scene::new();
    let left = |name: &str, seconds| {
        let path = scene.cache.folder().join(name);
        let file = fs::File::create(&path).unwrap();
        let age = std::time::Duration::from_secs(seconds);
        file.set_modified(std::time::SystemTime::now() - age).unwrap();
        path
    };
    let (new, old) = (left(".part-new", 60), left(".part-old", 200_000));
    let whole = left("whole", 200_000);
    Cache::at(scene.cache.folder()).unwrap();
    assert!(new.exists() && whole.exists() && !old.exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn open_should_derive_anew_when_any_bit_is_another(at: prop::sample::Index, bit in 0u8..8, cut: bool) {
        let scene = Scene::new();
        scene.open().unwrap();
        let whole = fs::read(scene.path()).unwrap();
        let mut bytes = whole.clone();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << bit;
        }
        scene.replace(&bytes);
        let packed = scene.open().unwrap();
        prop_assert!(matches!(packed.origin(), Origin::Repaired(_)));
        scene.should_hold_everything(&packed);
    }
}
