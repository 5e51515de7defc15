use super::*;
use crate::work::testing::seat;
use cairn_order::Fault;
use cairn_protocol::{
    failure::Failure,
    id::EngineId,
    result::{Answer, Output},
};
use proptest::prelude::*;
use redb::StorageBackend;
use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex},
};

const ME: ProviderId = ProviderId(4);
const GENESIS: Digest = [7; 32];
const TERMS: Digest = [5; 32];

fn answer(output: u8) -> Answer {
    Answer {
        engine: EngineId([1; 32]),
        output: Output::Inline(vec![output].try_into().unwrap()),
        fingerprint: None,
        units: 1,
    }
}

fn made(output: u8) -> Step {
    Step::Made { answer: answer(output), trace: [output; 32] }
}

fn salted(salt: u8) -> Step {
    Step::Salted { salt: [salt; 32], commitment: [salt; 32] }
}

fn steps() -> Vec<Step> {
    vec![
        Step::Seen { terms: TERMS },
        made(1),
        salted(2),
        Step::CommitSent,
        Step::Committed,
        Step::RevealSent,
        Step::Revealed,
        Step::Ended { block: 9 },
    ]
}

fn journal() -> (tempfile::TempDir, Journal) {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(&directory.path().join("journal"), &GENESIS, ME).unwrap();
    (directory, journal)
}

fn refused(result: Result<Entry>) -> Refused {
    match result {
        Err(JournalError::Refused { refused, .. }) => refused,
        other => panic!("{other:?}"),
    }
}

#[test]
fn journal_should_hold_each_step_when_it_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    for step in steps() {
        let journal = Journal::open(&path, &GENESIS, ME).unwrap();
        let entry = journal.advance(seat(3), step.clone()).unwrap();
        drop(journal);
        let journal = Journal::open(&path, &GENESIS, ME).unwrap();
        assert_eq!(journal.entry(seat(3)).unwrap(), Some(entry), "{step:?}");
        assert_eq!(journal.entry(seat(4)).unwrap(), None);
    }
    let journal = Journal::open(&path, &GENESIS, ME).unwrap();
    let entry = journal.entry(seat(3)).unwrap().unwrap();
    assert_eq!(entry.made, Some(Made { answer: answer(1), trace: [1; 32] }));
    assert_eq!(entry.salted, Some(Salted { salt: [2; 32], commitment: [2; 32] }));
    assert_eq!(entry.ended, Some(9));
}

#[test]
fn open_should_refuse_when_the_journal_is_of_another_provider_or_chain() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    drop(Journal::open(&path, &GENESIS, ME).unwrap());
    let opened = |genesis, provider| Journal::open(&path, &genesis, provider);
    assert!(matches!(opened(GENESIS, ProviderId(5)), Err(JournalError::Foreign)));
    assert!(matches!(opened([8; 32], ME), Err(JournalError::Foreign)));
    assert!(opened(GENESIS, ME).is_ok());
}

#[test]
fn advance_should_refuse_a_second_answer_wherever_the_work_stands() {
    let (_directory, journal) = journal();
    for (nth, step) in steps().into_iter().enumerate() {
        journal.advance(seat(3), step).unwrap();
        if nth > 0 {
            assert_eq!(refused(journal.advance(seat(3), made(2))), Refused::OtherAnswer);
        }
        if nth > 1 {
            assert_eq!(refused(journal.advance(seat(3), salted(3))), Refused::OtherCommitment);
        }
    }
    assert_eq!(journal.entry(seat(3)).unwrap().unwrap().made.unwrap().answer, answer(1));
}

#[test]
fn advance_should_refuse_a_task_that_only_has_the_number_of_another() {
    let (_directory, journal) = journal();
    journal.advance(seat(3), Step::Seen { terms: TERMS }).unwrap();
    let other = journal.advance(seat(3), Step::Seen { terms: [6; 32] });
    assert_eq!(refused(other), Refused::OtherTask);
}

#[test]
fn advance_should_take_the_next_step_and_no_other() {
    let all = steps();
    for (at, _) in all.iter().enumerate() {
        for (to, step) in all.iter().enumerate() {
            let (_directory, journal) = journal();
            for before in &all[..=at] {
                journal.advance(seat(3), before.clone()).unwrap();
            }
            let taken = journal.advance(seat(3), step.clone());
            // What is over may come after anything.
            let comes_next = to == at || to == at + 1 || to == all.len() - 1;
            assert_eq!(taken.is_ok(), comes_next, "{at} to {to}: {taken:?}");
        }
    }
}

