use super::*;
use tempfile::TempDir;

/// Two stores on one disk.
fn stores() -> (TempDir, [Store; 2]) {
    let home = TempDir::new().unwrap();
    let stores = ["from", "to"].map(|name| Store::at(home.path().join(name)).unwrap());
    (home, stores)
}

/// Puts other bytes where a file is, and never into it: it may be another store's as well.
fn replace(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

#[test]
fn take_should_have_the_file_when_there_is_a_whole_a_damaged_or_no_other() {
    let (_home, [from, to]) = stores();
    let file = from.put(b"weights").unwrap();
    let before: [Option<&[u8]>; 4] = [None, Some(b"weights"), Some(b"weight"), Some(b"weighty")];
    for before in before {
        let path = to.path(&file.id);
        let _ = fs::remove_file(&path);
        if let Some(bytes) = before {
            replace(&path, bytes);
        }
        to.take(&from, &file).unwrap();
        assert_eq!(&*to.open_file(&file).unwrap(), b"weights", "{before:?}");
    }
    from.take(&from, &file).unwrap();
    assert_eq!(&*from.open_file(&file).unwrap(), b"weights");
}

#[cfg(unix)]
#[test]
fn take_should_make_no_second_copy_when_both_stores_are_on_one_disk() {
    use std::os::unix::fs::MetadataExt;
    let (_home, [from, to]) = stores();
    let file = from.put(b"weights").unwrap();
    to.take(&from, &file).unwrap();
    let place = |store: &Store| fs::metadata(store.path(&file.id)).unwrap().ino();
    assert_eq!(place(&from), place(&to));
}

#[test]
fn take_should_leave_nothing_when_the_file_is_missing_or_another() {
    let (_home, [from, to]) = stores();
    let file = from.put(b"weights").unwrap();
    let longer = File { bytes: 9, ..file };
    let taken = to.take(&from, &longer);
    assert!(matches!(taken, Err(Error::Length { need: 9, have: 7, .. })), "{taken:?}");
    replace(&from.path(&file.id), b"others!");
    let taken = to.take(&from, &file);
    assert!(matches!(taken, Err(Error::Content { .. })), "{taken:?}");
    fs::remove_file(from.path(&file.id)).unwrap();
    let taken = to.take(&from, &file);
    assert!(matches!(taken, Err(Error::Absent { .. })), "{taken:?}");
    assert_eq!(fs::read_dir(to.folder()).unwrap().count(), 0);
}

#[test]
fn existing_should_make_no_folder_when_there_is_none() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("nowhere");
    let store = Store::existing(&path);
    assert!(matches!(store.open(&ContentId([1; 32])), Err(Error::Absent { .. })));
    assert!(!path.exists());
}

#[test]
fn over_should_find_what_is_beneath_and_write_nothing_there() {
    let (home, [beneath, _]) = stores();
    let old = beneath.put(b"weights").unwrap();
    let over = Store::over(&beneath, home.path().join("over")).unwrap();
    assert_eq!(&*over.open_file(&old).unwrap(), b"weights");
    let new = over.put(b"more").unwrap();
    assert_eq!(&*over.open_file(&new).unwrap(), b"more");
    assert!(matches!(beneath.open_file(&new), Err(Error::Absent { .. })));
    assert_eq!(fs::read_dir(beneath.folder()).unwrap().count(), 1);
    // What is its own goes before what is not.
    over.put(b"weights").unwrap();
    replace(&beneath.path(&old.id), b"others!");
    assert_eq!(&*over.open_file(&old).unwrap(), b"weights");
    let neither = over.open(&ContentId([1; 32]));
    assert!(matches!(neither, Err(Error::Absent { .. })), "{neither:?}");
}

#[test]
fn has_should_be_so_when_a_file_of_that_length_is_there() {
    let (_home, [store, _]) = stores();
    let file = store.put(b"weights").unwrap();
    assert!(store.has(&file));
    assert!(!store.has(&File { bytes: 8, ..file }));
    assert!(!store.has(&File { id: ContentId([7; 32]), ..file }));
}
