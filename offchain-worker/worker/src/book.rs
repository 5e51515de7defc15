//! The journal as all rooms share it.

use crate::{
    journal::{Entry, Journal, JournalError, Point, Response, Step},
    work::{Part, Seat, Work},
    Faults,
};
use cairn_order::Made;

type Result<T> = std::result::Result<T, JournalError>;

pub(crate) struct Book {
    journal: Journal,
    faults: Box<dyn Faults>,
}

impl Book {
    pub fn new(journal: Journal, faults: Box<dyn Faults>) -> Self {
        Self { journal, faults }
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Records a step, which may be taken when this returns.
    pub fn note(&self, seat: Seat, step: Step) -> Result<Entry> {
        let point = step.point();
        self.faults.before(seat.part, point);
        let entry = self.journal.advance(seat, step)?;
        self.faults.at(seat.part, point);
        Ok(entry)
    }

    /// What is recorded of a piece of work, which it is from now on.
    pub fn open(&self, work: &Work) -> Result<Entry> {
        let (seat, terms) = (work.seat, work.digest());
        match self.journal.entry(seat)? {
            Some(entry) if entry.terms == terms => Ok(entry),
            // Refused, if it is there with others.
            _ => self.note(seat, Step::Seen { terms }),
        }
    }

    /// Records what the chain shows to be done: a process that was killed may not have.
    pub fn reached(&self, seat: Seat, mut entry: Entry, point: Point) -> Result<Entry> {
        while entry.point < point {
            let step = match entry.point {
                Point::Salted => Step::CommitSent,
                Point::CommitSent => Step::Committed,
                Point::Committed => Step::RevealSent,
                Point::RevealSent => Step::Revealed,
                _ => break,
            };
            entry = self.note(seat, step)?;
        }
        Ok(entry)
    }

    /// Records the answer to a challenge, which may be committed to when this returns. The first one
    /// stays.
    pub fn respond(&self, challenge: u64, response: Response) -> Result<Response> {
        self.faults.before_answer();
        let noted = self.journal.respond(challenge, response)?;
        self.faults.at_answer();
        Ok(noted)
    }

    pub fn bend(&self, part: Part, made: Made) -> Made {
        self.faults.bend(part, made)
    }

    pub fn withholds(&self, part: Part) -> bool {
        self.faults.withholds(part)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use cairn_protocol::id::{Digest, ProviderId};
    use tempfile::TempDir;

    pub const GENESIS: Digest = [7; 32];
    pub const ME: ProviderId = ProviderId(4);

    /// An empty one, with the directory that it is in.
    pub fn book() -> (TempDir, Book) {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(&directory.path().join("journal"), &GENESIS, ME).unwrap();
        (directory, Book::new(journal, Box::new(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal::Refused,
        work::testing::{seat, terms, work},
    };
    use cairn_protocol::{
        id::EngineId,
        job::Terms,
        result::{Answer, Output},
    };
    use std::sync::Arc;

    #[test]
    fn open_should_refuse_when_the_terms_are_another_tasks() {
        let (_directory, book) = testing::book();
        let entry = book.open(&work(3, 50, 1)).unwrap();
        assert_eq!(book.open(&work(3, 60, 1)).unwrap(), entry);
        let terms = Arc::new(Terms { match_by: 101, ..terms() });
        let refused = book.open(&Work { terms, ..work(3, 50, 1) }).unwrap_err();
        let is_other = |error: &JournalError| match error {
            JournalError::Refused { refused, .. } => *refused == Refused::OtherTask,
            _ => false,
        };
        assert!(is_other(&refused), "{refused}");
    }

    #[test]
    fn reached_should_record_all_steps_up_to_what_the_chain_shows() {
        let (_directory, book) = testing::book();
        let output = Output::Inline(Default::default());
        let answer = Answer { engine: EngineId([1; 32]), output, fingerprint: None, units: 1 };
        let mut entry = book.open(&work(3, 50, 1)).unwrap();
        // Nothing was committed to, so it cannot be revealed, whatever anybody shows.
        entry = book.reached(seat(3), entry, Point::Revealed).unwrap();
        assert_eq!(entry.point, Point::Seen);
        book.note(seat(3), Step::Made { answer, trace: [1; 32] }).unwrap();
        let salted = Step::Salted { salt: [1; 32], commitment: [2; 32] };
        entry = book.note(seat(3), salted).unwrap();
        entry = book.reached(seat(3), entry, Point::Committed).unwrap();
        assert_eq!(entry.point, Point::Committed);
        entry = book.reached(seat(3), entry, Point::Revealed).unwrap();
        assert_eq!(entry.point, Point::Revealed);
        assert_eq!(book.journal().entry(seat(3)).unwrap(), Some(entry));
    }
}
