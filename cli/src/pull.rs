//! A model as it stands, in a folder of files by the names of their contents.

use crate::{
    archive,
    exit::{Failure, Outcome},
    output::Report,
};
use cairn_artifact::{hex, standing, store::Store};
use cairn_protocol::{
    bundle::Bundle,
    id::File,
    learning::model::{Component, Parts},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Where files are fetched from, and to.
pub struct Puller {
    pub archive: PathBuf,
    pub store: Store,
}

/// A model that is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pulled {
    /// What describes it as it stands.
    pub bundle: File,
    /// All that it takes to run it, that bundle and the one that was registered among it.
    pub files: BTreeSet<File>,
    /// How many bytes were fetched, and not there before.
    pub fetched: u64,
}

impl Puller {
    pub fn new(archive: &Path, folder: &Path) -> Outcome<Self> {
        let store = Store::at(folder).map_err(failed)?;
        Ok(Self { archive: archive.to_owned(), store })
    }

    /// Fetches a model with these components in place of its bundle's. What is there is looked
    /// through, and stays.
    pub fn pull(&self, registered: File, parts: &Parts) -> Outcome<Pulled> {
        let mut fetched = self.fetch(&[registered].into())?;
        let held = self.store.open_file(&registered).map_err(failed)?;
        let bundle = Bundle::read(&held).map_err(failed)?;
        let manifests = standing::manifests(&bundle).map_err(failed)?;
        let listed = bundle.files.iter().copied();
        let manifests: BTreeSet<File> =
            listed.filter(|file| manifests.contains(&file.id)).collect();
        fetched += self.fetch(&manifests)?;
        let heads = parts.iter().map(|part| Ok((name(&part.component)?, part.file)));
        let heads: BTreeMap<String, File> = heads.collect::<Outcome<_>>()?;
        let standing = standing::with_parts(&self.store, &bundle, &heads).map_err(failed)?;
        let held = self.store.open_file(&standing).map_err(failed)?;
        let files = Bundle::read(&held).map_err(failed)?.files;
        let mut files: BTreeSet<File> = files.into_iter().collect();
        fetched += self.fetch(&files)?;
        files.extend(manifests);
        files.extend([registered, standing]);
        Ok(Pulled { bundle: standing, files, fetched })
    }

    /// Fetches what is not there, and says how many bytes that was. If some cannot be had all
    /// others are fetched nevertheless.
    pub fn fetch(&self, files: &BTreeSet<File>) -> Outcome<u64> {
        let (mut fetched, mut missing, mut first) = (0, Vec::new(), None);
        for file in files {
            // All of it is read: it may be damaged.
            if self.store.open_file(file).is_ok() {
                continue;
            }
            match self.fetch_one(file) {
                Ok(()) => fetched += file.bytes,
                Err(failure) => {
                    missing.push(hex(&file.id));
                    first = first.or(Some(failure));
                }
            }
        }
        let Some(first) = first else { return Ok(fetched) };
        let words = format!(
            "{} of {} files are missing in {}, and the others are here: {}; the first: {first}",
            missing.len(),
            files.len(),
            self.archive.display(),
            missing.join(", ")
        );
        Err(Failure::failed(words).with(Report::default().with("missing", missing, "")))
    }

    fn fetch_one(&self, file: &File) -> Outcome {
        let path = self.store.folder().join(hex(&file.id));
        // What is damaged is in the way, and may be read-only.
        if path.exists() {
            fs::remove_file(&path)?;
        }
        let found = archive::get_file(&self.archive, file.id, &path)?;
        if found == *file {
            return Ok(());
        }
        fs::remove_file(&path)?;
        Err(Failure::failed(format!(
            "{} has {} bytes, and {} are said of it",
            hex(&file.id),
            found.bytes,
            file.bytes
        )))
    }

