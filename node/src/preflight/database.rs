//! Is the database whole?
//!
//! Substrate takes a database for new where its first keys cannot be read, and writes a genesis
//! block into it; ParityDB makes a new `metadata` file where that is missing, with a new salt
//! under which no old key is found, silently lengthens an index that was cut short, and throws a
//! log away that it cannot read. Each would bury what a damaged directory still holds. So the
//! directory is judged first: by the lengths and beginnings of its files, which changes nothing,
//! and then by reading back the blocks that the chain hangs on.
//!
//! What is judged is the frame of the database. Damage deep in a table is met where it is read,
//! and [`report_panics`] tells it in the same words.

use std::{
    any::Any,
    fs::{self, File},
    io::{self, Read},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    process,
    sync::{Mutex, PoisonError},
};

use cairn_runtime::opaque::Block;
use codec::Decode;
use parity_db::{ColId, Db, Options};
use sp_runtime::traits::Block as BlockT;

use crate::error::{flattened, StartFault};

type Header = <Block as BlockT>::Header;

/// Columns that Substrate's database has, and of them those that are read here.
const COLUMNS: usize = 13;
const META: ColId = 0;
const HEADERS: ColId = 4;

/// ParityDB lengthens a value table by this much at a time.
const TABLE_STEP: u64 = 256 * 1024;

/// The least that an entry of a value table takes.
const LEAST_ENTRY: u64 = 32;

/// The first byte of a log, and what it is where a crash came before the log's contents.
const LOG_BEGINS: u8 = 1;
const LOG_EMPTY: u8 = 0;

/// The least that an entry of a value table takes in a log: its place, and what it is.
const LEAST_LOGGED: u64 = 11;

/// The tables of a column's longest values have entries of one length.
const LONG_VALUES: (&str, u64) = ("_ff", 4096);

/// What is wrong with a database.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    #[error("it is not a directory")]
    NoDirectory,
    #[error("its file `metadata` is missing")]
    MetadataMissing,
    #[error("its file `metadata` lists {found} columns instead of {}", COLUMNS)]
    Columns { found: usize },
    #[error("its file {name} has {length} bytes, a length it cannot have")]
    Length { name: String, length: u64 },
    #[error("its file {name} is shorter than its own header says")]
    CutShort { name: String },
    #[error("its file {name} does not begin as a log does")]
    Log { name: String },
    #[error("it holds blocks, but not its entry `{key}`")]
    EntryMissing { key: &'static str },
    #[error("the block in its entry `{key}` cannot be read")]
    Block { key: &'static str },
    #[error("{0}")]
    Unreadable(String),
}

enum Finding {
    Damaged(Damage),
    InUse,
    Refused(io::Error),
}

impl From<Damage> for Finding {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<io::Error> for Finding {
    fn from(cause: io::Error) -> Self {
        // What the operating system refuses says nothing of the contents.
        match cause.raw_os_error() {
            Some(_) => Self::Refused(cause),
            None => Self::Damaged(Damage::Unreadable(cause.to_string())),
        }
    }
}

impl From<parity_db::Error> for Finding {
    fn from(error: parity_db::Error) -> Self {
        match error {
            parity_db::Error::Locked(_) => Self::InUse,
            parity_db::Error::Io(cause) => cause.into(),
            other => Self::Damaged(Damage::Unreadable(other.to_string())),
        }
    }
}

/// Refuses a database that is damaged or in use. One that does not exist yet passes.
pub fn check(directory: &Path) -> Result<(), StartFault> {
    let path = || directory.to_owned();
    quietly(|| inspect(directory)).map_err(|finding| match finding {
        Finding::Damaged(damage) => StartFault::DatabaseDamaged { path: path(), damage },
        Finding::InUse => StartFault::DatabaseInUse { path: path() },
        Finding::Refused(cause) => StartFault::DatabaseUnreadable { path: path(), cause },
    })
}

/// Ends the process with one line where ParityDB panics over what it reads, instead of the
/// backtrace and the plea for a bug report that other panics get.
pub fn report_panics(directory: PathBuf) {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        let text = panic_text(panicked.payload());
        let in_database = panicked.location().is_some_and(|at| at.file().contains("parity-db"));
        if in_database || text.starts_with("Critical database error") {
            let damage = Damage::Unreadable(text.to_owned());
            let fault = StartFault::DatabaseDamaged { path: directory.clone(), damage };
            eprintln!("Error: {}", flattened(&fault.to_string()));
            process::exit(1);
        }
        report(panicked);
    }));
}

fn inspect(directory: &Path) -> Result<(), Finding> {
    let files = DataFiles::of(directory)?;
    let has_metadata = directory.join("metadata").exists();
    match (files.is_empty(), has_metadata) {
        (true, false) => return Ok(()),
        (false, false) => return Err(Damage::MetadataMissing.into()),
        (_, true) => files.check_lengths()?,
    }
    files.check_logs(directory)?;
    // What waits in a log may be counted before the table has room for it.
    files.check_headers(directory, files.logged() / LEAST_LOGGED)?;
    let database = open(directory)?;
    files.check_headers(directory, 0)?;
    check_chain(&database, &files)
}

/// Opens the database with the options it was made with, which replays its log as the service
/// would; no thread is started.
fn open(directory: &Path) -> Result<Db, Finding> {
    let metadata = Options::load_metadata(directory)?.ok_or(Damage::MetadataMissing)?;
    if metadata.columns.len() != COLUMNS {
        // Substrate would write the missing columns anew.
        return Err(Damage::Columns { found: metadata.columns.len() }.into());
    }
    let mut options = Options::with_columns(directory, 0);
    options.columns = metadata.columns;
    options.stats = false;
    Ok(Db::open_read_only(&options)?)
}

