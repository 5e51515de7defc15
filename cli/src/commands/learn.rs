//! Makes a model better: learns a delta of a component on its head, looks at it as guards will, and
//! hands it in if it passes.
//!
//! ```text
//!  head ──▶ learn ──▶ check ──▶ commit ──▶ wait ──▶ submit ──▶ guards ──▶ laid
//!             ▲         │ no                 │ head moved: check      │
//!             └─────────┴────────────────────┴────────────────────────┘ --watch
//! ```

mod bench;
mod school;

use super::{
    delta,
    model::{spoken, view},
};
use crate::{
    archive,
    exit::{Exit, Failure, Outcome},
    output::{Output, Report},
    pull::Puller,
    room::{self, Room, Share},
    session::{random, Account, Global},
    values::{self, Which},
};
use bench::{Attempt, Bench, Passed, Stage};
use cairn_artifact::hex as named;
use cairn_protocol::{
    chunk,
    dag::{Component, Header},
    id::{BlockId, DeltaId, Digest},
    learning::{delta::Preview, reward},
    view::ModelView,
};
use cairn_sdk::{learning::calls, AccountId32, Error, Learning};
use clap::Args;
use school::{Lesson, School};
use std::{fs, path::PathBuf, thread, time::Duration};
use tokio::{task::block_in_place, time::sleep};

/// The component that is learned where a model has several and none is named.
const TRUNK: &[u8] = b"trunk";
/// How long a watch rests after a delta that came to nothing.
const REST: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub struct Learn {
    /// The model's id, or its name on this machine.
    #[arg(value_parser = values::which)]
    model: Which,

    /// Which of its components [default: the only one, or the trunk]
    #[arg(long, value_parser = values::component)]
    component: Option<Component>,

    /// The archive that the model is fetched from and guards fetch the delta from: a folder, or a
    /// bucket as s3://bucket/prefix.
    #[arg(long, value_name = "DIR|URL")]
    archive: PathBuf,

    /// A file of records to learn from, of the length that the model is judged on [default: those
    /// that its generator makes of a seed of one's own]
    #[arg(long, value_name = "FILE")]
    train_on: Option<PathBuf>,

    /// How many records the generator makes [default: each is seen once]
    #[arg(long, conflicts_with = "train_on")]
    records: Option<u32>,

    /// Steps, each on eight records.
    #[arg(long, default_value_t = 120)]
    steps: u32,

    /// How fast it learns at most.
    #[arg(long, default_value = "0.002", value_parser = values::rate)]
    rate: u32,

    /// Learn factors of this rank beside each matrix: the delta is the shorter the lower it is.
    #[arg(long, default_value_t = 8)]
    rank: u16,

    /// Learn all numbers, not factors: a long delta.
    #[arg(long, conflicts_with = "rank")]
    full: bool,

    /// Memory that learning may take, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 8_192)]
    memory: u64,

    /// Threads that it may take [default: as many as the machine has]
    #[arg(long)]
    threads: Option<u16>,

    /// The program that learns and judges [default: `cairn-job` beside this one]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,

    /// Where models and what is begun are kept [default: in --data]
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,

    /// Go on with the next delta when one has ended, until this is stopped.
    #[arg(long)]
    watch: bool,

    /// Learn and check, and hand nothing in.
    #[arg(long, conflicts_with = "watch")]
    dry_run: bool,

    /// For how many seconds to wait for guards.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    timeout: u64,
}

/// Whoever learns a component.
struct Learner<'a> {
    asked: &'a Learn,
    account: &'a Account,
    model: BlockId,
    component: Component,
    bench: Bench,
    room: Room,
    puller: Puller,
    output: &'a Output,
}

/// Whether a delta can be handed in.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Ready {
    Now,
    /// Not yet.
    Later,
    /// The commitment does not count: it is too old, or was never there.
    Anew,
    /// Not this delta.
    Never(String),
}

