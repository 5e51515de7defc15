//! What an outbox remembers, on disk before anything of it is sent.

use std::path::Path;

use codec::{Decode, DecodeAll, Encode};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::{replay::Replay, Included};

/// By purpose.
const ENTRIES: TableDefinition<&str, &[u8]> = TableDefinition::new("entries");
/// The purposes among them of which nobody knows yet what became of them, so that what ended long
/// ago is not read for every block.
const OPEN: TableDefinition<&str, ()> = TableDefinition::new("open");
/// Whose it is.
const OWNER: TableDefinition<&str, &[u8]> = TableDefinition::new("owner");
const OWNER_KEY: &str = "owner";

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("this outbox is of another account or another chain; name another file")]
    Foreign,
    #[error("the outbox holds what this program did not write: {0}; name another file")]
    Damaged(codec::Error),
    #[error("the outbox cannot be used: {0}")]
    Database(String),
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        Self::Database(error.to_string())
    }
}

type Result<T> = std::result::Result<T, StoreError>;
type Attempt<T> = std::result::Result<T, redb::Error>;

/// A transaction that was signed.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub(crate) struct Entry {
    pub nonce: u64,
    /// The call, to sign it again.
    pub replay: Replay,
    pub signed: Vec<u8>,
    /// The block after which it can be included, and the last in which it can be.
    pub born: u64,
    pub dies: u64,
    /// What became of it; none while that is open.
    pub included: Option<Included>,
}

pub(crate) struct Store {
    database: Database,
}

/// Opens the database in this file, which is made if there is none.
pub(crate) fn database(path: &Path) -> Result<Database> {
    Ok(Database::create(path).map_err(redb::Error::from)?)
}

impl Store {
    /// That of an owner, who is whoever opened it first.
    pub(crate) fn on(database: Database, owner: &[u8]) -> Result<Self> {
        let store = Self { database };
        if store.owner(owner)? == owner {
            Ok(store)
        } else {
            Err(StoreError::Foreign)
        }
    }

    fn owner(&self, newcomer: &[u8]) -> Attempt<Vec<u8>> {
        let write = self.database.begin_write()?;
        write.open_table(ENTRIES)?;
        write.open_table(OPEN)?;
        let owner = {
            let mut table = write.open_table(OWNER)?;
            let found = table.get(OWNER_KEY)?.map(|owner| owner.value().to_vec());
            if found.is_none() {
                table.insert(OWNER_KEY, newcomer)?;
            }
            found
        };
        write.commit()?;
        Ok(owner.unwrap_or_else(|| newcomer.to_vec()))
    }

    pub(crate) fn get(&self, purpose: &str) -> Result<Option<Entry>> {
        self.read(purpose)?.map(|bytes| decoded(&bytes)).transpose()
    }

    fn read(&self, purpose: &str) -> Attempt<Option<Vec<u8>>> {
        let read = self.database.begin_read()?;
        let table = read.open_table(ENTRIES)?;
        let found = table.get(purpose)?.map(|entry| entry.value().to_vec());
        Ok(found)
    }

    /// Keeps an entry. It is on disk when this returns.
    pub(crate) fn put(&self, purpose: &str, entry: &Entry) -> Result<()> {
        Ok(self.write(purpose, Some(&entry.encode()), entry.included.is_none())?)
    }

    pub(crate) fn remove(&self, purpose: &str) -> Result<()> {
        Ok(self.write(purpose, None, false)?)
    }

    /// Removes an entry, if it is known what became of it.
    pub(crate) fn remove_ended(&self, purpose: &str) -> Result<()> {
        match self.get(purpose)? {
            Some(entry) if entry.included.is_some() => self.remove(purpose),
            _ => Ok(()),
        }
    }

    /// The purposes that begin with this.
    pub(crate) fn purposes(&self, prefix: &str) -> Result<Vec<String>> {
        Ok(self.read_purposes(prefix)?)
    }

    fn read_purposes(&self, prefix: &str) -> Attempt<Vec<String>> {
        let read = self.database.begin_read()?;
        let entries = read.open_table(ENTRIES)?;
        let mut found = Vec::new();
        for row in entries.range(prefix..)? {
            let purpose = row.map(|(purpose, _)| purpose.value().to_owned())?;
            if !purpose.starts_with(prefix) {
                break;
            }
            found.push(purpose);
        }
        Ok(found)
    }

