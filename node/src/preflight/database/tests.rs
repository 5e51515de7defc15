use super::*;
use codec::Encode;
use sp_runtime::traits::Header as _;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::OpenOptions,
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A database with a genesis block, and block 1 as its best and final one.
struct Sample {
    root: TempDir,
}

impl Sample {
    fn new() -> Self {
        let sample = Self { root: TempDir::new().unwrap() };
        let mut options = Options::with_columns(&sample.directory(), COLUMNS as u8);
        options.stats = false;
        let genesis = header(0, Default::default());
        let best = header(1, genesis.hash());
        let database = Db::open_or_create(&options).unwrap();
        database
            .commit([
                (META, b"type".to_vec(), Some(b"full".to_vec())),
                (META, b"gen".to_vec(), Some(genesis.hash().as_ref().to_vec())),
                (META, b"best".to_vec(), Some(lookup(&best))),
                (META, b"final".to_vec(), Some(lookup(&best))),
                (HEADERS, lookup(&genesis), Some(genesis.encode())),
                (HEADERS, lookup(&best), Some(best.encode())),
            ])
            .unwrap();
        drop(database);
        sample
    }

    /// One whose process was killed when its last values were only in the log.
    fn killed() -> Self {
        let whole = Self::new();
        let database = whole.open();
        let best = header(1, header(0, Default::default()).hash());
        database.commit([(META, b"fstate".to_vec(), Some(lookup(&best)))]).unwrap();
        let log = whole.directory().join("log0");
        let until = Instant::now() + Duration::from_secs(30);
        while !fs::metadata(&log).is_ok_and(|file| file.len() > 0) {
            assert!(Instant::now() < until, "nothing was logged");
            sleep(Duration::from_millis(10));
        }
        let left = Self { root: TempDir::new().unwrap() };
        fs::create_dir(left.directory()).unwrap();
        for (name, bytes) in whole.contents() {
            fs::write(left.directory().join(name), bytes).unwrap();
        }
        left
    }

    fn contents(&self) -> BTreeMap<OsString, Vec<u8>> {
        let entries = fs::read_dir(self.directory()).unwrap().map(Result::unwrap);
        entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect()
    }

    fn directory(&self) -> PathBuf {
        self.root.path().join("full")
    }

    fn open(&self) -> Db {
        let mut options = Options::with_columns(&self.directory(), COLUMNS as u8);
        options.stats = false;
        Db::open(&options).unwrap()
    }

    /// The first file whose name begins so.
    fn file(&self, prefix: &str) -> PathBuf {
        let mut names: Vec<_> = fs::read_dir(self.directory())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
            .collect();
        names.sort();
        names.remove(0)
    }

    fn damage(&self) -> Damage {
        match check(&self.directory()) {
            Err(StartFault::DatabaseDamaged { damage, .. }) => damage,
            other => panic!("not found damaged: {other:?}"),
        }
    }
}

fn header(number: u32, parent: <Block as BlockT>::Hash) -> Header {
    Header::new(number, Default::default(), Default::default(), parent, Default::default())
}

fn lookup(header: &Header) -> Vec<u8> {
    [&header.number().to_be_bytes()[..], header.hash().as_ref()].concat()
}

fn cut(file: &Path, length: u64) {
    OpenOptions::new().write(true).open(file).unwrap().set_len(length).unwrap();
}

