//! Workers that are killed, vanish, or lose the chain: the work is done, once, and paid.

use std::{fs, net::SocketAddr, time::Duration};

use cairn_e2e::{Test, TestNet, PATIENCE};
use cairn_localnet::{
    free_port, keys,
    wait::{until, Seen},
    Client, Setup,
};
use cairn_protocol::{
    challenge::Outcome,
    id::{ProviderId, TaskId},
    job::Terms,
};
use serde_json::{json, Value};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    calls::assert_sent_once,
    deaths::Deaths,
    work::{faulty, gain, provider, simulation, submit, Story, FAULT, PAID},
};

/// Where each of nine workers dies, once or twice: before and after each step of work that is paid.
const DEATHS: [&[&str]; 9] = [
    &["after:seen", "before:made"],
    &["after:made", "before:salted"],
    &["after:salted", "before:commit-sent"],
    &["after:commit-sent", "before:reveal-sent"],
    &["after:committed", "before:ended"],
    &["after:reveal-sent", "after:ended"],
    &["after:revealed"],
    // These have done the step, and do not know it.
    &["before:seen", "before:committed"],
    &["before:revealed"],
];
/// Where each member of a challenge dies. One of them has to compute its answer twice.
const ANSWERED: [&[&str]; 3] =
    [&["before:answered", "after:answered"], &["after:answered"], &["after:answered"]];
const POLL: Duration = Duration::from_millis(200);
/// Steps that take a while.
const LONG: u32 = 200_000;

/// Ten blocks are few for a process that starts beside eight others.
fn time_to_come_back() -> Value {
    json!({ "launch": { "revealBlocks": 120 } })
}

/// All nine do the same task, which waits for each of them: no answer may get lost, and none be
/// given twice.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "three minutes: nine workers die at each step, for scripts/test --long"]
async fn worker_should_answer_once_when_it_is_killed_at_any_step() -> Test {
    let owned = |own: &[&str]| -> Vec<String> { own.iter().map(ToString::to_string).collect() };
    let mut deaths = Deaths::of(DEATHS.map(owned));
    let setups = (0..DEATHS.len()).map(|worker| faulty(deaths.next(worker)));
    let setups = setups.collect::<Result<_, _>>()?;
    let mut net = TestNet::with_setups(setups, time_to_come_back()).await?;
    let front = net.client(0).await?;
    let mut story = Story::begin(&front).await?;
    let now = front.best().await?.number;
    submit(&front, &[simulation(1, 10, 9, now)]).await?;

    let deadline = Story::deadline();
    while story.ended() < 1 || !deaths.are_over() {
        deaths.revive(&mut net)?;
        story.read(&front).await?;
        let next: Vec<_> = (0..DEATHS.len()).map(|worker| deaths.next(worker)).collect();
        story.check_time(deadline, &format!("the task and all deaths; next are {next:?}"))?;
        sleep(POLL).await;
    }

    let told = story.of(TaskId(0));
    let all: Vec<ProviderId> = net.workers.iter().map(|worker| worker.provider()).collect();
    told.assert_each_once(&all);
    let (block, each, _) = told.settled()?;
    assert_eq!(each, PAID);
    for worker in &net.workers {
        let gained = gain(&front, &keys::account(worker.owner())?, block).await?;
        assert_eq!(gained, i128::try_from(PAID)?, "{}", worker.name());
    }
    assert!(story.penalised.is_empty(), "{:?}", story.penalised);
    assert_sent_once(&net, &front, &story).await?;
    net.check_alive()?;
    net.passed()
}

/// The answer to a challenge, which none of its members computes again that has noted it.
#[tokio::test(flavor = "multi_thread")]
async fn challenge_should_be_answered_once_when_its_members_are_killed_at_noting_it() -> Test {
    let owned = |own: &[&str]| -> Vec<String> { own.iter().map(ToString::to_string).collect() };
    let mut deaths = Deaths::of(ANSWERED.map(owned));
    // Started when all that happens is read, as a challenge waits for nobody.
    let setups = vec![Setup { late: true, ..faulty(None)? }; ANSWERED.len()];
    let mut net = TestNet::with_setups(setups, json!({})).await?;
    let front = net.client(0).await?;
    let mut story = Story::begin(&front).await?;
    for worker in 0..ANSWERED.len() {
        deaths.start(&mut net, worker)?;
    }
    let deadline = Story::deadline();
    while story.challenges.is_empty() || !deaths.are_over() {
        deaths.revive(&mut net)?;
        story.read(&front).await?;
        story.check_time(deadline, "a challenge, and all deaths in it")?;
        sleep(POLL).await;
    }

    let outcomes = &story.challenges[0];
    let agreed = outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Agreed { .. }));
    assert!(agreed && outcomes.len() == ANSWERED.len(), "{outcomes:?}");
    for (worker, own) in ANSWERED.iter().enumerate() {
        let operator = keys::account(&keys::worker_operator(worker))?;
        let vain = story.calls.iter().find(|call| call.by == operator && call.failed);
        assert!(vain.is_none(), "{vain:?}");
        let log = fs::read_to_string(net.workers[worker].log_path())?;
        let begun: Vec<&str> = log.lines().filter_map(number).collect();
        let first = begun.iter().filter(|one| begun.first() == Some(*one)).count();
        assert_eq!(first, own.len(), "only what was not noted is begun anew: {log}");
    }
    assert_sent_once(&net, &front, &story).await?;
    net.check_alive()?;
    net.passed()
}

