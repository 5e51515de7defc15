//! What a provider says of its work: a commitment, and later what it opens with.

use crate::{
    book::Book,
    job,
    journal::{Entry, Made, Point, Salted, Step},
    work::{Part, Seat, Work},
    Error, Result,
};
use cairn_protocol::{
    audit::{Finding, Report},
    id::{Digest, ProviderId},
    job::Policy,
    learning::evaluation::Opinion,
    preimage::{AuditCommitment, OpinionCommitment, ResultCommitment, Statement},
};
use std::sync::Arc;

pub(crate) struct Statements {
    pub book: Arc<Book>,
    pub provider: ProviderId,
    pub genesis: Digest,
}

impl Statements {
    /// Records what is committed to, with a salt that is made once, and that it is about to be
    /// sent. None where there is nothing to say.
    pub fn commitment(&self, work: &Work, entry: Entry) -> Result<Option<Digest>> {
        let Some(entry) = self.with_result(work.seat, entry)? else { return Ok(None) };
        let entry = self.with_salt(work, entry)?;
        let Some(Salted { commitment, .. }) = entry.salted else { return Ok(None) };
        self.book.reached(work.seat, entry, Point::CommitSent)?;
        Ok(Some(commitment))
    }

    /// With what there is to commit to. Who shows in an audit how it came to its result takes that
    /// from when it did the work.
    fn with_result(&self, seat: Seat, entry: Entry) -> Result<Option<Entry>> {
        if entry.made.is_some() {
            return Ok(Some(entry));
        }
        if seat.part != Part::Witness || entry.point != Point::Seen {
            return Ok(None);
        }
        let what = "the journal does not have the result that is audited";
        let Made { answer, trace } = self.result_of(seat)?.ok_or(Error::Lost { seat, what })?;
        Ok(Some(self.book.note(seat, Step::Made { answer, trace })?))
    }

    /// What this provider has revealed for the task.
    fn result_of(&self, witness: Seat) -> Result<Option<Made>> {
        let mut works = self.book.journal().works_at(witness.task())?.into_iter();
        let told = |entry: &Entry| entry.point >= Point::RevealSent && entry.made.is_some();
        Ok(works.rfind(told).and_then(|entry| entry.made))
    }

    fn with_salt(&self, work: &Work, entry: Entry) -> Result<Entry> {
        let (None, Some(made)) = (entry.salted, &entry.made) else { return Ok(entry) };
        let salt = salt()?;
        let commitment = match work.seat.part {
            Part::Worker => self.result_commitment(work.seat, made, salt),
            Part::Witness | Part::Guard => {
                let Some(report) = self.report(work, made) else { return Ok(entry) };
                self.audit_commitment(work.seat, &report, salt)
            }
            Part::Judge => {
                let Some(opinion) = job::opinion(&made.answer) else { return Ok(entry) };
                self.opinion_commitment(work.seat, &opinion, salt)
            }
            // It says what it holds, and hides nothing.
            Part::Keeper => return Ok(entry),
        };
        Ok(self.book.note(work.seat, Step::Salted { salt, commitment })?)
    }

    fn result_commitment(&self, seat: Seat, made: &Made, salt: Digest) -> Digest {
        let Seat { round, generation, .. } = seat;
        let task = seat.task();
        let (provider, answer) = (self.provider, made.answer.digest(&self.genesis));
        let opened = ResultCommitment { task, round, provider, generation, answer, salt };
        opened.digest(&self.genesis)
    }

    fn audit_commitment(&self, seat: Seat, report: &Report, salt: Digest) -> Digest {
        let (task, round) = (seat.task(), seat.round);
        let (provider, answer) = (self.provider, report.digest(&self.genesis));
        let trace = report.trace;
        let opened = AuditCommitment { task, round, provider, answer, trace, salt };
        opened.digest(&self.genesis)
    }

    fn opinion_commitment(&self, seat: Seat, opinion: &Opinion, salt: Digest) -> Digest {
        let (panel, round) = (seat.panel(), seat.round);
        let (provider, opinion) = (self.provider, opinion.digest(&self.genesis));
        let opened = OpinionCommitment { panel, round, provider, opinion, salt };
        opened.digest(&self.genesis)
    }

    /// What is said in an audit of such a result; nothing where it is none of those that are asked
    /// for.
    pub fn report(&self, work: &Work, made: &Made) -> Option<Report> {
        let (finding, trace) = match work.terms.policy {
            Policy::Proven | Policy::Replicated => {
                (Finding::Answer(made.answer.gist(&self.genesis)), made.trace)
            }
            // Float engines have no traces.
            Policy::Tolerance { .. } => {
                (Finding::Fingerprint(made.answer.fingerprint.clone()?), Digest::default())
            }
            Policy::Outcome { .. } => (Finding::Loss(job::loss(&made.answer)?), made.trace),
        };
        Some(Report { finding, trace })
    }