/// Reads the blocks that Substrate starts from.
fn check_chain(database: &Db, files: &DataFiles) -> Result<(), Finding> {
    // Written before anything else, so without it the keys of old values are not found.
    if database.get(META, b"type")?.is_none() {
        let damage = Damage::EntryMissing { key: "type" };
        return if files.has_values() { Err(damage.into()) } else { Ok(()) };
    }
    let Some(genesis) = database.get(META, b"gen")? else {
        let damage = Damage::EntryMissing { key: "gen" };
        return if files.has_headers() { Err(damage.into()) } else { Ok(()) };
    };
    check_header(database, "gen", &[&[0u8; 4][..], genesis.as_slice()].concat())?;
    let best = database.get(META, b"best")?.ok_or(Damage::EntryMissing { key: "best" })?;
    check_header(database, "best", &best)?;
    for key in ["final", "fstate"] {
        if let Some(lookup) = database.get(META, key.as_bytes())? {
            check_header(database, key, &lookup)?;
        }
    }
    Ok(())
}

/// A header is kept under its number and hash, so its own hash proves it.
fn check_header(database: &Db, key: &'static str, lookup: &[u8]) -> Result<(), Finding> {
    let header = database
        .get(HEADERS, lookup)?
        .and_then(|bytes| Header::decode(&mut &bytes[..]).ok())
        .filter(|header| lookup.ends_with(header.hash().as_ref()));
    match header {
        Some(_) => Ok(()),
        None => Err(Damage::Block { key }.into()),
    }
}

/// The files that hold keys and values, with their lengths before the database is opened.
struct DataFiles(Vec<(String, u64)>);

impl DataFiles {
    fn of(directory: &Path) -> Result<Self, Finding> {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Self(Vec::new())),
            Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => {
                return Err(Damage::NoDirectory.into())
            }
            Err(cause) => return Err(cause.into()),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if ["table_", "index_", "log"].iter().any(|kind| name.starts_with(kind)) {
                files.push((name, entry.metadata()?.len()));
            }
        }
        Ok(Self(files))
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has_values(&self) -> bool {
        self.tables().next().is_some()
    }

    fn has_headers(&self) -> bool {
        let column = format!("table_{HEADERS:02}_");
        self.tables().any(|(name, _)| name.starts_with(&column))
    }

    fn tables(&self) -> impl Iterator<Item = (&String, u64)> {
        self.filled("table_")
    }

    fn logs(&self) -> impl Iterator<Item = (&String, u64)> {
        self.filled("log")
    }

    fn filled(&self, kind: &'static str) -> impl Iterator<Item = (&String, u64)> {
        let files = self.0.iter().filter(move |(name, _)| name.starts_with(kind));
        files.filter(|(_, length)| *length > 0).map(|(name, length)| (name, *length))
    }

    /// Bytes of what is to be replayed.
    fn logged(&self) -> u64 {
        self.logs().fold(0, |sum, (_, length)| sum.saturating_add(length))
    }

    /// A file of length zero passes: a crash can leave one, and the log fills it.
    fn check_lengths(&self) -> Result<(), Damage> {
        let wrong = self.0.iter().find(|(name, length)| {
            *length > 0
                && match name.split('_').collect::<Vec<_>>()[..] {
                    ["table", ..] => length % TABLE_STEP != 0,
                    ["index", _, bits] => index_length(bits) != Some(*length),
                    _ => false,
                }
        });
        match wrong {
            Some((name, length)) => Err(Damage::Length { name: name.clone(), length: *length }),
            None => Ok(()),
        }
    }

    fn check_logs(&self, directory: &Path) -> Result<(), Finding> {
        for (name, _) in self.logs() {
            let mut first = [0u8; 1];
            File::open(directory.join(name))?.read_exact(&mut first)?;
            if ![LOG_BEGINS, LOG_EMPTY].contains(&first[0]) {
                return Err(Damage::Log { name: name.clone() }.into());
            }
        }
        Ok(())
    }

    /// Reading past the end of a table, which is a memory map, would kill the process. So many
    /// of its entries may be missing yet.
    fn check_headers(&self, directory: &Path, missing: u64) -> Result<(), Finding> {
        for (name, _) in self.tables() {
            let mut file = File::open(directory.join(name))?;
            let length = file.metadata()?.len();
            // The head of the list of free entries, then the number of entries ever used.
            let (mut free, mut used) = ([0u8; 8], [0u8; 8]);
            file.read_exact(&mut free)?;
            file.read_exact(&mut used)?;
            let entries = u64::from_le_bytes(used).saturating_sub(missing);
            let (suffix, long_entry) = LONG_VALUES;
            let entry = if name.ends_with(suffix) { long_entry } else { LEAST_ENTRY };
            if entries.saturating_mul(entry) > length {
                return Err(Damage::CutShort { name: name.clone() }.into());
            }
        }
        Ok(())
    }
}

/// An index file is named after the bits of a key that pick one of its chunks of 512 bytes,
/// which follow 16 KiB of statistics.
fn index_length(bits: &str) -> Option<u64> {
    let chunks = 1u64.checked_shl(bits.parse().ok()?)?;
    chunks.checked_mul(512)?.checked_add(16 * 1024)
}

/// Runs a check whose panics count as damage and are not printed.
fn quietly(check: impl FnOnce() -> Result<(), Finding>) -> Result<(), Finding> {
    // The hook is the process's, so two checks must not swap it at once.
    static HOOK: Mutex<()> = Mutex::new(());
    let turn = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(AssertUnwindSafe(check));
    panic::set_hook(hook);
    drop(turn);
    outcome.unwrap_or_else(|panicked| {
        Err(Damage::Unreadable(panic_text(panicked.as_ref()).to_owned()).into())
    })
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("an unexpected value")
}

#[cfg(test)]
mod tests;
