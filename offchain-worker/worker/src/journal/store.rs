//! The tables of a journal.

use crate::work::{Part, Seat};
use redb::TableDefinition;

/// Part; number of the task, the panel or the delta; round, generation.
pub(super) type Key = (u8, u64, u16, u32);

/// What was done, by seat.
pub(super) const ENTRIES: TableDefinition<Key, &[u8]> = TableDefinition::new("entries");
/// Those seats among them that are not over, so that what ended long ago is not read all the time.
pub(super) const OPEN: TableDefinition<Key, ()> = TableDefinition::new("open");
/// Those that are, by the block after which they were found to be.
pub(super) const OVER: TableDefinition<(u64, Key), ()> = TableDefinition::new("over");
/// Answers to capability challenges, by their numbers.
pub(super) const CHALLENGES: TableDefinition<u64, &[u8]> = TableDefinition::new("challenges");
pub(super) const FACTS: TableDefinition<&str, &[u8]> = TableDefinition::new("facts");
pub(super) const OWNER: &str = "owner";
pub(super) const HEIGHT: &str = "height";

const PARTS: [Part; 5] = [Part::Worker, Part::Witness, Part::Guard, Part::Judge, Part::Keeper];

pub(super) fn key(seat: Seat) -> Key {
    let part = match seat.part {
        Part::Worker => 0,
        Part::Witness => 1,
        Part::Guard => 2,
        Part::Judge => 3,
        Part::Keeper => 4,
    };
    (part, seat.number, seat.round, seat.generation)
}

/// None of what this program never wrote.
pub(super) fn seat((part, number, round, generation): Key) -> Option<Seat> {
    let part = *PARTS.get(usize::from(part))?;
    Some(Seat { number, part, round, generation })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seat_should_be_read_as_it_was_written() {
        for part in PARTS {
            let written = Seat { number: 9, part, round: 3, generation: 4 };
            assert_eq!(seat(key(written)), Some(written));
        }
        assert_eq!(seat((5, 9, 3, 4)), None);
    }
}
