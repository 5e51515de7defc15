use super::*;
use crate::{
    cache::Origin,
    contents::Numbers,
    testing::{mixture, tensors},
};
use cairn_kernel::run::{Matrix, Piece};
use std::fs;
use tempfile::TempDir;

struct Scene {
    /// Deleted at the end.
    _folder: TempDir,
    store: Store,
    cache: Cache,
    model: Model,
    tensors: BTreeMap<TensorId, Tensor<'static>>,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Store::at(folder.path().join("store")).unwrap();
        let cache = Cache::at(folder.path().join("cache")).unwrap();
        let model = mixture();
        let tensors = tensors(&model, 3);
        Self { _folder: folder, store, cache, model, tensors }
    }

    fn publish(&self) -> ContentId {
        let given = |name: &str| self.tensors.get(self.model.names.get(name)?).cloned();
        Package::publish(&self.store, &self.model, &[], given).unwrap()
    }

    fn open(&self, manifest: &ContentId) -> Result<Package, Error> {
        Package::open(&self.store, &self.cache, manifest)
    }

    /// What the same numbers come to without any file.
    fn result(&self) -> Matrix {
        let program = self.model.program.clone().check().unwrap();
        let held = |id| {
            Some(match self.tensors.get(&id)?.numbers.clone() {
                Numbers::Masters(masters) => Artifact::Masters(masters),
                Numbers::Constants(constants) => Artifact::Constants(constants),
            })
        };
        run(&Plan::bind(&program, held).unwrap())
    }
}

fn run(plan: &Plan<'_>) -> Matrix {
    let piece = Piece { tokens: &[3, 1, 4, 1, 5, 28, 0, 2], ..Piece::default() };
    let mut made = plan.run(&mut plan.start(), &piece, &[]).unwrap();
    made.take(plan.program().program().result).unwrap()
}

#[test]
fn open_should_compute_the_same_when_derived_and_when_found() {
    let scene = Scene::new();
    let manifest = scene.publish();
    for origin in [Origin::Derived, Origin::Found] {
        let package = scene.open(&manifest).unwrap();
        // A trunk, and for each of two layers three experts.
        assert_eq!(package.components().len(), 7);
        assert!(package.components().values().all(|one| one.origin() == origin));
        assert_eq!(run(&package.plan().unwrap()), scene.result());
    }
}

#[test]
fn publish_should_come_to_the_same_when_done_again() {
    let scene = Scene::new();
    let manifest = scene.publish();
    let files = || fs::read_dir(scene.store.folder()).unwrap().count();
    // Components, program and manifest.
    assert_eq!(files(), 9);
    assert_eq!(scene.publish(), manifest);
    assert_eq!(files(), 9);
    let other = Scene { tensors: tensors(&scene.model, 4), ..scene };
    assert_ne!(other.publish(), manifest);
}

#[test]
fn files_should_be_all_that_was_published_when_a_manifest_is_asked_for() {
    let scene = Scene::new();
    let id = scene.publish();
    let files = scene.store.files(&id).unwrap();
    assert_eq!(files.len(), fs::read_dir(scene.store.folder()).unwrap().count());
    assert!(files.iter().all(|file| scene.store.open_file(file).is_ok()));
    assert!(files.iter().any(|file| file.id == id));
}

#[test]
fn publish_should_say_what_is_missing_when_something_is() {
    let scene = Scene::new();
    let given = |name: &str| match name {
        "layers.1.experts.2.up.scales" => None,
        _ => scene.tensors.get(scene.model.names.get(name)?).cloned(),
    };
    let error = Package::publish(&scene.store, &scene.model, &[], given).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("'layers.1.experts.2.up.scales'"), "{text}");
    let given = |name: &str| {
        let tensor = scene.tensors.get(scene.model.names.get(name)?).cloned()?;
        Some(Tensor { rows: tensor.rows + 1, ..tensor })
    };
    let error = Package::publish(&scene.store, &scene.model, &[], given).unwrap_err();
    assert!(matches!(error, Error::Unwritable { .. }), "{error}");
}

