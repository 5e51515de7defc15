//! Texts that wait for one model are done by one process, which others join, and each by its own
//! where that dies.

use std::fs;

use cairn_e2e::{Failure, Test, TestNet, PATIENCE};
use cairn_localnet::{
    programs,
    wait::{until, Seen},
    Setup,
};
use cairn_protocol::{
    id::{BlockId, TaskId},
    job::{Requirements, Terms},
};
use cairn_runtime::BlockNumber;
use serde_json::json;

use crate::work::{submit, text, Story};

/// More than the worker does at once.
const TASKS: u8 = 6;
/// All that a network's worker gives to jobs, so that there is room for one process alone.
const MEMORY_MIB: u32 = 2_048;

/// What a worker logs of a job that is handed to its process.
const GIVEN: &str = "is given its order";

/// The only worker, which may be given all of them and a challenge.
fn alone() -> Setup {
    Setup { slots: TASKS + 1, guard: false, ..Setup::default() }
}

/// The same text each time, in another task.
fn asked(number: u8, model: BlockId, now: BlockNumber) -> Terms {
    let mut terms = text(model, 1, now);
    terms.job.seed = [number; 32];
    terms
}

/// Which line of a log says this of that, first.
fn line(log: &str, of: &str, this: &str) -> Option<usize> {
    log.lines().position(|line| line.contains(of) && line.contains(this))
}

/// What a network's only worker has logged so far.
fn log(net: &TestNet) -> Result<String, Failure> {
    Ok(fs::read_to_string(net.workers[0].log_path())?)
}

/// Has a worker do texts that are asked for at once, and gives what it logged.
async fn logged(setup: Setup) -> Result<String, Failure> {
    let mut net = TestNet::with_setups(vec![setup], json!({})).await?;
    let front = net.client(0).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let provider = net.workers[0].provider();
    let mut story = Story::begin(&front).await?;
    let now = front.best().await?.number;
    let all: Vec<Terms> = (0..TASKS).map(|number| asked(number, market.model, now)).collect();
    submit(&front, &all).await?;
    story.wait(&front, "all ends", |story| story.ended() == usize::from(TASKS)).await?;
    for task in 0..TASKS {
        let told = story.of(TaskId(task.into()));
        told.assert_each_once(&[provider]);
        told.settled()?;
    }
    net.check_alive()?;
    let log = log(&net)?;
    net.passed()?;
    Ok(log)
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_should_be_done_by_one_process_when_they_wait_together() -> Test {
    let log = logged(alone()).await?;
    assert!(log.contains("jobs together took"), "{log}");
    assert!(!log.contains("done one by one"), "{log}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_should_each_be_done_alone_when_the_process_that_they_shared_dies() -> Test {
    let job = Some(programs::find("cairn-job-dying")?);
    let log = logged(Setup { job, ..alone() }).await?;
    assert!(log.contains("done one by one"), "{log}");
    Ok(())
}

/// The first is asked for alone, and its process answers it only when it has the second: one that
/// could not be joined would never answer.
#[tokio::test(flavor = "multi_thread")]
async fn text_should_join_a_process_that_runs_when_there_is_room_for_no_other() -> Test {
    let job = Some(programs::find("cairn-job-waiting")?);
    let mut net = TestNet::with_setups(vec![Setup { job, ..alone() }], json!({})).await?;
    let front = net.client(0).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let provider = net.workers[0].provider();
    let mut story = Story::begin(&front).await?;
    let now = front.best().await?.number;
    let first = asked(0, market.model, now);
    let requirements = Requirements { memory_mib: MEMORY_MIB, ..first.requirements };
    submit(&front, &[Terms { requirements, ..first }]).await?;
    until("the first to be begun", PATIENCE, || async {
        let log = log(&net).unwrap_or_default();
        Ok(Seen::when(line(&log, "task 0, worker", GIVEN).is_some(), log))
    })
    .await?;
    submit(&front, &[asked(1, market.model, now)]).await?;
    story.wait(&front, "both ends", |story| story.ended() == 2).await?;

    let [first, second] = [0, 1].map(|task| story.of(TaskId(task)));
    for told in [&first, &second] {
        told.assert_each_once(&[provider]);
        told.settled()?;
    }
    assert_eq!(first.revealed, second.revealed, "they were asked the same");
    net.check_alive()?;
    let log = log(&net)?;
    let (begun, over) = (line(&log, "task 0, worker", GIVEN), line(&log, "", "together took"));
    let joins = line(&log, "task 1, worker", "joins a process that runs");
    assert!(begun.is_some() && begun < joins && joins < over, "{log}");
    assert!(log.contains("2 jobs together took") && !log.contains("a process took"), "{log}");
    net.passed()
}
