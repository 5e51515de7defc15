//! Answers capability challenges.

mod solver;

use crate::{
    book::Book,
    journal::Response,
    post::{is_final, Post, Sends},
    scheduler::BLOCK,
    statement::salt,
    work::Turn,
    Error, Result,
};
use cairn_protocol::{
    challenge::{Challenge, Progress, Stage},
    id::{Digest, ProviderId},
    preimage::{ChallengeCommitment, Statement},
    profile::DeviceClass,
};
use cairn_sdk::{chain, Outbox};
use solver::{Asked, Stop};
use std::{future::pending, sync::Arc};
use tokio::{
    sync::watch,
    task::{spawn_blocking, JoinHandle},
};
use tracing::{info, warn};

pub(crate) use solver::Solver;

/// What commitments and answers begin with in the outbox.
const COMMIT: &str = "challenge-commit:";
const REVEAL: &str = "challenge-reveal:";

pub(crate) struct Challenges<O = Outbox> {
    pub book: Arc<Book>,
    pub post: Arc<Post<O>>,
    pub provider: ProviderId,
    pub genesis: Digest,
    pub solver: Arc<Solver>,
    pub solving: Option<Solving>,
}

/// A challenge that is being computed.
pub(crate) struct Solving {
    number: u64,
    stop: Arc<Stop>,
    answer: JoinHandle<Option<Digest>>,
}

impl Drop for Solving {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

impl<O: Sends> Challenges<O> {
    /// Goes on until nobody tells it how things stand.
    pub async fn run(mut self, mut turns: watch::Receiver<Option<Arc<Turn>>>) -> Result<()> {
        loop {
            let answered = tokio::select! {
                changed = turns.changed() => match changed {
                    Ok(()) => {
                        let turn = turns.borrow_and_update().clone();
                        self.look(turn.as_deref()).await
                    }
                    Err(_) => return Ok(()),
                },
                solved = solved(&mut self.solving) => {
                    let block = turns.borrow().as_ref().map_or(0, |turn| turn.block);
                    self.commit(solved, block).await
                }
            };
            match answered {
                Ok(()) => {}
                Err(Error::Sdk(error)) if !is_final(&error) => unsent(&error),
                Err(other) => return Err(other),
            }
        }
    }

    async fn look(&mut self, turn: Option<&Turn>) -> Result<()> {
        let Some(turn) = turn else { return Ok(()) };
        let open = |number| turn.challenges.iter().any(|(one, _)| *one == number);
        if self.solving.as_ref().is_some_and(|solving| !open(solving.number)) {
            info!("a challenge is over before it was answered");
            self.solving = None;
        }
        for (number, challenge) in &turn.challenges {
            match self.answer(*number, challenge, turn).await {
                Err(Error::Sdk(error)) if !is_final(&error) => unsent(&error),
                answered => answered?,
            }
        }
        let numbers: Vec<u64> = turn.challenges.iter().map(|(number, _)| *number).collect();
        self.forget_others(&numbers).await
    }

    /// Forgets what was sent for challenges that are over.
    async fn forget_others(&self, open: &[u64]) -> Result<()> {
        for prefix in [COMMIT, REVEAL] {
            let keep: Vec<String> = open.iter().map(|number| purpose(prefix, *number)).collect();
            self.post.forget_others(prefix, &keep).await?;
        }
        Ok(())
    }

