use super::*;
use crate::ledger::database;
use cairn_protocol::chunk::content;
use tempfile::TempDir;

fn disk(folder: &TempDir, quota: u64) -> Arc<Disk> {
    Arc::new(Disk::open(folder.path(), Quota(quota), database).unwrap())
}

fn named(bytes: &[u8]) -> File {
    File { id: content(bytes), bytes: bytes.len() as u64 }
}

/// Ten bytes, which are another file for each number.
fn ten(number: u8) -> [u8; 10] {
    [number; 10]
}

fn keep(disk: &Arc<Disk>, bytes: &[u8]) -> Result<File, Error> {
    let file = named(bytes);
    let mut partial = disk.begin(&file, false)?;
    partial.append(bytes)?;
    partial.finish()?;
    Ok(file)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = listed(folder).unwrap().into_iter().map(|(name, _)| name).collect();
    names.sort();
    names
}

#[test]
fn begin_should_evict_the_least_recently_used_first_when_there_is_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(&folder, 30);
    let files: Vec<File> = (0..3).map(|number| keep(&disk, &ten(number)).unwrap()).collect();
    disk.find(&files[0]).unwrap().unwrap();
    let fourth = keep(&disk, &ten(3)).unwrap();
    assert!(!disk.has(&files[1]), "used longest ago");
    assert!(!disk.path(&files[1].id).exists());
    assert!(disk.has(&files[0]) && disk.has(&files[2]) && disk.has(&fourth));
    let fifth = keep(&disk, &ten(4)).unwrap();
    assert!(!disk.has(&files[2]), "next");
    assert!(disk.has(&files[0]) && disk.has(&fourth) && disk.has(&fifth));
}

#[test]
fn begin_should_spare_pinned_files_when_there_is_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(&folder, 20);
    let pinned = keep(&disk, &ten(0)).unwrap();
    for holder in ["task 1", "task 2"] {
        disk.pin(&pinned.id, holder).unwrap();
    }
    let free = keep(&disk, &ten(1)).unwrap();
    disk.unpin(&pinned.id, "task 1").unwrap();
    let newcomer = keep(&disk, &ten(2)).unwrap();
    assert!(disk.has(&pinned), "though it was used before the others, for it has another holder");
    assert!(!disk.has(&free) && disk.has(&newcomer));
    disk.unpin(&pinned.id, "task 2").unwrap();
    keep(&disk, &ten(3)).unwrap();
    assert!(!disk.has(&pinned));
}

#[test]
fn begin_should_say_how_full_the_disk_is_and_evict_nothing_when_pins_leave_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(&folder, 30);
    let pinned = keep(&disk, &ten(0)).unwrap();
    disk.pin(&pinned.id, "task").unwrap();
    let free = keep(&disk, &ten(1)).unwrap();
    let on_its_way = disk.begin(&named(&ten(2)), true).unwrap();
    let refused = keep(&disk, &[3; 11]);
    assert!(matches!(refused, Err(Error::DiskFull { need: 11, room: 10 })), "{refused:?}");
    assert!(disk.has(&free));
    drop(on_its_way);
    keep(&disk, &[3; 11]).unwrap();
}

#[test]
fn open_should_find_what_was_there_and_what_was_used_last() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new, pinned) = {
        let disk = disk(&folder, 30);
        let files: Vec<File> = (0..3).map(|number| keep(&disk, &ten(number)).unwrap()).collect();
        disk.pin(&files[0].id, "task").unwrap();
        disk.find(&files[1]).unwrap().unwrap();
        (files[2], files[1], files[0])
    };
    let disk = disk(&folder, 30);
    assert_eq!(disk.find(&new).unwrap(), Some(disk.path(&new.id)));
    assert_eq!(fs::read(disk.path(&old.id)).unwrap(), ten(2));
    keep(&disk, &ten(3)).unwrap();
    assert!(disk.has(&new) && disk.has(&pinned) && !disk.has(&old));
    assert!(disk.pins()[&pinned.id].contains("task"));
}