#[test]
fn open_should_say_what_is_wrong_when_a_file_is_missing_or_another() {
    let scene = Scene::new();
    let id = scene.publish();
    let manifest = scene.store.manifest(&id).unwrap();
    let put = |manifest: &Manifest| scene.store.put(&manifest.encode().unwrap()).unwrap().id;

    let nowhere = ContentId([9; 32]);
    assert!(matches!(scene.open(&nowhere), Err(Error::Absent { .. })));
    let program = manifest.program.id;
    assert!(matches!(scene.open(&program), Err(Error::Manifest { .. })));

    let mut other = manifest.clone();
    let [gates, norms] = ["layers.0.experts.0", "trunk"];
    let file = other.components[gates].file;
    other.components.get_mut(norms).unwrap().file = file;
    let error = scene.open(&put(&other)).unwrap_err();
    assert!(matches!(error, Error::NoTensor { .. }), "{error}");

    let mut other = manifest.clone();
    other.components.remove(gates);
    let error = scene.open(&put(&other)).unwrap_err();
    assert!(matches!(error, Error::Manifest { .. }), "{error}");

    let mut other = manifest.clone();
    other.program = file;
    let error = scene.open(&put(&other)).unwrap_err();
    assert!(matches!(error, Error::Program { .. }), "{error}");

    let mut unchecked = scene.model.program.clone();
    unchecked.rows = 0;
    let mut other = manifest.clone();
    other.program = scene.store.put(&unchecked.encode()).unwrap();
    let error = scene.open(&put(&other)).unwrap_err();
    assert!(matches!(error, Error::Unchecked { .. }), "{error}");

    // The trunk, which was not derived yet.
    fs::remove_file(scene.store.path(&manifest.components[norms].file.id)).unwrap();
    assert!(matches!(scene.open(&id), Err(Error::Absent { .. })));
}

#[test]
fn plan_with_should_compute_what_a_model_with_these_masters_does() {
    let mut scene = Scene::new();
    let before = scene.publish();
    let others = tensors(&scene.model, 4);
    // What is multiplied with, what is read, and what is both.
    let names = ["layers.0.attention.query.weights", "norm", "embedding"];
    for name in names {
        let id = scene.model.names[name];
        scene.tensors.insert(id, others[&id].clone());
    }
    let masters = names.map(|name| {
        let Numbers::Masters(masters) = &others[&scene.model.names[name]].numbers else {
            panic!("{name} has masters")
        };
        (name, &**masters)
    });
    let package = scene.open(&before).unwrap();
    let changed = package.plan_with("trunk", &masters.into()).unwrap();
    let other = package.plan_with("layers.0.experts.0", &masters.into()).unwrap();
    assert_eq!(run(&changed), scene.result());
    assert_eq!(run(&other), run(&package.plan().unwrap()));
    assert_ne!(run(&changed), run(&other));
}

#[test]
fn of_should_take_the_files_that_are_named_when_components_have_others_by_now() {
    let mut scene = Scene::new();
    let before = scene.publish();
    scene.tensors = tensors(&scene.model, 4);
    let after = scene.store.manifest(&scene.publish()).unwrap();
    let mut manifest = scene.store.manifest(&before).unwrap();
    manifest.components = after.components;
    let package = Package::of(&scene.store, &scene.cache, &before, &manifest).unwrap();
    assert_eq!(run(&package.plan().unwrap()), scene.result());
}

#[test]
fn plan_should_refuse_when_scales_are_none() {
    let mut scene = Scene::new();
    let id = scene.model.names["head.scales"];
    let scales = scene.tensors.get_mut(&id).unwrap();
    scales.numbers = Numbers::Constants(vec![7; scales.columns as usize].into());
    let manifest = scene.publish();
    let package = scene.open(&manifest).unwrap();
    let error = package.plan().unwrap_err();
    assert!(matches!(error, Error::Bind { .. }), "{error}");
}