#[test]
fn advance_should_take_a_failure_instead_of_a_result_and_not_after_it() {
    let failed = || Step::Failed(Fault::new(Failure::OutOfTime, "too slow"));
    let (_directory, journal) = journal();
    assert_eq!(refused(journal.advance(seat(3), failed())), Refused::Unseen(Point::Failed));
    journal.advance(seat(3), Step::Seen { terms: TERMS }).unwrap();
    journal.advance(seat(3), failed()).unwrap();
    let later = refused(journal.advance(seat(3), made(1)));
    assert_eq!(later, Refused::Backward { from: Point::Failed, to: Point::Made });
    for step in &steps()[..2] {
        journal.advance(seat(4), step.clone()).unwrap();
    }
    assert!(journal.advance(seat(4), failed()).is_err());
}

#[test]
fn advance_should_take_a_decline_once_it_has_failed_and_nothing_but_the_end_after_it() {
    let (_directory, journal) = journal();
    journal.advance(seat(3), Step::Seen { terms: TERMS }).unwrap();
    let early = refused(journal.advance(seat(3), Step::DeclineSent));
    assert_eq!(early, Refused::Skipped { from: Point::Seen, to: Point::DeclineSent });
    let fault = Fault::new(Failure::DiskFull, "no room");
    journal.advance(seat(3), Step::Failed(fault.clone())).unwrap();
    let declined = journal.advance(seat(3), Step::DeclineSent).unwrap();
    // Another process takes the same step, for the same reason.
    assert_eq!(journal.advance(seat(3), Step::DeclineSent).unwrap(), declined);
    assert_eq!(declined.fault, Some(fault));
    for step in &steps()[1..7] {
        let later = refused(journal.advance(seat(3), step.clone()));
        assert_eq!(later, Refused::Backward { from: Point::DeclineSent, to: step.point() });
    }
    assert!(journal.advance(seat(3), Step::Ended { block: 9 }).is_ok());
}

#[test]
fn advance_should_take_a_rejection_instead_of_a_result_and_nothing_but_the_end_after_it() {
    let fault = || Fault::new(Failure::FalseArtifact, "the key opens nothing");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let journal = Journal::open(&path, &GENESIS, ME).unwrap();
    journal.advance(seat(3), Step::Seen { terms: TERMS }).unwrap();
    let entry = journal.advance(seat(3), Step::Rejected(fault())).unwrap();
    drop(journal);
    let journal = Journal::open(&path, &GENESIS, ME).unwrap();
    assert_eq!(journal.entry(seat(3)).unwrap(), Some(entry.clone()));
    assert_eq!((entry.point, entry.fault), (Point::Rejected, Some(fault())));
    for step in [made(1), Step::Failed(fault()), Step::CommitSent] {
        assert!(journal.advance(seat(3), step.clone()).is_err(), "{step:?}");
    }
    assert!(journal.advance(seat(3), Step::Ended { block: 9 }).unwrap().is_over());
    for step in &steps()[..2] {
        journal.advance(seat(4), step.clone()).unwrap();
    }
    assert!(journal.advance(seat(4), Step::Rejected(fault())).is_err());
}

#[test]
fn looked_at_should_forget_only_what_ended_long_ago() {
    let (_directory, journal) = journal();
    for task in [3, 4] {
        journal.advance(seat(task), Step::Seen { terms: TERMS }).unwrap();
    }
    journal.advance(seat(3), Step::Ended { block: 10 }).unwrap();
    let response = Response { answer: [1; 32], salt: [2; 32], commitment: [3; 32], block: 10 };
    journal.respond(77, response).unwrap();
    assert_eq!(journal.looked_at(10 + KEPT).unwrap(), Vec::<Seat>::new());
    assert_eq!(journal.response(77).unwrap(), Some(response));
    assert_eq!(journal.looked_at(11 + KEPT).unwrap(), [seat(3)]);
    assert_eq!(journal.response(77).unwrap(), None);
    assert_eq!(journal.entry(seat(3)).unwrap(), None);
    assert_eq!(open(&journal), [seat(4)]);
    assert!(journal.looked_at(12 + KEPT).unwrap().is_empty());
    assert_eq!(journal.height().unwrap(), 12 + KEPT);
}

fn open(journal: &Journal) -> Vec<Seat> {
    journal.open_entries().unwrap().into_iter().map(|(seat, _)| seat).collect()
}

#[test]
fn open_entries_should_be_those_that_are_not_over() {
    let (_directory, journal) = journal();
    for task in [3, 4, 5] {
        journal.advance(seat(task), Step::Seen { terms: TERMS }).unwrap();
    }
    journal.advance(seat(4), Step::Ended { block: 10 }).unwrap();
    journal.advance(seat(5), made(1)).unwrap();
    assert_eq!(open(&journal), [seat(3), seat(5)]);
    let (_, last) = journal.open_entries().unwrap().pop().unwrap();
    assert_eq!(last.point, Point::Made);
    // It is kept for whoever asks for it.
    assert!(journal.entry(seat(4)).unwrap().unwrap().is_over());
}

