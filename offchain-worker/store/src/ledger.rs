//! What has to outlast the process: when files were last used, and what is pinned.

use crate::error::Error;
use cairn_protocol::id::ContentId;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Length and last use, by content.
const FILES: TableDefinition<&[u8; 32], (u64, u64)> = TableDefinition::new("files");
/// By content and holder.
const PINS: TableDefinition<(&[u8; 32], &str), ()> = TableDefinition::new("pins");

type Attempt<T> = Result<T, redb::Error>;

/// A file that is held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Held {
    pub bytes: u64,
    /// The store's count of uses when it was last used: clocks go back, this does not.
    pub used: u64,
}

/// Who pins what.
pub(crate) type Pins = BTreeMap<ContentId, BTreeSet<String>>;

pub(crate) struct Ledger {
    database: Database,
}

/// Opens the file, which no other process can while this one has it.
pub(crate) fn database(path: &Path) -> Attempt<Database> {
    Ok(Database::create(path)?)
}

impl Ledger {
    pub(crate) fn on(database: Database) -> Result<Self, Error> {
        let ledger = Self { database };
        ledger.make_tables()?;
        Ok(ledger)
    }

    fn make_tables(&self) -> Attempt<()> {
        let write = self.database.begin_write()?;
        write.open_table(FILES)?;
        write.open_table(PINS)?;
        write.commit()?;
        Ok(())
    }

    pub(crate) fn files(&self) -> Result<BTreeMap<ContentId, Held>, Error> {
        Ok(self.read_files()?)
    }

    fn read_files(&self) -> Attempt<BTreeMap<ContentId, Held>> {
        let read = self.database.begin_read()?;
        let table = read.open_table(FILES)?;
        let mut files = BTreeMap::new();
        for row in table.iter()? {
            let (id, held) = row?;
            let (bytes, used) = held.value();
            files.insert(ContentId(*id.value()), Held { bytes, used });
        }
        Ok(files)
    }

    pub(crate) fn pins(&self) -> Result<Pins, Error> {
        Ok(self.read_pins()?)
    }

    fn read_pins(&self) -> Attempt<Pins> {
        let read = self.database.begin_read()?;
        let table = read.open_table(PINS)?;
        let mut pins = Pins::new();
        for row in table.iter()? {
            let (key, _) = row?;
            let (id, holder) = key.value();
            pins.entry(ContentId(*id)).or_default().insert(holder.to_owned());
        }
        Ok(pins)
    }

    /// Keeps a file's row, or removes it. It is on disk when this returns.
    pub(crate) fn note(&self, id: &ContentId, held: Option<Held>) -> Result<(), Error> {
        Ok(self.write_file(id, held, Durability::Immediate)?)
    }

    /// Notes that a file is used. A loss of power may take that back, which does no harm; a job
    /// uses hundreds of files, and need not wait for the disk with each.
    pub(crate) fn used(&self, id: &ContentId, held: Held) -> Result<(), Error> {
        Ok(self.write_file(id, Some(held), Durability::None)?)
    }

    fn write_file(
        &self,
        id: &ContentId,
        held: Option<Held>,
        durability: Durability,
    ) -> Attempt<()> {
        let mut write = self.database.begin_write()?;
        write.set_durability(durability)?;
        {
            let mut table = write.open_table(FILES)?;
            match held {
                Some(Held { bytes, used }) => drop(table.insert(&id.0, (bytes, used))?),
                None => drop(table.remove(&id.0)?),
            }
        }
        write.commit()?;
        Ok(())
    }

    /// Pins files for a holder, or takes that back.
    pub(crate) fn pin(&self, ids: &[ContentId], holder: &str, pinned: bool) -> Result<(), Error> {
        Ok(self.write_pins(ids, holder, pinned)?)
    }

    fn write_pins(&self, ids: &[ContentId], holder: &str, pinned: bool) -> Attempt<()> {
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(PINS)?;
            for id in ids {
                if pinned {
                    table.insert((&id.0, holder), ())?;
                } else {
                    table.remove((&id.0, holder))?;
                }
            }
        }
        write.commit()?;
        Ok(())
    }
}