    /// Records that the chain has a commitment, and gives what it opens with.
    pub fn committed(
        &self,
        seat: Seat,
        entry: Entry,
        shown: Digest,
    ) -> Result<(Entry, Made, Salted)> {
        let what = "the chain has a commitment that this journal does not know";
        let (Some(made), Some(salted)) = (entry.made.clone(), entry.salted) else {
            return Err(Error::Lost { seat, what });
        };
        if salted.commitment != shown {
            return Err(Error::Lost { seat, what });
        }
        let entry = self.book.reached(seat, entry, Point::Committed)?;
        Ok((entry, made, salted))
    }
}

/// What nobody can guess, so that nobody learns a result from a commitment to it.
pub(crate) fn salt() -> Result<Digest> {
    let mut salt = Digest::default();
    getrandom::fill(&mut salt).map_err(|reason| Error::Random { reason: reason.to_string() })?;
    Ok(salt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        book::testing::{book, GENESIS, ME},
        work::{
            errand::testing::{judging, said},
            testing::{terms, work},
        },
    };
    use cairn_protocol::{
        id::{ContentId, EngineId, PanelId},
        job::Terms,
        result::{Answer, Fingerprint, Output},
    };
    use tempfile::TempDir;

    fn made(output: u8) -> Made {
        let output = Output::Inline(vec![output].try_into().unwrap());
        let fingerprint = Some(Fingerprint(vec![1, 2].try_into().unwrap()));
        let answer = Answer { engine: EngineId([1; 32]), output, fingerprint, units: 1 };
        Made { answer, trace: [8; 32] }
    }

    /// What a guard makes of a delta.
    fn measured(loss: u64) -> Made {
        let output = Output::Inline(loss.to_le_bytes().to_vec().try_into().unwrap());
        let Made { answer, trace } = made(1);
        Made { answer: Answer { output, fingerprint: None, ..answer }, trace }
    }

    fn statements() -> (TempDir, Statements) {
        let (directory, book) = book();
        (directory, Statements { book: Arc::new(book), provider: ME, genesis: GENESIS })
    }

    /// Work on which there is a result.
    fn done(statements: &Statements, work: &Work) -> Entry {
        statements.book.open(work).unwrap();
        let Made { answer, trace } = made(1);
        statements.book.note(work.seat, Step::Made { answer, trace }).unwrap()
    }

    fn entry(statements: &Statements, seat: Seat) -> Entry {
        statements.book.journal().entry(seat).unwrap().unwrap()
    }

    #[test]
    fn commitment_should_open_with_what_the_journal_holds() {
        let (_directory, statements) = statements();
        let work = work(3, 50, 1);
        let commitment = statements.commitment(&work, done(&statements, &work)).unwrap().unwrap();
        let entry = entry(&statements, work.seat);
        assert_eq!(entry.point, Point::CommitSent);
        let salt = entry.salted.unwrap().salt;
        let opened = ResultCommitment {
            task: work.seat.task(),
            round: work.seat.round,
            provider: ME,
            generation: work.seat.generation,
            answer: made(1).answer.digest(&GENESIS),
            salt,
        };
        assert_eq!(opened.digest(&GENESIS), commitment);
        // However often it is asked for, there is one.
        assert_eq!(statements.commitment(&work, entry).unwrap(), Some(commitment));
    }

    #[test]
    fn commitment_should_be_none_when_there_is_no_result() {
        let (_directory, statements) = statements();
        let work = work(3, 50, 1);
        let entry = statements.book.open(&work).unwrap();
        assert_eq!(statements.commitment(&work, entry).unwrap(), None);
    }

    #[test]
    fn witness_should_commit_to_what_it_revealed() {
        let (_directory, statements) = statements();
        let job = work(3, 50, 1);
        let mut audit = job.clone();
        audit.seat.part = Part::Witness;
        let seen = statements.book.open(&audit).unwrap();
        let lost = statements.commitment(&audit, seen.clone());
        assert!(matches!(lost, Err(Error::Lost { .. })), "{lost:?}");

        statements.commitment(&job, done(&statements, &job)).unwrap();
        let told = entry(&statements, job.seat);
        statements.book.reached(job.seat, told, Point::Revealed).unwrap();
        let commitment = statements.commitment(&audit, seen).unwrap().unwrap();
        let report = statements.report(&audit, &made(1)).unwrap();
        assert_eq!(report.finding, Finding::Answer(made(1).answer.gist(&GENESIS)));
        let opened = AuditCommitment {
            task: audit.seat.task(),
            round: audit.seat.round,
            provider: ME,
            answer: report.digest(&GENESIS),
            trace: [8; 32],
            salt: entry(&statements, audit.seat).salted.unwrap().salt,
        };
        assert_eq!(opened.digest(&GENESIS), commitment);
    }

    #[test]
    fn report_should_fit_the_policy() {
        let (_directory, statements) = statements();
        for policy in [Policy::Proven, Policy::Replicated, Policy::Tolerance { within: 5 }] {
            let terms = Arc::new(Terms { policy, ..terms() });
            let work = Work { terms, ..work(3, 50, 1) };
            let report = statements.report(&work, &made(1)).unwrap();
            assert!(report.fits(policy), "{policy:?}");
        }
        let policy = Policy::Outcome { target: 1, guards: 3 };
        let work = Work { terms: Arc::new(Terms { policy, ..terms() }), ..work(3, 50, 1) };
        let report = statements.report(&work, &measured(9)).unwrap();
        assert!(report.fits(policy));
        assert_eq!((report.finding, report.trace), (Finding::Loss(9), [8; 32]));
        // What is no loss is not said.
        assert!(statements.report(&work, &made(1)).is_none());
    }

    #[test]
    fn judge_should_commit_to_its_opinion_of_this_round_and_no_other() {
        let (_directory, statements) = statements();
        let opinion = Opinion::Unavailable(ContentId([3; 32]));
        let mut commitments = Vec::new();
        for round in [1, 2] {
            let work = judging(6, round, 50);
            statements.book.open(&work).unwrap();
            let Step::Made { answer, trace } = said(&opinion) else { panic!("it is made") };
            let made = statements.book.note(work.seat, Step::Made { answer, trace }).unwrap();
            let commitment = statements.commitment(&work, made).unwrap().unwrap();
            let salt = entry(&statements, work.seat).salted.unwrap().salt;
            let opened = OpinionCommitment {
                panel: PanelId(6),
                round,
                provider: ME,
                opinion: opinion.digest(&GENESIS),
                salt,
            };
            assert_eq!(opened.digest(&GENESIS), commitment);
            // However often it is asked for, there is one.
            let again = entry(&statements, work.seat);
            assert_eq!(statements.commitment(&work, again).unwrap(), Some(commitment));
            commitments.push((salt, commitment));
        }
        assert_ne!(commitments[0].0, commitments[1].0);
    }

    #[test]
    fn guard_should_commit_to_the_loss_that_it_measured() {
        let (_directory, statements) = statements();
        let policy = Policy::Outcome { target: 1, guards: 3 };
        let mut audit = work(3, 50, 1);
        audit.terms = Arc::new(Terms { policy, ..terms() });
        audit.seat.part = Part::Guard;
        statements.book.open(&audit).unwrap();
        let Made { answer, trace } = measured(9);
        let made = statements.book.note(audit.seat, Step::Made { answer, trace }).unwrap();
        let commitment = statements.commitment(&audit, made).unwrap().unwrap();
        let report = Report { finding: Finding::Loss(9), trace: [8; 32] };
        let opened = AuditCommitment {
            task: audit.seat.task(),
            round: audit.seat.round,
            provider: ME,
            answer: report.digest(&GENESIS),
            trace: report.trace,
            salt: entry(&statements, audit.seat).salted.unwrap().salt,
        };
        assert_eq!(opened.digest(&GENESIS), commitment);
    }

    #[test]
    fn committed_should_be_refused_when_the_chain_has_what_this_journal_did_not_make() {
        let (_directory, statements) = statements();
        let work = work(3, 50, 1);
        let before = done(&statements, &work);
        let unknown = statements.committed(work.seat, before.clone(), [9; 32]);
        assert!(matches!(unknown, Err(Error::Lost { .. })));
        let commitment = statements.commitment(&work, before).unwrap().unwrap();
        let sent = entry(&statements, work.seat);
        let other = statements.committed(work.seat, sent.clone(), [9; 32]);
        assert!(matches!(other, Err(Error::Lost { .. })));
        let (noted, opened, _) = statements.committed(work.seat, sent, commitment).unwrap();
        assert_eq!((noted.point, opened), (Point::Committed, made(1)));
    }

    #[test]
    fn salt_should_be_another_each_time() {
        assert_ne!(salt().unwrap(), salt().unwrap());
    }
}