#[test]
fn works_at_should_be_those_of_the_task_in_the_order_of_rounds() {
    let (_directory, journal) = journal();
    let again = Seat { round: 300, ..seat(4) };
    let guard = Seat { part: Part::Guard, ..seat(4) };
    for (nth, one) in (1u8..).zip([again, guard, seat(3), seat(4), seat(5)]) {
        journal.advance(one, Step::Seen { terms: TERMS }).unwrap();
        journal.advance(one, made(nth)).unwrap();
    }
    let works = journal.works_at(TaskId(4)).unwrap();
    let traces: Vec<Digest> = works.into_iter().map(|entry| entry.made.unwrap().trace).collect();
    assert_eq!(traces, [[4; 32], [1; 32]]);
}

#[test]
fn respond_should_keep_the_first_answer_to_a_challenge() {
    let (_directory, journal) = journal();
    let response = |salt| Response { answer: [1; 32], salt, commitment: salt, block: 1 };
    assert_eq!(journal.respond(5, response([2; 32])).unwrap(), response([2; 32]));
    assert_eq!(journal.respond(5, response([3; 32])).unwrap(), response([2; 32]));
}

/// A disk under a process that is killed: so many writes reach it, and no more.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    /// Writes until the process is killed; none lets it live.
    left: Option<u64>,
}

impl Disk {
    fn allow(&self, writes: Option<u64>) {
        self.0.lock().unwrap().left = writes;
    }

    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        if let Some(left) = &mut state.left {
            *left = left.checked_sub(1).ok_or_else(|| io::Error::other("killed"))?;
        }
        change(&mut state.bytes);
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (state, start) = (self.0.lock().unwrap(), offset as usize);
        let found = state.bytes.get(start..start + out.len());
        out.copy_from_slice(found.ok_or_else(|| io::Error::other("past the end"))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(|bytes| bytes.resize(len as usize, 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let start = offset as usize;
        self.change(|bytes| bytes[start..start + data.len()].copy_from_slice(data))
    }
}

/// What others have seen of the work, and what the process was told is on disk or found there.
#[derive(Debug, Default)]
struct World {
    tries: u8,
    known: Option<Point>,
    committed: BTreeSet<(Digest, Digest)>,
    revealed: BTreeSet<Digest>,
}

fn opened(disk: &Disk) -> Result<Journal> {
    let database = Database::builder().create_with_backend(disk.clone());
    Journal::on(database.map_err(redb::Error::from)?, &GENESIS, ME)
}

/// One life of a process, from its start until it is killed or all is done. It comes to another
/// answer and another salt each time that it makes one.
fn live(disk: &Disk, world: &mut World) -> Result<()> {
    let journal = opened(disk)?;
    loop {
        let entry = journal.entry(seat(3))?;
        let point = entry.as_ref().map(|entry| entry.point);
        assert!(point >= world.known, "{point:?} is less than {:?}", world.known);
        // A process that is killed while it commits may not learn that it did.
        world.known = point;
        world.tries = world.tries.wrapping_add(1);
        let made_here = || entry.as_ref().unwrap().made.clone().unwrap();
        let step = match point {
            None => Step::Seen { terms: TERMS },
            Some(Point::Seen) => made(world.tries),
            Some(Point::Made) => {
                Step::Salted { salt: [world.tries; 32], commitment: made_here().trace }
            }
            Some(Point::Salted) => Step::CommitSent,
            Some(Point::CommitSent) => {
                let salted = entry.as_ref().unwrap().salted.unwrap();
                world.committed.insert((salted.commitment, salted.salt));
                Step::Committed
            }
            Some(Point::Committed) => Step::RevealSent,
            Some(Point::RevealSent) => {
                world.revealed.insert(made_here().trace);
                Step::Revealed
            }
            Some(Point::Revealed) => Step::Ended { block: 9 },
            Some(Point::Failed | Point::DeclineSent | Point::Rejected | Point::Ended) => {
                return Ok(());
            }
        };
        world.known = Some(journal.advance(seat(3), step)?.point);
    }
}

/// A process that is killed after each of these numbers of writes, and then let live.
fn told_once(kills: &[u64]) {
    let (disk, mut world) = (Disk::default(), World::default());
    drop(opened(&disk).unwrap());
    for left in kills {
        disk.allow(Some(*left));
        match live(&disk, &mut world) {
            Ok(()) | Err(JournalError::Database(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    disk.allow(None);
    live(&disk, &mut world).unwrap();
    assert_eq!(world.known, Some(Point::Ended));
    assert_eq!(world.committed.len(), 1, "{:?}", world.committed);
    assert_eq!(world.revealed.len(), 1);
    let committed = world.committed.iter().map(|(commitment, _)| commitment);
    assert!(committed.eq(world.revealed.iter()));
}

/// The last of these is killed when the end is on disk, and before it is told so.
#[test]
fn work_should_be_over_when_the_process_is_killed_once_that_is_on_disk() {
    told_once(&[9, 21, 28, 20]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn work_should_be_told_once_and_lost_never_when_the_process_is_killed_at_any_write(
        kills in prop::collection::vec(0u64..80, 1..10),
    ) {
        told_once(&kills);
    }
}