    /// Removes all files but these.
    pub fn keep_only(&self, files: &BTreeSet<File>) -> Outcome {
        let names: BTreeSet<String> = files.iter().map(|file| hex(&file.id)).collect();
        for entry in fs::read_dir(self.store.folder())? {
            let entry = entry?;
            let stays = entry.file_name().to_str().is_some_and(|name| names.contains(name));
            if !stays && entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// A component's name as manifests have it.
fn name(component: &Component) -> Outcome<String> {
    String::from_utf8(component.to_vec())
        .map_err(|_| Failure::failed("a component's name is no text, so no model has it"))
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_artifact::manifest::{self, Manifest};
    use cairn_protocol::{bundle::VERSION, id::ContentId, learning::model::Part};
    use tempfile::TempDir;

    struct Scene {
        home: TempDir,
        bundle: File,
        trunk: File,
        head: File,
    }

    impl Scene {
        /// A model in an archive, whose trunk has become another file since.
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let archive = home.path().join("archive");
            let put = |bytes: &[u8]| archive::put(&archive, bytes).unwrap();
            let (program, trunk, head) = (put(b"program"), put(b"trunk"), put(b"head"));
            let tensors = BTreeMap::from([("norm".to_owned(), 1)]);
            let component = manifest::Component { file: trunk, tensors };
            let manifest = Manifest::new(program, [("trunk".to_owned(), component)].into());
            let manifest = put(&manifest.encode().unwrap());
            let card = format!("{{\"manifests\":{{\"loss\":{:?}}}}}", hex(&manifest.id));
            let files = BTreeSet::from([program, trunk, manifest]);
            let bundle = Bundle {
                version: VERSION,
                card: card.into_bytes().try_into().unwrap(),
                tokenizer: None,
                files: Vec::from_iter(files).try_into().unwrap(),
            };
            let bundle = put(&bundle.write());
            Self { home, bundle, trunk, head }
        }

        fn puller(&self) -> Puller {
            let (archive, to) = (self.home.path().join("archive"), self.home.path().join("out"));
            Puller::new(&archive, &to).unwrap()
        }

        fn parts(&self) -> Parts {
            let component = b"trunk".to_vec().try_into().unwrap();
            vec![Part { component, file: self.head }].try_into().unwrap()
        }
    }

    #[test]
    fn pull_should_bring_the_heads_and_what_it_takes_to_run_them() {
        let scene = Scene::new();
        let puller = scene.puller();
        let pulled = puller.pull(scene.bundle, &scene.parts()).unwrap();
        assert_ne!(pulled.bundle, scene.bundle);
        assert!(pulled.files.contains(&scene.head) && !pulled.files.contains(&scene.trunk));
        for file in &pulled.files {
            puller.store.open_file(file).unwrap();
        }
        // The same again takes nothing from anywhere.
        let again = puller.pull(scene.bundle, &scene.parts()).unwrap();
        assert_eq!((again.fetched, again.files == pulled.files), (0, true));
        let published = puller.pull(scene.bundle, &Parts::default()).unwrap();
        assert_eq!((published.bundle, published.fetched), (scene.bundle, scene.trunk.bytes));
        puller.keep_only(&pulled.files).unwrap();
        assert!(!puller.store.has(&scene.trunk) && puller.store.has(&scene.head));
    }

    #[test]
    fn pull_should_leave_what_else_is_in_a_folder_and_refuse_a_file_in_its_place() {
        let scene = Scene::new();
        let out = scene.home.path().join("out");
        fs::create_dir(&out).unwrap();
        fs::write(out.join("notes"), "mine").unwrap();
        let puller = scene.puller();
        let pulled = puller.pull(scene.bundle, &scene.parts()).unwrap();
        assert_eq!(fs::read_to_string(out.join("notes")).unwrap(), "mine");
        assert!(pulled.files.iter().all(|file| puller.store.has(file)));

        let file = out.join("notes");
        let Err(refused) = Puller::new(&scene.home.path().join("archive"), &file) else {
            panic!("it is a file");
        };
        assert!(refused.to_string().contains(&file.display().to_string()), "{refused}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }

    #[test]
    fn pull_should_fetch_again_what_was_damaged_and_name_all_that_is_missing() {
        let scene = Scene::new();
        let puller = scene.puller();
        puller.pull(scene.bundle, &scene.parts()).unwrap();
        let path = puller.store.folder().join(hex(&scene.head.id));
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"evil").unwrap();
        let again = puller.pull(scene.bundle, &scene.parts()).unwrap();
        assert_eq!((again.fetched, fs::read(&path).unwrap()), (4, b"head".to_vec()));

        let name = hex(&scene.head.id);
        fs::remove_file(scene.home.path().join("archive").join(&name)).unwrap();
        fs::remove_file(&path).unwrap();
        let refused = puller.pull(scene.bundle, &scene.parts()).unwrap_err();
        assert!(refused.to_string().contains(&name), "{refused}");
        assert_eq!(refused.details().json()["missing"][0], name);
        // What is longer than is said is none of the file.
        let lie = File { bytes: 3, ..scene.trunk };
        assert!(puller.fetch(&[lie].into()).unwrap_err().to_string().contains("5 bytes"));
        let absent = File { id: ContentId([1; 32]), bytes: 3 };
        assert!(puller.fetch(&[absent, scene.trunk].into()).is_err());
        assert!(puller.store.has(&scene.trunk));
    }
}