#[test]
fn open_should_go_by_the_folder_when_the_ledger_says_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let (gone, stays) = {
        let disk = disk(&folder, 100);
        (keep(&disk, &ten(0)).unwrap(), keep(&disk, &ten(1)).unwrap())
    };
    let files = folder.path().join("files");
    fs::remove_file(files.join(Name(gone.id).to_string())).unwrap();
    let added = named(&ten(2));
    fs::write(files.join(Name(added.id).to_string()), ten(2)).unwrap();
    fs::write(files.join("notes.txt"), "of somebody else").unwrap();
    let disk = disk(&folder, 100);
    assert!(!disk.has(&gone) && disk.has(&stays) && disk.has(&added));
    assert!(files.join("notes.txt").exists());
}

#[test]
fn open_should_remove_what_was_half_copied_and_keep_what_was_half_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let file = named(&ten(0));
    {
        let disk = disk(&folder, 100);
        disk.begin(&file, true).unwrap().append(&ten(0)[..4]).unwrap();
        // As if the process had been killed in the middle.
        let mut copy = disk.begin(&named(&ten(1)), false).unwrap();
        copy.append(&ten(1)[..4]).unwrap();
        std::mem::forget(copy);
    }
    let incoming = folder.path().join("incoming");
    assert_eq!(names(&incoming).len(), 2);
    // What was forgotten keeps the ledger, so the next process has a copy of the folder.
    let next = tempfile::tempdir().unwrap();
    fs::create_dir(next.path().join("incoming")).unwrap();
    for name in names(&incoming) {
        fs::copy(incoming.join(&name), next.path().join("incoming").join(&name)).unwrap();
    }
    let disk = disk(&next, 100);
    assert_eq!(names(&next.path().join("incoming")), [Name(file.id).to_string()]);
    assert_eq!(disk.begin(&file, true).unwrap().bytes(), 4);
}

#[test]
fn open_should_refuse_when_another_process_has_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _first = disk(&folder, 100);
    let second = Disk::open(folder.path(), Quota(100), database).map(drop);
    assert!(matches!(second, Err(Error::Ledger(_))), "{second:?}");
}

#[test]
fn finish_should_give_no_name_when_the_bytes_are_not_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(&folder, 100);
    let file = named(&ten(0));
    for (bytes, have) in [
        (&ten(1)[..], Have::Content(content(&ten(1)))),
        (&ten(0)[..9], Have::Length(9)),
        (&[0; 11][..], Have::Length(11)),
    ] {
        let mut partial = disk.begin(&file, false).unwrap();
        partial.append(bytes).unwrap();
        let refused = partial.finish();
        assert!(matches!(refused, Err(Error::False { have: found, .. }) if found == have));
    }
    assert!(!disk.has(&file));
    assert!(names(disk.folder()).is_empty());
    assert!(names(&folder.path().join("incoming")).is_empty(), "copies are not kept");
}

#[test]
fn find_should_refuse_when_the_file_is_held_and_has_another_length() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(&folder, 100);
    let file = keep(&disk, &ten(0)).unwrap();
    let longer = File { bytes: 11, ..file };
    let refused = disk.find(&longer);
    assert!(matches!(refused, Err(Error::False { have: Have::Length(10), .. })), "{refused:?}");
}

#[test]
fn begin_should_give_up_what_nobody_is_fetching_before_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(&folder, 20);
    let whole = keep(&disk, &ten(0)).unwrap();
    disk.begin(&named(&ten(1)), true).unwrap().append(&ten(1)[..5]).unwrap();
    keep(&disk, &ten(2)).unwrap();
    assert!(disk.has(&whole));
    assert!(names(&folder.path().join("incoming")).is_empty());
}

#[test]
fn begin_should_hash_anew_what_it_goes_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(&folder, 100);
    let file = named(&ten(0));
    disk.begin(&file, true).unwrap().append(&ten(0)[..4]).unwrap();
    let mut partial = disk.begin(&file, true).unwrap();
    partial.append(&ten(0)[4..]).unwrap();
    partial.cut(7).unwrap();
    partial.append(&ten(0)[7..]).unwrap();
    let path = partial.finish().unwrap();
    assert_eq!(fs::read(path).unwrap(), ten(0));
}
