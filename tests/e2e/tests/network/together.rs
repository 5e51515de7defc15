//! Texts that wait for one model are done by one process, and each by its own where that dies.

use std::fs;

use cairn_e2e::{Failure, Test, TestNet};
use cairn_localnet::{programs, Setup};
use cairn_protocol::id::TaskId;
use serde_json::json;

use crate::work::{submit, text, Story};

/// More than the worker does at once.
const TASKS: u8 = 6;

/// The only worker, which may be given all of them and a challenge.
fn alone() -> Setup {
    Setup { slots: TASKS + 1, guard: false, ..Setup::default() }
}

/// Has a worker do texts that are asked for at once, and gives what it logged.
async fn logged(setup: Setup) -> Result<String, Failure> {
    let mut net = TestNet::with_setups(vec![setup], json!({})).await?;
    let front = net.client(0).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let provider = net.workers[0].provider();
    let mut story = Story::begin(&front).await?;
    let now = front.best().await?.number;
    let asked = |number| {
        let mut terms = text(market.model, 1, now);
        terms.job.seed = [number; 32];
        terms
    };
    submit(&front, &(0..TASKS).map(asked).collect::<Vec<_>>()).await?;
    story.wait(&front, "all ends", |story| story.ended() == usize::from(TASKS)).await?;
    for task in 0..TASKS {
        let told = story.of(TaskId(task.into()));
        told.assert_each_once(&[provider]);
        told.settled()?;
    }
    net.check_alive()?;
    let log = fs::read_to_string(net.workers[0].log_path())?;
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
