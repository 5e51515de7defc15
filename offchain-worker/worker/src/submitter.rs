//! Tells the chain: commits to results, reveals them once all have, and rejects keys that open
//! nothing.
//!
//! What is sent follows from the journal and from what the chain shows, so that it does not matter
//! how often, or by which process, a piece of work is brought here.

use crate::{
    declining, job,
    journal::{Entry, JournalError, Made, Point, Salted, Step},
    post::{is_final, Post, Sends},
    statement::Statements,
    work::{Opens, Part, Progress, Seat, Work},
    Error, Result,
};
use cairn_sdk::{calls, learning::calls as learning, Outbox};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

pub(crate) struct Submitter<O = Outbox> {
    pub statements: Statements,
    pub post: Arc<Post<O>>,
    /// What it has complained about; once is enough.
    pub lost: BTreeSet<Seat>,
}

impl<O: Sends> Submitter<O> {
    /// Goes on until nobody brings anything any more.
    pub async fn run(
        mut self,
        mut works: mpsc::Receiver<Work>,
        mut forgotten: mpsc::Receiver<Seat>,
    ) -> Result<()> {
        loop {
            let told = tokio::select! {
                work = works.recv() => match work {
                    Some(work) => self.tell(&work).await,
                    None => return Ok(()),
                },
                Some(seat) = forgotten.recv() => self.forget(seat).await,
            };
            match told {
                Ok(()) => {}
                Err(Error::Sdk(error)) if !is_final(&error) => warn!("not sent: {error}"),
                Err(Error::Journal(JournalError::Refused { seat, refused })) => {
                    error!("{seat}: {refused}");
                }
                Err(Error::Lost { seat, what }) => self.complain(seat, what),
                Err(other) => return Err(other),
            }
        }
    }

