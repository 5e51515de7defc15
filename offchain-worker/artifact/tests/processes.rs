//! Several processes with one cache, of which some are killed.

use cairn_artifact::{
    cache::{Cache, Origin},
    contents::{Numbers, Tensor},
    package::Package,
    store::Store,
};
use cairn_kernel::{
    models::{Activation, Classifier, Layer, Model},
    num::Scale,
    program::Values,
    run::{Matrix, Piece},
};
use cairn_protocol::id::ContentId;
use std::{
    env, fs,
    path::Path,
    process::{Child, Command},
    thread,
    time::Duration,
};

/// Where a child finds the store and the cache.
const FOLDER: &str = "CAIRN_ARTIFACT_TEST_FOLDER";
const FEATURES: u32 = 1_500;

/// Large enough that processes derive it at the same time.
fn model() -> Model {
    let layers = vec![Layer { outputs: 3_000, activation: Activation::Relu, shifted: false }];
    let (bits, classes) = (12, 3_000);
    let (chosen, shares) = (false, None);
    Classifier { rows: 1, features: FEATURES, bits, layers, classes, chosen, shares }.model()
}

fn tensor(model: &Model, name: &str) -> Option<Tensor<'static>> {
    let id = model.names.get(name)?;
    let found = model.program.tensors.get(id.0 as usize)?;
    let (rows, columns) = (found.rows.count(0) as u32, found.columns);
    let count = rows * columns;
    let numbers = match found.values {
        Values::Constants => {
            Numbers::Constants(vec![Scale::power(-9).pack(); count as usize].into())
        }
        _ => Numbers::Masters((0..count).map(number).collect()),
    };
    Some(Tensor { rows, columns, numbers })
}

fn number(at: u32) -> i16 {
    ((at.wrapping_mul(2_654_435_761) >> 16) as i16).max(-i16::MAX)
}

/// What a manifest in a folder comes to, and whether all of it was found there.
fn open(folder: &Path) -> (Matrix, bool) {
    let store = Store::at(folder.join("store")).unwrap();
    let cache = Cache::at(folder.join("cache")).unwrap();
    let id = fs::read(folder.join("manifest")).unwrap();
    let package = Package::open(&store, &cache, &ContentId(id.try_into().unwrap())).unwrap();
    let repaired = |origin| matches!(origin, Origin::Repaired(_));
    assert!(!package.components().values().any(|one| repaired(one.origin())));
    let found = package.components().values().all(|one| one.origin() == Origin::Found);
    let plan = package.plan().unwrap();
    let features = [700; FEATURES as usize];
    let piece = Piece { features: &features, ..Piece::default() };
    let mut made = plan.run(&mut plan.start(), &piece, &[]).unwrap();
    (made.take(plan.program().program().result).unwrap(), found)
}

fn spawn(folder: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored"]).env(FOLDER, folder).spawn().unwrap()
}

#[test]
#[ignore = "the other test starts it, in processes of its own"]
fn child() {
    if let Some(folder) = env::var_os(FOLDER) {
        open(folder.as_ref());
    }
}

#[test]
fn open_should_come_to_the_same_when_processes_derive_at_once_and_some_are_killed() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = folder.path();
    let store = Store::at(folder.join("store")).unwrap();
    let model = model();
    let manifest = Package::publish(&store, &model, &[], |name| tensor(&model, name)).unwrap();
    fs::write(folder.join("manifest"), manifest.0).unwrap();
    for delay in [5, 15, 25, 35, 45, 60] {
        let mut killed = spawn(folder);
        thread::sleep(Duration::from_millis(delay));
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    let children: Vec<_> = (0..4).map(|_| spawn(folder)).collect();
    let (result, _) = open(folder);
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(open(folder), (result.clone(), true));
    fs::remove_dir_all(folder.join("cache")).unwrap();
    assert_eq!(open(folder), (result, false));
}