impl Learn {
    pub async fn run(&self, global: &Global, output: &Output) -> Outcome {
        let account = global.account().await?;
        let learner = self.learner(global, &account, output).await?;
        if !self.watch {
            return output.say(&learner.one().await?);
        }
        loop {
            match learner.one().await {
                Ok(report) => output.say(&report)?,
                Err(failure) if passes_over(&failure) => {
                    output.fail(&failure);
                    sleep(REST).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn learner<'a>(
        &'a self,
        global: &Global,
        account: &'a Account,
        output: &'a Output,
    ) -> Outcome<Learner<'a>> {
        let chain = &account.chain;
        let model = global.model(chain, &self.model).await?;
        let view = view(&chain.learning().await?, model).await?;
        let component = component(&view, self.component.as_ref())?;
        let work = match &self.work {
            Some(folder) => folder.clone(),
            None => global.bench("learn", account)?,
        };
        let bench = Bench::open(&work.join(place(model, &component)))?;
        let share = Share {
            program: self.program.clone().map_or_else(room::program, Ok)?,
            memory_mib: self.memory,
            threads: self.threads.unwrap_or_else(threads).max(1),
        };
        let room = Room::open(share, &bench.scratch())?;
        let store = fs::canonicalize(bench.store())?;
        let puller = Puller::new(&self.archive, &store)?;
        Ok(Learner { asked: self, account, model, component, bench, room, puller, output })
    }

    fn lesson(&self) -> Lesson<'_> {
        Lesson {
            data: self.train_on.as_deref(),
            records: self.records,
            steps: self.steps,
            rate_ppm: self.rate,
            rank: (!self.full).then_some(self.rank),
        }
    }
}

impl Learner<'_> {
    /// One delta, from its beginning or where it was left, to its end.
    async fn one(&self) -> Outcome<Report> {
        self.settle().await?;
        let mut attempt =
            match self.bench.attempt()? {
                Some(_) if self.asked.dry_run => return Err(Failure::usage(
                    "a delta of this component is under way here; end it first, or try in another \
                     folder with --work",
                )),
                Some(attempt) => {
                    self.output.progress("Going on with the delta that was begun here.");
                    attempt
                }
                None => self.learn().await?,
            };
        loop {
            attempt.stage = match attempt.stage {
                Stage::Learned if self.asked.dry_run => return self.tried(&attempt).await,
                Stage::Learned => self.check(&attempt).await?,
                Stage::Passed(passed) => self.commit(&attempt, passed).await?,
                Stage::Committed(passed) => self.submit(&attempt, passed).await?,
                Stage::Submitted(delta) => return self.wait(delta).await,
            };
            self.bench.save(&attempt)?;
        }
    }