    /// Takes the next step of a piece of work, if it is time for it.
    async fn tell(&self, work: &Work) -> Result<()> {
        let book = &self.statements.book;
        let Some(entry) = book.journal().entry(work.seat)? else { return Ok(()) };
        match (work.progress, work.opens) {
            (Progress::Working, Opens::Commits) if entry.point == Point::Rejected => {
                self.reject(work).await
            }
            (Progress::Working, Opens::Commits) if entry.point < Point::Committed => {
                self.commit(work, entry).await
            }
            (Progress::Working, Opens::Commits) if entry.point < Point::Ended => {
                self.decline(work, entry).await
            }
            (Progress::Committed(shown), opens) => {
                let news = entry.point < Point::Committed;
                let (entry, made, salted) = self.statements.committed(work.seat, entry, shown)?;
                if news {
                    info!("{} is committed to", work.seat);
                }
                if opens == Opens::Reveals {
                    self.reveal(work, entry, made, salted).await?;
                }
                Ok(())
            }
            (Progress::Revealed, _) if entry.point < Point::Revealed => {
                book.reached(work.seat, entry, Point::Revealed)?;
                info!("{} is revealed", work.seat);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Says that the key does not open the payload, for which nobody but the sealer is blamed.
    async fn reject(&self, work: &Work) -> Result<()> {
        let (task, purpose) = (work.seat.task(), work.seat.purpose("reject"));
        if work.seat.part == Part::Worker {
            self.post.send("reject", &purpose, &calls::reject_key(task), work.block).await?;
        } else {
            let call = calls::reject_guard_key(task);
            self.post.send("audit-reject", &purpose, &call, work.block).await?;
        }
        Ok(())
    }

    async fn commit(&self, work: &Work, entry: Entry) -> Result<()> {
        if work.seat.part == Part::Keeper {
            return self.attest(work, &entry).await;
        }
        let Some(commitment) = self.statements.commitment(work, entry)? else { return Ok(()) };
        let (seat, purpose, block) = (work.seat, work.seat.purpose("commit"), work.block);
        match seat.part {
            Part::Worker => {
                let call = calls::commit(seat.task(), commitment);
                self.post.send("commit", &purpose, &call, block).await?;
            }
            Part::Judge => {
                let call = learning::commit_opinion(seat.panel(), commitment);
                self.post.send("judge-commit", &purpose, &call, block).await?;
            }
            _ => {
                let call = calls::commit_report(seat.task(), commitment);
                self.post.send("audit-commit", &purpose, &call, block).await?;
            }
        }
        Ok(())
    }

    /// Says that a file is here, and will be.
    async fn attest(&self, work: &Work, entry: &Entry) -> Result<()> {
        if entry.point == Point::Made {
            let (seat, call) = (work.seat, learning::attest(work.seat.delta()));
            self.post.send("attest", &seat.purpose("attest"), &call, work.block).await?;
        }
        Ok(())
    }

    /// Says why there is no result. Whoever audits has no way to.
    async fn decline(&self, work: &Work, entry: Entry) -> Result<()> {
        let (seat, Some(fault)) = (work.seat, entry.fault) else { return Ok(()) };
        if seat.part != Part::Worker {
            return Ok(());
        }
        self.statements.book.note(seat, Step::DeclineSent)?;
        let call = calls::decline(seat.task(), fault.failure, declining::reason(&fault));
        self.post.send("decline", &seat.purpose("decline"), &call, work.block).await?;
        Ok(())
    }

    async fn reveal(&self, work: &Work, entry: Entry, made: Made, salted: Salted) -> Result<()> {
        let (seat, purpose, block) = (work.seat, work.seat.purpose("reveal"), work.block);
        if self.statements.book.withholds(seat.part) {
            return Ok(());
        }
        self.statements.book.reached(seat, entry, Point::RevealSent)?;
        match seat.part {
            Part::Worker => {
                let call = calls::reveal(seat.task(), made.answer, salted.salt);
                self.post.send("reveal", &purpose, &call, block).await?;
            }
            Part::Judge => {
                let Some(opinion) = job::opinion(&made.answer) else { return Ok(()) };
                let call = learning::reveal_opinion(seat.panel(), opinion, salted.salt);
                self.post.send("judge-reveal", &purpose, &call, block).await?;
            }
            _ => {
                let Some(report) = self.statements.report(work, &made) else { return Ok(()) };
                let call = calls::reveal_report(seat.task(), report, salted.salt);
                self.post.send("audit-reveal", &purpose, &call, block).await?;
            }
        }
        Ok(())
    }

    fn complain(&mut self, seat: Seat, what: &str) {
        if self.lost.insert(seat) {
            error!("{seat}: {what}; it cannot be opened from here. Does another worker sign too?");
        }
    }

    async fn forget(&mut self, seat: Seat) -> Result<()> {
        self.lost.remove(&seat);
        for what in ["attest", "commit", "decline", "reject", "reveal", "show"] {
            self.post.forget(&seat.purpose(what)).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::{
            testing::{book, GENESIS, ME},
            Book,
        },
        post::testing::Notes,
        work::{
            errand::testing::{judging, said},
            testing::work,
        },
    };
    use cairn_order::Fault;
    use cairn_protocol::{
        failure::Failure,
        id::{ContentId, DeltaId},
        learning::evaluation::Opinion,
    };
    use cairn_sdk::Outcome;
    use tempfile::TempDir;

    /// A submitter whose journal has one piece of work that has come to this.
    struct Desk {
        _directory: TempDir,
        book: Arc<Book>,
        work: Work,
        submitter: Submitter<Notes>,
    }

    impl Desk {
        fn new(part: Part, end: Step) -> Self {
            let (directory, book) = book();
            let mut work = work(3, 50, 1);
            work.seat.part = part;
            Self::of(directory, Arc::new(book), work, end)
        }

        fn of(directory: TempDir, book: Arc<Book>, work: Work, end: Step) -> Self {
            book.open(&work).unwrap();
            book.note(work.seat, end).unwrap();
            let statements = Statements { book: Arc::clone(&book), provider: ME, genesis: GENESIS };
            let submitter = Submitter { statements, post: Post::noting(), lost: BTreeSet::new() };
            Self { _directory: directory, book, work, submitter }
        }

        /// What was sent when it was brought twice, and where it stands.
        async fn told(&self) -> (Vec<String>, Point) {
            for _ in 0..2 {
                self.submitter.tell(&self.work).await.unwrap();
            }
            let entry = self.book.journal().entry(self.work.seat).unwrap().unwrap();
            (self.submitter.post.calls(), entry.point)
        }
    }

    fn fault() -> Fault {
        Fault::new(Failure::OutOfMemory, "all of it was taken")
    }

    #[tokio::test]
    async fn tell_should_decline_once_what_a_worker_failed_at_and_leave_a_guards_to_others() {
        let worker = Desk::new(Part::Worker, Step::Failed(fault()));
        assert_eq!(worker.told().await, (vec!["decline".into()], Point::DeclineSent));
        let guard = Desk::new(Part::Guard, Step::Failed(fault()));
        assert_eq!(guard.told().await, (Vec::new(), Point::Failed));
    }

    #[tokio::test]
    async fn tell_should_commit_to_an_opinion_and_reveal_it_once_each_in_a_round() {
        let opinion = Opinion::Unavailable(ContentId([3; 32]));
        let (directory, book) = book();
        let mut desk = Desk::of(directory, Arc::new(book), judging(6, 1, 50), said(&opinion));
        assert_eq!(desk.told().await, (vec!["commit".into()], Point::CommitSent));
        let salted = desk.book.journal().entry(desk.work.seat).unwrap().unwrap().salted.unwrap();
        desk.work.progress = Progress::Committed(salted.commitment);
        desk.work.opens = Opens::Reveals;
        let both = vec!["commit".into(), "reveal".into()];
        assert_eq!(desk.told().await, (both, Point::RevealSent));
        assert_eq!(desk.submitter.post.purposes(), ["judge-commit:6:1:0", "judge-reveal:6:1:0"]);
        // The panel has grown: all look at another sample.
        let Desk { _directory, book, .. } = desk;
        let mut next = Desk::of(_directory, book, judging(6, 2, 90), said(&opinion));
        assert_eq!(next.told().await, (vec!["commit".into()], Point::CommitSent));
        // Another's commitment, or one of an earlier life, is none to open.
        next.work.progress = Progress::Committed(salted.commitment);
        assert!(matches!(next.submitter.tell(&next.work).await, Err(Error::Lost { .. })));
    }

    #[tokio::test]
    async fn tell_should_leave_to_others_what_no_opinion_came_of() {
        let (directory, book) = book();
        let desk = Desk::of(directory, Arc::new(book), judging(6, 1, 50), Step::Failed(fault()));
        assert_eq!(desk.told().await, (Vec::new(), Point::Failed));
    }

    #[tokio::test]
    async fn tell_should_attest_once_what_is_held() {
        let (directory, book) = book();
        let held = said(&Opinion::Unavailable(ContentId([3; 32])));
        let work = Work { seat: Seat::keeper(DeltaId(5)), ..judging(6, 1, 50) };
        let desk = Desk::of(directory, Arc::new(book), work, held);
        assert_eq!(desk.told().await, (vec!["attest".into()], Point::Made));
        assert_eq!(desk.submitter.post.purposes(), ["keep-attest:5:0:0"]);
    }

    #[tokio::test]
    async fn tell_should_reject_a_key_once_and_forget_it_when_all_is_over() {
        for part in [Part::Worker, Part::Guard] {
            let mut desk = Desk::new(part, Step::Rejected(fault()));
            assert_eq!(desk.told().await, (vec!["reject_key".into()], Point::Rejected), "{part:?}");
            let (seat, post) = (desk.work.seat, Arc::clone(&desk.submitter.post));
            post.has_ended(&seat.purpose("reject"), 9, Outcome::Done);
            desk.submitter.forget(seat).await.unwrap();
            assert_eq!(post.purposes(), Vec::<String>::new(), "{part:?}");
        }
    }
}