#[test]
fn check_should_pass_when_there_is_no_database_yet() {
    let root = TempDir::new().unwrap();
    check(root.path()).unwrap();
    check(&root.path().join("full")).unwrap();
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn check_should_pass_again_and_again_when_the_database_is_whole() {
    let sample = Sample::new();
    check(&sample.directory()).unwrap();
    check(&sample.directory()).unwrap();
    assert!(sample.open().get(META, b"gen").unwrap().is_some());
}

#[test]
fn check_should_pass_when_the_last_values_are_only_in_the_log() {
    let sample = Sample::killed();
    check(&sample.directory()).unwrap();
    assert!(sample.open().get(META, b"fstate").unwrap().is_some());
}

#[test]
fn check_should_pass_when_a_crash_came_before_what_the_log_was_to_hold() {
    let sample = Sample::killed();
    fs::write(sample.file("log"), [0; 64]).unwrap();
    check(&sample.directory()).unwrap();
    assert!(sample.open().get(META, b"gen").unwrap().is_some());
}

#[test]
fn check_should_refuse_and_keep_the_log_when_it_is_garbage() {
    let sample = Sample::killed();
    let length = fs::metadata(sample.file("log")).unwrap().len();
    fs::write(sample.file("log"), vec![0xa5; length as usize]).unwrap();
    let before = sample.contents();
    assert!(matches!(sample.damage(), Damage::Log { name } if name == "log0"));
    assert!(sample.contents() == before, "files were changed");
}

#[test]
fn check_should_refuse_and_not_replay_the_log_when_a_table_is_garbage() {
    let sample = Sample::killed();
    let table = sample.file("table_00");
    let length = fs::metadata(&table).unwrap().len() as usize;
    fs::write(&table, vec![0xa5; length]).unwrap();
    let before = sample.contents();
    assert!(matches!(sample.damage(), Damage::CutShort { .. }));
    assert!(sample.contents() == before, "files were changed");
}

#[test]
fn check_should_refuse_when_the_path_is_a_file() {
    let root = TempDir::new().unwrap();
    let file = root.path().join("full");
    fs::write(&file, "").unwrap();
    assert!(matches!(
        check(&file),
        Err(StartFault::DatabaseDamaged { damage: Damage::NoDirectory, .. })
    ));
}

#[test]
fn check_should_refuse_and_make_no_metadata_when_it_is_missing() {
    let sample = Sample::new();
    let metadata = sample.file("metadata");
    fs::remove_file(&metadata).unwrap();
    assert!(matches!(sample.damage(), Damage::MetadataMissing));
    assert!(!metadata.exists());
}

#[test]
fn check_should_refuse_and_keep_metadata_when_it_is_garbage() {
    let sample = Sample::new();
    let metadata = sample.file("metadata");
    let whole = fs::read_to_string(&metadata).unwrap();
    let salt_cut = whole.replace("salt=", "salt=00");
    let columns_cut = whole.lines().take(9).collect::<Vec<_>>().join("\n");
    for garbage in ["", "garbage", "\u{0}\u{1}", salt_cut.as_str(), columns_cut.as_str()] {
        fs::write(&metadata, garbage).unwrap();
        sample.damage();
        assert_eq!(fs::read_to_string(&metadata).unwrap(), garbage);
    }
    fs::write(&metadata, [0xff, 0xfe, b'=']).unwrap();
    sample.damage();
}

#[test]
fn check_should_refuse_when_the_salt_is_another_one() {
    let sample = Sample::new();
    let metadata = sample.file("metadata");
    let other: String = fs::read_to_string(&metadata)
        .unwrap()
        .lines()
        .map(|line| match line.strip_prefix("salt=") {
            Some(salt) => format!("salt={}\n", "5a".repeat(salt.len() / 2)),
            None => format!("{line}\n"),
        })
        .collect();
    fs::write(&metadata, other).unwrap();
    assert!(matches!(sample.damage(), Damage::EntryMissing { key: "type" }));
}

#[test]
fn check_should_refuse_and_not_lengthen_when_a_file_is_cut_short() {
    for prefix in ["index_00", "table_00", "table_04"] {
        let sample = Sample::new();
        let file = sample.file(prefix);
        cut(&file, 1_000);
        assert!(matches!(sample.damage(), Damage::Length { length: 1_000, .. }), "{prefix}");
        assert_eq!(fs::metadata(&file).unwrap().len(), 1_000);
    }
}

#[test]
fn check_should_refuse_when_a_table_claims_more_entries_than_it_has() {
    let sample = Sample::new();
    let file = sample.file("table_04");
    let mut bytes = fs::read(&file).unwrap();
    bytes[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    fs::write(&file, bytes).unwrap();
    assert!(matches!(sample.damage(), Damage::CutShort { .. }));
}

#[test]
fn check_should_refuse_when_the_tables_are_garbage_of_the_right_length() {
    let sample = Sample::new();
    for prefix in ["table_00", "index_00"] {
        let file = sample.file(prefix);
        let length = fs::metadata(&file).unwrap().len() as usize;
        fs::write(&file, vec![0xa5; length]).unwrap();
        sample.damage();
    }
}

#[test]
fn check_should_refuse_when_the_best_block_is_not_what_its_key_says() {
    let sample = Sample::new();
    let best = header(1, header(0, Default::default()).hash());
    let other = header(2, Default::default());
    for value in [b"garbage".to_vec(), other.encode()] {
        let database = sample.open();
        database.commit([(HEADERS, lookup(&best), Some(value))]).unwrap();
        drop(database);
        assert!(matches!(sample.damage(), Damage::Block { key: "best" }));
    }
}

#[test]
fn check_should_refuse_when_another_process_holds_the_database() {
    let sample = Sample::new();
    let holder = sample.open();
    assert!(matches!(check(&sample.directory()), Err(StartFault::DatabaseInUse { .. })));
    drop(holder);
    check(&sample.directory()).unwrap();
}

#[test]
fn index_length_should_be_none_when_the_name_is_not_a_number_of_bits() {
    assert_eq!(index_length("16"), Some(65_536 * 512 + 16_384));
    assert_eq!(index_length("x"), None);
    assert_eq!(index_length("64"), None);
}
