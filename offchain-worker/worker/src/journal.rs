//! What this worker has done, on disk before it is done.
//!
//! A step is recorded, and only then taken: whatever the process is killed at, the next one finds
//! the step that it was about to take, and takes it with the same answer and the same salt. So a
//! commitment is made once and can be opened.

mod entry;
mod store;
#[cfg(test)]
mod tests;

use crate::work::{Part, Seat};
use cairn_protocol::id::{Digest, ProviderId, TaskId};
use codec::{Decode, DecodeAll, Encode};
use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};
use std::sync::{Mutex, PoisonError};
use store::{key, seat, Key, CHALLENGES, ENTRIES, FACTS, HEIGHT, OPEN, OVER, OWNER};

pub use entry::{Entry, Made, Point, Refused, Salted, Step};

/// For how many blocks is kept what has ended: for as long as a node that is behind could take it
/// for open.
pub const KEPT: u64 = 14_400;

/// The answer to a capability challenge, and what was committed to.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Response {
    pub answer: Digest,
    pub salt: Digest,
    pub commitment: Digest,
    /// The block after which it was made.
    pub block: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the journal is of another provider or another chain; name another --data")]
    Foreign,
    #[error("{seat}: {refused}")]
    Refused { seat: Seat, refused: Refused },
    #[error("the journal holds what this program did not write: {0}; name another --data")]
    Damaged(codec::Error),
    #[error("the journal cannot be used: {0}")]
    Database(String),
}

impl From<redb::Error> for JournalError {
    fn from(error: redb::Error) -> Self {
        Self::Database(error.to_string())
    }
}

type Result<T> = std::result::Result<T, JournalError>;
type Attempt<T> = std::result::Result<T, redb::Error>;

/// One provider's, on one chain. At most one process has it open.
pub struct Journal {
    database: Database,
    /// Held by whoever reads what is there to write what comes next.
    alone: Mutex<()>,
}

impl Journal {
    /// The journal in this database.
    pub fn on(database: Database, genesis: &Digest, provider: ProviderId) -> Result<Self> {
        let owner = (genesis, provider).encode();
        let journal = Self { database, alone: Mutex::default() };
        if journal.owner(&owner)? == owner {
            Ok(journal)
        } else {
            Err(JournalError::Foreign)
        }
    }

    /// Whose it is: whoever opened it first.
    fn owner(&self, newcomer: &[u8]) -> Attempt<Vec<u8>> {
        let write = self.database.begin_write()?;
        write.open_table(ENTRIES)?;
        write.open_table(OPEN)?;
        write.open_table(OVER)?;
        write.open_table(CHALLENGES)?;
        let owner = {
            let mut facts = write.open_table(FACTS)?;
            let found = facts.get(OWNER)?.map(|owner| owner.value().to_vec());
            if found.is_none() {
                facts.insert(OWNER, newcomer)?;
            }
            found
        };
        write.commit()?;
        Ok(owner.unwrap_or_else(|| newcomer.to_vec()))
    }

    pub fn entry(&self, seat: Seat) -> Result<Option<Entry>> {
        self.bytes(seat)?.map(|bytes| decoded(&bytes)).transpose()
    }

    fn bytes(&self, seat: Seat) -> Attempt<Option<Vec<u8>>> {
        let read = self.database.begin_read()?;
        let entries = read.open_table(ENTRIES)?;
        let found = entries.get(key(seat))?.map(|entry| entry.value().to_vec());
        Ok(found)
    }

    /// Records a step, which is on disk when this returns. The same step again changes nothing;
    /// any other that does not come next is refused, above all a second answer.
    pub fn advance(&self, seat: Seat, step: Step) -> Result<Entry> {
        let _alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.entry(seat)?;
        let after = entry::after(before.as_ref(), step)
            .map_err(|refused| JournalError::Refused { seat, refused })?;
        if before.as_ref() != Some(&after) {
            self.put(seat, &after)?;
        }
        Ok(after)
    }

    fn put(&self, seat: Seat, entry: &Entry) -> Attempt<()> {
        let write = self.database.begin_write()?;
        write.open_table(ENTRIES)?.insert(key(seat), entry.encode().as_slice())?;
        place(&write, seat, entry.ended)?;
        write.commit()?;
        Ok(())
    }

    /// All that is not over.
    pub fn open_entries(&self) -> Result<Vec<(Seat, Entry)>> {
        let open = self.read_open()?;
        open.into_iter().map(|(seat, bytes)| Ok((seat, decoded(&bytes)?))).collect()
    }

    fn read_open(&self) -> Attempt<Vec<(Seat, Vec<u8>)>> {
        let read = self.database.begin_read()?;
        let (entries, open) = (read.open_table(ENTRIES)?, read.open_table(OPEN)?);
        let mut found = Vec::new();
        for row in open.iter()? {
            let key = row.map(|(key, _)| key.value())?;
            if let Some((seat, entry)) = seat(key).zip(entries.get(key)?) {
                found.push((seat, entry.value().to_vec()));
            }
        }
        Ok(found)
    }