    async fn answer(&mut self, number: u64, challenge: &Challenge, turn: &Turn) -> Result<()> {
        let Some(member) = challenge.member(self.provider) else { return Ok(()) };
        let noted = self.book.journal().response(number)?;
        match (challenge.stage, member.progress, noted) {
            (Stage::Commits, Progress::Working, Some(response)) => {
                self.send_commitment(number, response, turn.block).await
            }
            (Stage::Commits, Progress::Working, None) => {
                if self.solving.is_none() {
                    self.solving = Some(self.begin(number, challenge, turn));
                }
                Ok(())
            }
            (Stage::Reveals, Progress::Committed { .. }, Some(response)) => {
                let Response { answer, salt, .. } = response;
                let call = chain::tx().capability().reveal(number, answer, salt);
                let purpose = purpose(REVEAL, number);
                self.post.send("challenge-reveal", &purpose, &call, turn.block).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn begin(&self, number: u64, challenge: &Challenge, turn: &Turn) -> Solving {
        let Challenge { seed, units, commit_by, .. } = *challenge;
        info!("answers challenge {number}, of {units} units");
        // Blocks may take longer, and never less.
        let time = BLOCK.saturating_mul(commit_by.saturating_sub(turn.now));
        let registered = turn.standing.as_ref().map(|standing| standing.class);
        let class = registered.unwrap_or(DeviceClass::Cpu);
        let asked = Asked { seed, units, class, time };
        let stop: Arc<Stop> = Arc::default();
        let (solver, stopped) = (Arc::clone(&self.solver), Arc::clone(&stop));
        let answer = spawn_blocking(move || solver.solve(&asked, &stopped));
        Solving { number, stop, answer }
    }

    /// Notes an answer with a salt, and commits to it.
    async fn commit(&self, (number, answer): (u64, Option<Digest>), block: u64) -> Result<()> {
        let Some(answer) = answer else { return Ok(()) };
        let (challenge, provider, salt) = (number, self.provider, salt()?);
        let opened = ChallengeCommitment { challenge, provider, answer, salt };
        let commitment = opened.digest(&self.genesis);
        let response = Response { answer, salt, commitment, block };
        let response = self.book.respond(number, response)?;
        self.send_commitment(number, response, block).await
    }

    async fn send_commitment(&self, number: u64, response: Response, block: u64) -> Result<()> {
        let call = chain::tx().capability().commit(number, response.commitment);
        let purpose = purpose(COMMIT, number);
        self.post.send("challenge-commit", &purpose, &call, block).await?;
        Ok(())
    }
}

/// What is sent for a challenge is called in the outbox.
fn purpose(prefix: &str, number: u64) -> String {
    format!("{prefix}{number}")
}

fn unsent(error: &cairn_sdk::Error) {
    warn!("the answer to a challenge was not sent: {error}");
}

/// Waits for the answer that is being computed; for ever where none is.
async fn solved(solving: &mut Option<Solving>) -> (u64, Option<Digest>) {
    let Some(current) = solving else { return pending().await };
    let number = current.number;
    // One that was stopped has none, and one that broke off is begun again.
    let answer = (&mut current.answer).await.ok().flatten();
    *solving = None;
    (number, answer)
}

#[cfg(test)]
mod tests {
    use super::{
        solver::testing::{self, counted},
        *,
    };
    use crate::{
        book::testing::{book, GENESIS, ME},
        metrics::Metrics,
        work::Standing,
    };
    use cairn_protocol::{
        challenge::{work, Member, Moment},
        job::JobKind,
    };
    use cairn_sdk::Outcome;

    /// A block after which these are open.
    fn turn(challenges: Vec<(u64, Challenge)>) -> Turn {
        let (works, kept) = (Vec::new(), Vec::new());
        Turn { block: 7, now: 7, works, kept, challenges, standing: None }
    }

    /// The same with one that is at that stage.
    fn open(stage: Stage, progress: Progress) -> Turn {
        let me = Member { provider: ME, kind: JobKind::Wasm, progress };
        let challenge = Challenge {
            class: DeviceClass::Cpu,
            units: 1,
            seed: [1; 32],
            handed_out: Moment { height: 1, block: 1 },
            commit_by: 60,
            stage,
            due: 60,
            members: vec![me].try_into().unwrap(),
        };
        turn(vec![(9, challenge)])
    }

    #[tokio::test]
    async fn solved_should_give_the_answer_and_be_ready_for_the_next() {
        let answer = spawn_blocking(|| Some([3; 32]));
        let mut solving = Some(Solving { number: 5, stop: Arc::default(), answer });
        assert_eq!(solved(&mut solving).await, (5, Some([3; 32])));
        assert!(solving.is_none());
    }

    #[tokio::test]
    async fn look_should_have_the_device_asked_when_the_registration_has_one() {
        for (class, asked) in [(DeviceClass::Cpu, false), (DeviceClass::Gpu, true)] {
            let (directory, book) = book();
            let solver = Arc::new(testing::solver(directory.path()));
            let mut challenges = Challenges {
                book: Arc::new(book),
                post: Post::noting(),
                provider: ME,
                genesis: GENESIS,
                solver: Arc::clone(&solver),
                solving: None,
            };
            let heartbeat = Some(7);
            let standing = Standing { class, heartbeat, missed: false, leaving: false };
            // It has fallen to the class that it is challenged as.
            let open = open(Stage::Commits, Progress::Working);
            let turn = Turn { standing: Some(standing), ..open };
            challenges.look(Some(&turn)).await.unwrap();
            let answer = Some(work::solve(&[1; 32], 1));
            assert_eq!(solved(&mut challenges.solving).await, (9, answer));
            assert!(counted(&solver, "processor"));
            assert_eq!(counted(&solver, "failed"), asked, "{class:?}");
        }
    }

    #[tokio::test]
    async fn look_should_tell_what_it_noted_and_forget_it_when_the_challenge_is_over() {
        let (_directory, book) = book();
        let response = Response { answer: [1; 32], salt: [2; 32], commitment: [3; 32], block: 5 };
        book.journal().respond(9, response).unwrap();
        let (post, book) = (Post::noting(), Arc::new(book));
        let metrics = Arc::new(Metrics::new().unwrap());
        let mut challenges = Challenges {
            book,
            post: Arc::clone(&post),
            provider: ME,
            genesis: GENESIS,
            solver: Arc::new(Solver { threads: 1, lent: None, metrics }),
            solving: None,
        };
        let committed = Progress::Committed { commitment: [3; 32], latency: Some(1) };
        let reveals = open(Stage::Reveals, committed);
        challenges.look(Some(&open(Stage::Commits, Progress::Working))).await.unwrap();
        challenges.look(Some(&reveals)).await.unwrap();
        assert_eq!(post.calls(), ["commit", "reveal"]);

        let both = ["challenge-commit:9", "challenge-reveal:9"];
        for purpose in both {
            post.has_ended(purpose, 7, Outcome::Done);
        }
        challenges.look(Some(&reveals)).await.unwrap();
        assert_eq!(post.purposes(), both, "it is still open");
        challenges.look(Some(&turn(Vec::new()))).await.unwrap();
        assert_eq!(post.purposes(), Vec::<String>::new());
        assert_eq!(post.calls().len(), 2);
    }
}