/// Which challenge a line of a log says is being answered.
fn number(line: &str) -> Option<&str> {
    let (_, after) = line.split_once("answers challenge ")?;
    after.split_once(',').map(|(number, _)| number)
}

#[tokio::test(flavor = "multi_thread")]
async fn work_should_be_done_when_a_worker_vanishes_and_when_the_chain_does() -> Test {
    let health = Some(free_port()?);
    let arguments = vec!["--quiet".to_owned(), "8".to_owned()];
    let first = Setup { late: true, ..faulty(None)? };
    let second = Setup { late: true, health, arguments, guard: false, ..Setup::default() };
    let mut net = TestNet::with_setups(vec![first, second], time_to_come_back()).await?;
    let front = net.client(0).await?;
    let mut story = Story::begin(&front).await?;

    the_second_should_be_paid_when_the_first_vanishes(&mut net, &front, &mut story).await?;
    net.workers[0].kill()?;
    net.workers[0].start()?;
    net.wait_workers().await?;
    work_should_go_on_when_the_node_is_back(&mut net, &front, &mut story).await?;
    net.check_alive()?;
    net.passed()
}

/// The first is the only one there when the task is drawn for, and the second the only one left.
async fn the_second_should_be_paid_when_the_first_vanishes(
    net: &mut TestNet,
    front: &Client,
    story: &mut Story,
) -> Test {
    let (task, gone, next) = (TaskId(0), net.workers[0].provider(), net.workers[1].provider());
    net.workers[0].start_with(&[(FAULT, "silent")])?;
    net.wait_workers().await?;
    let now = front.best().await?.number;
    let terms = Terms { work_blocks: 20, ..simulation(1, 10, 1, now) };
    submit(front, &[terms]).await?;
    story.wait(front, "the first worker", |story| story.of(task).assigned.len() == 1).await?;
    net.workers[1].start()?;
    story.wait(front, "payment", |story| story.of(task).end.is_some()).await?;

    let told = story.of(task);
    assert_eq!(told.assigned, [[gone], [next]], "{told:#?}");
    assert_eq!(told.vacated, [gone], "{told:#?}");
    told.assert_each_once(&[next]);
    let (block, each, _) = told.settled()?;
    assert_eq!(each, PAID);
    let gains = [
        gain(front, &keys::account(net.workers[0].owner())?, block).await?,
        gain(front, &keys::account(net.workers[1].owner())?, block).await?,
    ];
    assert_eq!(gains, [0, i128::try_from(PAID)?]);
    assert_eq!(story.penalised, [(gone, task)]);
    let card = provider(front, gone).await?;
    assert_ne!(card["pendingPenalties"], "0", "{card}");
    Ok(())
}

/// Nothing that was begun is lost with the only node that workers know.
async fn work_should_go_on_when_the_node_is_back(
    net: &mut TestNet,
    front: &Client,
    story: &mut Story,
) -> Test {
    let task = TaskId(1);
    let address = net.workers[1].health();
    wait_for_health(address, true).await?;
    let now = front.best().await?.number;
    submit(front, &[simulation(2, LONG, 1, now)]).await?;
    story.wait(front, "a worker", |story| !story.of(task).assigned.is_empty()).await?;

    net.nodes[0].stop().await?;
    wait_for_health(address, false).await?;
    net.workers.iter_mut().try_for_each(|worker| worker.check_alive())?;
    let front = net.nodes[0].restart().await?;
    wait_for_health(address, true).await?;
    story.wait(&front, "payment", |story| story.of(task).end.is_some()).await?;
    let told = story.of(task);
    let worker = told.assigned.concat();
    told.assert_each_once(&worker);
    assert_eq!((told.settled()?.1, worker.len()), (PAID, 1), "{told:#?}");
    Ok(())
}

/// Waits until a worker says that it is well, or that it is not.
async fn wait_for_health(address: SocketAddr, well: bool) -> Test {
    let what = if well { "the worker to be well" } else { "the worker to miss the chain" };
    until(what, PATIENCE, || async {
        let said = health(address).await;
        let expected = if well { "HTTP/1.1 200" } else { "HTTP/1.1 503" };
        Ok(match said {
            Ok((status, body)) if status.starts_with(expected) && body["healthy"] == well => {
                Seen::Yes(())
            }
            Ok((status, body)) => Seen::NotYet(format!("{status}: {body}")),
            Err(error) => Seen::NotYet(error.to_string()),
        })
    })
    .await?;
    Ok(())
}

/// The first line of what it answers, and what it says in JSON.
pub async fn health(address: SocketAddr) -> std::io::Result<(String, Value)> {
    let mut said = String::new();
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
        stream.read_to_string(&mut said).await
    };
    timeout(Duration::from_secs(5), asking).await??;
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((said.as_str(), ""));
    let body = serde_json::from_str(body).unwrap_or_default();
    Ok((head.lines().next().unwrap_or_default().to_owned(), body))
}