    fn write(&self, purpose: &str, entry: Option<&[u8]>, is_open: bool) -> Attempt<()> {
        let write = self.database.begin_write()?;
        {
            let mut entries = write.open_table(ENTRIES)?;
            match entry {
                Some(entry) => drop(entries.insert(purpose, entry)?),
                None => drop(entries.remove(purpose)?),
            }
            let mut open = write.open_table(OPEN)?;
            if is_open {
                open.insert(purpose, ())?;
            } else {
                open.remove(purpose)?;
            }
        }
        write.commit()?;
        Ok(())
    }

    /// The entries of which nobody knows yet what became of them, in the order of their nonces.
    pub(crate) fn open_entries(&self) -> Result<Vec<(String, Entry)>> {
        let mut open = Vec::new();
        for (purpose, bytes) in self.read_open()? {
            open.push((purpose, decoded(&bytes)?));
        }
        open.sort_by_key(|(_, entry)| entry.nonce);
        Ok(open)
    }

    fn read_open(&self) -> Attempt<Vec<(String, Vec<u8>)>> {
        let read = self.database.begin_read()?;
        let (entries, open) = (read.open_table(ENTRIES)?, read.open_table(OPEN)?);
        let mut found = Vec::new();
        for row in open.iter()? {
            let purpose = row.map(|(purpose, _)| purpose.value().to_owned())?;
            if let Some(entry) = entries.get(purpose.as_str())? {
                found.push((purpose, entry.value().to_vec()));
            }
        }
        Ok(found)
    }
}

fn decoded(mut bytes: &[u8]) -> Result<Entry> {
    Entry::decode_all(&mut bytes).map_err(StoreError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::H256, outbox::Outcome};

    fn open(path: &Path, owner: &[u8]) -> Result<Store> {
        Store::on(database(path)?, owner)
    }

    fn entry(nonce: u64) -> Entry {
        Entry {
            nonce,
            replay: Replay::new("Balances", "transfer_keep_alive", vec![1, 2], Some([3; 32])),
            signed: vec![4; 100],
            born: 10,
            dies: 73,
            included: None,
        }
    }

    fn ended(nonce: u64) -> Entry {
        let included = Included { block: H256([5; 32]), number: 12, outcome: Outcome::Done };
        Entry { included: Some(included), ..entry(nonce) }
    }

    #[test]
    fn store_should_hold_what_was_put_when_it_is_opened_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("outbox");
        let store = open(&path, b"alice").unwrap();
        assert_eq!(store.get("one").unwrap(), None);
        store.put("one", &entry(7)).unwrap();
        drop(store);
        let store = open(&path, b"alice").unwrap();
        assert_eq!(store.get("one").unwrap(), Some(entry(7)));
        store.put("one", &ended(7)).unwrap();
        assert_eq!(store.get("one").unwrap(), Some(ended(7)));
        store.remove("one").unwrap();
        assert_eq!(store.get("one").unwrap(), None);
    }

    #[test]
    fn open_entries_should_come_by_nonce_and_without_those_that_ended() {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&directory.path().join("outbox"), b"alice").unwrap();
        for (purpose, one) in [("a", entry(9)), ("b", ended(8)), ("c", entry(7))] {
            store.put(purpose, &one).unwrap();
        }
        let open: Vec<u64> =
            store.open_entries().unwrap().iter().map(|(_, entry)| entry.nonce).collect();
        assert_eq!(open, [7, 9]);
    }

    #[test]
    fn open_should_refuse_when_the_file_is_of_another_account() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("outbox");
        drop(open(&path, b"alice").unwrap());
        assert!(matches!(open(&path, b"bob"), Err(StoreError::Foreign)));
    }

    #[test]
    fn open_should_refuse_when_another_process_has_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("outbox");
        let _first = open(&path, b"alice").unwrap();
        assert!(matches!(open(&path, b"alice"), Err(StoreError::Database(_))));
    }
}