    /// What is recorded of this provider's own work at a task, in the order of its seats.
    pub fn works_at(&self, task: TaskId) -> Result<Vec<Entry>> {
        let works = self.read_works(task)?;
        works.iter().map(|bytes| decoded(bytes)).collect()
    }

    fn read_works(&self, task: TaskId) -> Attempt<Vec<Vec<u8>>> {
        let number = task.0;
        let seat = |round, generation| key(Seat { number, part: Part::Worker, round, generation });
        let read = self.database.begin_read()?;
        let entries = read.open_table(ENTRIES)?;
        let mut found = Vec::new();
        for row in entries.range(seat(0, 0)..=seat(u16::MAX, u32::MAX))? {
            found.push(row.map(|(_, entry)| entry.value().to_vec())?);
        }
        Ok(found)
    }

    /// Notes the answer to a challenge, before it is committed to. The first one stays.
    pub fn respond(&self, challenge: u64, response: Response) -> Result<Response> {
        let _alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(noted) = self.response(challenge)? {
            return Ok(noted);
        }
        self.put_response(challenge, &response.encode())?;
        Ok(response)
    }

    pub fn response(&self, challenge: u64) -> Result<Option<Response>> {
        self.response_bytes(challenge)?.map(|bytes| decoded(&bytes)).transpose()
    }

    fn put_response(&self, challenge: u64, response: &[u8]) -> Attempt<()> {
        let write = self.database.begin_write()?;
        write.open_table(CHALLENGES)?.insert(challenge, response)?;
        write.commit()?;
        Ok(())
    }

    fn response_bytes(&self, challenge: u64) -> Attempt<Option<Vec<u8>>> {
        let read = self.database.begin_read()?;
        let challenges = read.open_table(CHALLENGES)?;
        let found = challenges.get(challenge)?.map(|response| response.value().to_vec());
        Ok(found)
    }

    /// The last block that was looked at. Nothing before it is news.
    pub fn height(&self) -> Result<u64> {
        let bytes = self.fact(HEIGHT)?;
        bytes.map_or(Ok(0), |bytes| decoded(&bytes))
    }

    fn fact(&self, name: &str) -> Attempt<Option<Vec<u8>>> {
        let read = self.database.begin_read()?;
        let facts = read.open_table(FACTS)?;
        let found = facts.get(name)?.map(|fact| fact.value().to_vec());
        Ok(found)
    }

    /// Notes that this block was looked at, and forgets what ended long before it. Gives the names
    /// of what it forgot.
    pub fn looked_at(&self, block: u64) -> Result<Vec<Seat>> {
        let old = self.over_before(block.saturating_sub(KEPT))?;
        self.forget(&old, block)?;
        Ok(old.into_iter().map(|(_, seat)| seat).collect())
    }

    /// What was over after a block before this one.
    fn over_before(&self, block: u64) -> Attempt<Vec<(u64, Seat)>> {
        let read = self.database.begin_read()?;
        let over = read.open_table(OVER)?;
        let end: (u64, Key) = (block, (0, 0, 0, 0));
        let mut found = Vec::new();
        for row in over.range(..end)? {
            let (ended, key) = row.map(|(place, _)| place.value())?;
            found.extend(seat(key).map(|seat| (ended, seat)));
        }
        Ok(found)
    }

    fn forget(&self, seats: &[(u64, Seat)], block: u64) -> Attempt<()> {
        let write = self.database.begin_write()?;
        {
            let (mut entries, mut over) = (write.open_table(ENTRIES)?, write.open_table(OVER)?);
            for (ended, seat) in seats {
                entries.remove(key(*seat))?;
                over.remove((*ended, key(*seat)))?;
            }
            let mut challenges = write.open_table(CHALLENGES)?;
            // What cannot be read any more is of no use either.
            challenges.retain(|_, bytes| {
                let response = decoded::<Response>(bytes);
                response.is_ok_and(|response| response.block.saturating_add(KEPT) >= block)
            })?;
            write.open_table(FACTS)?.insert(HEIGHT, block.encode().as_slice())?;
        }
        write.commit()?;
        Ok(())
    }
}

#[cfg(test)]
impl Journal {
    /// The journal in this file, which is made if there is none.
    pub fn open(path: &std::path::Path, genesis: &Digest, provider: ProviderId) -> Result<Self> {
        let database = Database::create(path).map_err(redb::Error::from)?;
        Self::on(database, genesis, provider)
    }
}

/// Says where a seat is found: among those that are open, or by when it was over.
fn place(write: &WriteTransaction, seat: Seat, ended: Option<u64>) -> Attempt<()> {
    let mut open = write.open_table(OPEN)?;
    match ended {
        None => drop(open.insert(key(seat), ())?),
        Some(block) => {
            open.remove(key(seat))?;
            write.open_table(OVER)?.insert((block, key(seat)), ())?;
        }
    }
    Ok(())
}

fn decoded<T: Decode>(mut bytes: &[u8]) -> Result<T> {
    T::decode_all(&mut bytes).map_err(JournalError::Damaged)
}