    fn school(&self) -> School<'_> {
        School {
            model: self.model,
            component: &self.component,
            room: &self.room,
            puller: &self.puller,
            output: self.output,
        }
    }

    async fn learn(&self) -> Outcome<Attempt> {
        let preview = self.preview().await?;
        if let Some(reason) = preview.too_much.filter(|_| !self.asked.dry_run) {
            let words = format!("guards are not asked to judge a delta of this model: {reason}");
            return Err(Failure::new(Exit::Refused, words));
        }
        if !preview.paid && !self.asked.dry_run {
            return Err(Failure::new(
                Exit::Refused,
                "nobody pays for what this model gains: neither it and its set are admitted, nor \
                 have sponsors left more than it takes to judge a delta; `cairn sponsor` puts \
                 something aside for it",
            ));
        }
        let lesson = self.asked.lesson();
        let artifact = block_in_place(|| self.school().learn(&preview, &lesson))?;
        let attempt = Attempt { onto: preview.head, artifact, stage: Stage::Learned };
        if !self.asked.dry_run {
            self.bench.save(&attempt)?;
        }
        Ok(attempt)
    }

    /// Looks at a delta as guards do. One that they would not take ends here.
    async fn check(&self, attempt: &Attempt) -> Outcome<Stage> {
        let preview = self.preview().await?;
        let base = attempt.onto.file.id;
        let checked = block_in_place(|| self.school().check(&preview, attempt.artifact, base));
        let evaluation = self.unless_vain(checked)?;
        let told = school::told(&evaluation, &preview.source);
        self.output.progress(&format!("It is better: {told}."));
        // What passes has a gain, if one of less than a millionth.
        let gain = reward::gain(evaluation.baseline, evaluation.loss).max(1);
        Ok(Stage::Passed(Passed { head: preview.head.block, gain, salt: random()? }))
    }

    /// The same, and nothing comes of it.
    async fn tried(&self, attempt: &Attempt) -> Outcome<Report> {
        let preview = self.preview().await?;
        let base = attempt.onto.file.id;
        let evaluation = block_in_place(|| self.school().check(&preview, attempt.artifact, base))?;
        let report = Report::default().text("artifact", named(&attempt.artifact.id));
        let report = report.number("bytes", attempt.artifact.bytes);
        Ok(report.and(school::report(&evaluation, &preview.source)))
    }

    async fn commit(&self, attempt: &Attempt, passed: Passed) -> Outcome<Stage> {
        let digest = self.commitment(attempt, &passed);
        let call = calls::commit_delta(self.model, &self.component, digest);
        let name = format!("delta commitment {}", hex::encode(digest));
        let committed = Attempt { stage: Stage::Committed(passed), ..*attempt };
        let noted = |_: &_| self.bench.save(&committed);
        let included = self.account.send_once(&name, &call, self.output, noted).await?;
        self.output.progress(&format!("Committed to it, in block {}.", included.number));
        Ok(committed.stage)
    }

    /// Hands it in as soon as the chain takes it. Guards are to have it by then, and nobody is to
    /// copy it before one's own commitment is old enough: so it is put into the archive now.
    async fn submit(&self, attempt: &Attempt, mut passed: Passed) -> Outcome<Stage> {
        let header = self.header(attempt, &passed);
        let digest = self.commitment(attempt, &passed);
        let file = self.puller.store.path(&attempt.artifact.id);
        block_in_place(|| archive::put_file(&self.asked.archive, &file))?;
        let call = calls::submit_delta(header.clone(), passed.salt);
        let mut blocks = self.account.chain.follow().await?;
        let mut waits = false;
        loop {
            // It may have been sent by a process that was killed.
            if let Some(delta) = self.find(&header).await? {
                return Ok(Stage::Submitted(delta));
            }
            let checked = self.account.chain.market().await?.check(&self.account.id(), &call).await;
            match ready(checked)? {
                Ready::Now => {
                    if let Some(head) = self.recheck(attempt, &passed).await? {
                        passed.head = head;
                        let stage = Stage::Committed(passed);
                        self.bench.save(&Attempt { stage, ..*attempt })?;
                        continue;
                    }
                    let name = format!("delta {}", hex::encode(digest));
                    match self.account.send_once(&name, &call, self.output, |_| Ok(())).await {
                        // Others were faster by a block; the next one says what that means.
                        Err(failure) if failure.exit() == Exit::Refused => {}
                        sent => {
                            sent?;
                            continue;
                        }
                    }
                }
                Ready::Later if !waits => {
                    self.output.progress("Waiting until it can be handed in ...");
                    waits = true;
                }
                Ready::Later => {}
                Ready::Anew => {
                    self.bench.owe(digest)?;
                    return Ok(Stage::Learned);
                }
                Ready::Never(words) => {
                    self.bench.owe(digest)?;
                    self.bench.end()?;
                    let words = format!("it cannot be handed in: {words}");
                    return Err(Failure::new(Exit::Unlaid, words));
                }
            }
            blocks.next().await?;
        }
    }

    /// Looks at it once more where the head has moved since, and says on which it passes now. One
    /// that others have made needless is not handed in.
    async fn recheck(&self, attempt: &Attempt, passed: &Passed) -> Outcome<Option<BlockId>> {
        let preview = self.preview().await?;
        if preview.head.block == passed.head {
            return Ok(None);
        }
        self.output.progress("The head has moved.");
        let base = attempt.onto.file.id;
        let checked = block_in_place(|| self.school().check(&preview, attempt.artifact, base));
        if checked.as_ref().is_err_and(|failure| failure.exit() == Exit::Unlaid) {
            self.bench.owe(self.commitment(attempt, passed))?;
        }
        self.unless_vain(checked)?;
        Ok(Some(preview.head.block))
    }

    async fn wait(&self, delta: DeltaId) -> Outcome<Report> {
        self.output.progress(&format!("Handed in as delta {}.", delta.0));
        if self.learning().await?.delta(delta).await?.is_none() {
            self.bench.end()?;
            let words = format!("delta {} has ended, and is no longer kept", delta.0);
            return Err(Failure::new(Exit::Unlaid, words));
        }
        let within = Duration::from_secs(self.asked.timeout);
        let ended = delta::to_the_end(&self.account.chain, delta, within, self.output).await?;
        self.bench.end()?;
        delta::laid(delta, &ended)
    }

    /// Takes back the deposits of commitments that nothing came of, once they are too old.
    async fn settle(&self) -> Outcome {
        for digest in self.bench.owed()? {
            let call = calls::withdraw_commit(digest);
            let market = self.account.chain.market().await?;
            match market.check(&self.account.id(), &call).await {
                Ok(()) => drop(self.account.send("withdrawal", &call, self.output).await?),
                // It still counts; there is time.
                Err(Error::Runtime { name, .. }) if name == "NotCommitted" => {}
                Err(_) => continue,
            }
            self.bench.settled(&digest)?;
        }
        Ok(())
    }

    /// A delta that would come to nothing is not gone on with.
    fn unless_vain<T>(&self, checked: Outcome<T>) -> Outcome<T> {
        if checked.as_ref().is_err_and(|failure| failure.exit() == Exit::Unlaid) {
            self.bench.end()?;
        }
        checked
    }

    async fn learning(&self) -> Outcome<Learning> {
        Ok(self.account.chain.learning().await?)
    }

    async fn preview(&self) -> Outcome<Preview> {
        let preview = self.learning().await?.preview(self.model, &self.component).await?;
        preview.ok_or_else(|| {
            Failure::failed(format!(
                "no delta of {} can be handed in: nothing was published of it, or the model's \
                 author has chosen no set that deltas are judged on; see `cairn model show`",
                spoken(&self.component)
            ))
        })
    }

    /// The account's delta of this header.
    async fn find(&self, header: &Header<AccountId32>) -> Outcome<Option<DeltaId>> {
        let learning = self.learning().await?;
        let mut deltas = learning.deltas_of(&self.account.id()).await?;
        deltas.reverse();
        for delta in deltas {
            let view = learning.delta(delta).await?;
            if view.is_some_and(|view| view.delta.header == *header) {
                return Ok(Some(delta));
            }
        }
        Ok(None)
    }

    fn commitment(&self, attempt: &Attempt, passed: &Passed) -> Digest {
        let genesis = self.account.chain.genesis().0;
        passed.commitment(&genesis, self.account.id(), attempt.artifact.id)
    }

    /// The same each time, whoever is killed between.
    fn header(&self, attempt: &Attempt, passed: &Passed) -> Header<AccountId32> {
        let Attempt { onto, artifact, .. } = *attempt;
        let release = onto.release.patched().unwrap_or(onto.release);
        let (component, author) = (self.component.clone(), self.account.id());
        Header::delta(self.model, component, onto.block, artifact, release, author, passed.gain)
    }
}

/// What a refusal of a delta means for whoever has committed to it.
fn ready(checked: Result<(), Error>) -> Outcome<Ready> {
    let error = match checked {
        Ok(()) => return Ok(Ready::Now),
        Err(error) => error,
    };
    let Error::Runtime { name, .. } = &error else { return Err(error.into()) };
    match name.as_str() {
        "CommittedTooLate" | "QueueFull" | "TooManyPending" | "BeingRolledBack"
        | "ChainStopped" => Ok(Ready::Later),
        "CommitmentExpired" | "NotCommitted" => Ok(Ready::Anew),
        "PendingAlready" | "LaidAlready" | "TriedAlready" | "KeptForItsAuthor" | "Superseded"
        | "UnknownParent" => Ok(Ready::Never(error.to_string())),
        _ => Err(error.into()),
    }
}

/// Whether whoever watches goes on after this.
fn passes_over(failure: &Failure) -> bool {
    matches!(failure.exit(), Exit::Unlaid | Exit::TimedOut | Exit::Unconnected)
}

/// The component that is named; else the only one, or the trunk.
fn component(view: &ModelView<AccountId32>, asked: Option<&Component>) -> Outcome<Component> {
    let trunk = view.card.components.iter().find(|name| name.as_slice() == TRUNK);
    super::model::component(view, asked.or(trunk))
}

/// The folder of a component.
fn place(model: BlockId, component: &Component) -> String {
    let component = chunk::content(component).0;
    format!("{}-{}", hex::encode(&model.0[..8]), hex::encode(&component[..8]))
}

fn threads() -> u16 {
    let there = thread::available_parallelism().map_or(1, usize::from);
    u16::try_from(there).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> Result<(), Error> {
        let (pallet, help) = ("Learning".to_owned(), "Do something.".to_owned());
        Err(Error::Runtime { pallet, name: name.into(), help })
    }

    #[test]
    fn delta_should_wait_begin_anew_or_end_by_what_the_chain_says() {
        assert_eq!(ready(Ok(())).unwrap(), Ready::Now);
        assert_eq!(ready(refused("CommittedTooLate")).unwrap(), Ready::Later);
        assert_eq!(ready(refused("CommitmentExpired")).unwrap(), Ready::Anew);
        let Ready::Never(words) = ready(refused("TriedAlready")).unwrap() else {
            panic!("it ends")
        };
        assert!(words.contains("Do something"), "{words}");
        assert_eq!(ready(refused("NotEnoughBalance")).unwrap_err().exit(), Exit::Refused);
        assert_eq!(ready(Err(Error::NoEndpoint)).unwrap_err().exit(), Exit::Unconnected);
    }

    #[test]
    fn names_should_be_errors_of_the_runtime() {
        let metadata = include_bytes!("../../../sdk/rust/metadata.scale");
        let known = |name: &str| metadata.windows(name.len()).any(|some| some == name.as_bytes());
        for name in [
            "CommittedTooLate",
            "QueueFull",
            "TooManyPending",
            "BeingRolledBack",
            "ChainStopped",
            "CommitmentExpired",
            "NotCommitted",
            "PendingAlready",
            "LaidAlready",
            "TriedAlready",
            "KeptForItsAuthor",
            "Superseded",
            "UnknownParent",
        ] {
            assert!(known(name), "{name}");
        }
    }

    #[test]
    fn watch_should_go_on_after_a_delta_that_came_to_nothing_alone() {
        for (exit, goes_on) in [
            (Exit::Unlaid, true),
            (Exit::TimedOut, true),
            (Exit::Unconnected, true),
            (Exit::Refused, false),
            (Exit::Usage, false),
            (Exit::Failed, false),
        ] {
            assert_eq!(passes_over(&Failure::new(exit, "")), goes_on, "{exit:?}");
        }
    }

    #[test]
    fn place_should_be_one_for_each_component() {
        let named = |name: &[u8]| place(BlockId([1; 32]), &name.to_vec().try_into().unwrap());
        assert_ne!(named(b"trunk"), named(b"../trunk"));
        assert!(!named(b"../trunk").contains('/'));
    }
}
