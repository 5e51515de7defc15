//! A worker whose result is audited, its guards, and those who cannot do a job, as workers and as
//! guards: each dies at every step of its journal, and says what it has to say once.

use std::{fs, time::Duration};

use cairn_artifact::store::Store;
use cairn_e2e::{Failure, Test, TestNet};
use cairn_localnet::{Client, Setup};
use cairn_protocol::{
    audit::Verdict,
    id::{ProviderId, TaskId},
    job::{Job, Parameters, Payload, Terms},
};
use serde_json::{json, Value};
use tokio::time::sleep;

use crate::{
    calls::{assert_sent_once, said_by, What},
    deaths::{around, Deaths},
    work::{faulty, simulation, submit, Story, PAID},
};

/// As many as are drawn, so that all of them are.
const GUARDS: usize = 3;
const AUDITED: TaskId = TaskId(0);
const DECLINED: TaskId = TaskId(1);
/// What is recorded by whoever shows in an audit what it found. Once the chain has that, there is
/// nothing left to do in it.
const SHOWN: [&str; 7] =
    ["seen", "made", "salted", "commit-sent", "committed", "reveal-sent", "ended"];
/// What is recorded by a worker that cannot do a job.
const GIVEN_UP: [&str; 3] = ["failed", "decline-sent", "ended"];
/// The same of a guard, which has nobody to tell.
const LEFT_TO_OTHERS: [&str; 2] = ["failed", "ended"];
/// Of the guards the one that cannot do a job, by its place.
const UNABLE: usize = 1;
/// MiB of files that it has room for, and bytes of a scene that are more.
const QUOTA_MIB: &str = "1";
const SCENE_BYTES: usize = 2 << 20;
/// For so long, and a little more, its silence is waited for.
const WORK_BLOCKS: u32 = 60;
const POLL: Duration = Duration::from_millis(200);

/// The worker comes first. It dies as a witness at each step, its guards at each step between them,
/// and whoever is drawn for what cannot be done at each step of that.
fn deaths() -> Deaths {
    let guards = around("guard", &SHOWN);
    let nth = |guard| guards.iter().skip(guard).step_by(GUARDS).cloned().collect();
    let audit = [around("witness", &SHOWN)].into_iter().chain((0..GUARDS).map(nth));
    Deaths::of(audit.map(|own: Vec<String>| [own, around("worker", &GIVEN_UP)].concat()))
}

/// Ten blocks are few for a process that is started again and again. Guards look at everything.
fn audits() -> Value {
    json!({ "launch": { "revealBlocks": 120, "auditShare": 1_000_000 } })
}

/// Whether all have died at every step of the audit. What is left to them is of a worker.
fn died_in_the_audit(deaths: &Deaths) -> bool {
    (0..=GUARDS).all(|one| deaths.left(one) == 2 * GIVEN_UP.len())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "three minutes: all die at each step, for scripts/test --long"]
async fn audit_and_decline_should_be_told_once_when_all_are_killed_at_every_step() -> Test {
    let mut deaths = deaths();
    let first = Setup { guard: true, ..faulty(deaths.next(0))? };
    let mut setups = vec![first];
    // Started once the first has the work, so that they are those who can look at it.
    setups.resize(1 + GUARDS, Setup { guard: true, late: true, ..faulty(None)? });
    let mut net = TestNet::with_setups(setups, audits()).await?;
    let front = net.client(0).await?;
    let mut story = Story::begin(&front).await?;

    let now = front.best().await?.number;
    submit(&front, &[Terms { auditable: true, ..simulation(1, 10, 1, now) }]).await?;
    story.wait(&front, "the worker", |story| !story.of(AUDITED).assigned.is_empty()).await?;
    for guard in 1..=GUARDS {
        deaths.start(&mut net, guard)?;
    }
    the_audit_should_end(&mut net, &front, &mut story, &mut deaths).await?;
    whoever_gives_up_should_say_so(&mut net, &front, &mut story, &mut deaths).await?;
    assert_sent_once(&net, &front, &story).await?;
    net.passed()
}

async fn the_audit_should_end(
    net: &mut TestNet,
    front: &Client,
    story: &mut Story,
    deaths: &mut Deaths,
) -> Test {
    let deadline = Story::deadline();
    while story.ended() < 1 || !died_in_the_audit(deaths) {
        deaths.revive(net)?;
        story.read(front).await?;
        let next: Vec<_> = (0..=GUARDS).map(|one| deaths.next(one)).collect();
        story
            .check_time(deadline, &format!("the audit and all deaths in it; next are {next:?}"))?;
        sleep(POLL).await;
    }

    let told = story.of(AUDITED);
    told.assert_each_once(&[net.workers[0].provider()]);
    assert_eq!(told.settled()?.1, PAID);
    assert_eq!(told.verdicts, [Verdict::Confirmed], "{told:#?}");
    let mut all: Vec<ProviderId> = net.workers.iter().map(|worker| worker.provider()).collect();
    let mut reported: Vec<ProviderId> = told.reports.iter().map(|(who, _)| *who).collect();
    all.sort_unstable();
    reported.sort_unstable();
    assert_eq!(reported, all, "{told:#?}");
    assert!(told.reports.windows(2).all(|pair| pair[0].1 == pair[1].1), "{told:#?}");
    assert!(story.penalised.is_empty(), "{:?}", story.penalised);
    for worker in 0..=GUARDS {
        let said = said_by(story, worker)?;
        for what in [What::AuditCommit, What::AuditReveal] {
            assert_eq!(said.get(&(what, AUDITED)), Some(&1), "{worker}: {said:?}");
        }
    }
    Ok(())
}

/// All four will die at what a worker records that gives up; the one that is drawn does.
async fn whoever_gives_up_should_say_so(
    net: &mut TestNet,
    front: &Client,
    story: &mut Story,
    deaths: &mut Deaths,
) -> Test {
    let now = front.best().await?.number;
    let terms = simulation(2, 10, 1, now);
    let malformed = Job { parameters: Parameters::truncate_from(vec![9]), ..terms.job.clone() };
    submit(front, &[Terms { job: malformed, ..terms }]).await?;
    let deadline = Story::deadline();
    let worker = loop {
        deaths.revive(net)?;
        story.read(front).await?;
        if let Some(worker) = declined(net, story)?.filter(|worker| deaths.left(*worker) == 0) {
            break worker;
        }
        story.check_time(deadline, "a worker that says why it gives up")?;
        sleep(POLL).await;
    };
    let said = said_by(story, worker)?;
    assert_eq!(said.get(&(What::Decline, DECLINED)), Some(&1), "{said:?}");
    assert!(story.penalised.is_empty(), "{:?}", story.penalised);
    Ok(())
}

/// The place of the first worker that has said that it gives up.
fn declined(net: &TestNet, story: &Story) -> Result<Option<usize>, Failure> {
    let told = story.of(DECLINED);
    let Some(provider) = told.declined.first() else { return Ok(None) };
    let place = net.workers.iter().position(|worker| worker.provider() == *provider);
    place.map(Some).ok_or_else(|| Failure::new("somebody declined who does not work here"))
}

/// A simulation whose scene is a file, for which not every guard has room: spaces mean nothing.
fn large(net: &TestNet, now: u32) -> Result<Terms, Failure> {
    let market = net.market().ok_or_else(|| Failure::new("the network has no market"))?;
    let terms = simulation(1, 10, 1, now);
    let Payload::Inline(scene) = &terms.job.input else {
        return Err(Failure::new("the scene should be short"));
    };
    let mut scene = scene.to_vec();
    scene.resize(SCENE_BYTES, b' ');
    let file = Store::existing(&market.archive).put(&scene)?;
    let input = Payload::Artifact { id: file.id, bytes: file.bytes };
    let job = Job { input, ..terms.job };
    Ok(Terms { job, auditable: true, work_blocks: WORK_BLOCKS, ..terms })
}

/// A guard tells nobody what it failed at, so that its journal alone keeps it from failing anew.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "four minutes: a guard dies at each step, for scripts/test --long"]
async fn audit_should_go_on_when_a_guard_that_fails_is_killed_at_every_step() -> Test {
    let mut deaths = Deaths::of([Vec::new(), around("guard", &LEFT_TO_OTHERS)]);
    let guard = Setup { guard: true, late: true, ..faulty(None)? };
    let arguments = vec!["--quota".to_owned(), QUOTA_MIB.to_owned()];
    let mut setups = vec![faulty(None)?, Setup { arguments, ..guard.clone() }];
    setups.resize(1 + GUARDS, guard);
    let mut net = TestNet::with_setups(setups, audits()).await?;
    let front = net.client(0).await?;
    let mut story = Story::begin(&front).await?;

    let now = front.best().await?.number;
    submit(&front, &[large(&net, now)?]).await?;
    story.wait(&front, "the worker", |story| !story.of(AUDITED).assigned.is_empty()).await?;
    for guard in 1..=GUARDS {
        deaths.start(&mut net, guard)?;
    }
    let deadline = Story::deadline();
    while story.ended() < 1 || !deaths.are_over() {
        deaths.revive(&mut net)?;
        story.read(&front).await?;
        let next = deaths.next(UNABLE);
        story.check_time(deadline, &format!("the audit and all deaths in it; next is {next:?}"))?;
        sleep(POLL).await;
    }

    two_guards_should_have_confirmed(&net, &story)?;
    // What was not recorded was begun anew; what was is left alone.
    let log = fs::read_to_string(net.workers[UNABLE].log_path())?;
    let failed = log.lines().filter(|line| line.contains("is left to the other guards"));
    assert_eq!(failed.count(), 2, "{log}");
    assert_sent_once(&net, &front, &story).await?;
    net.check_alive()?;
    net.passed()
}

/// The worker is paid, and the guard that said nothing is the only one who loses by it.
fn two_guards_should_have_confirmed(net: &TestNet, story: &Story) -> Test {
    let providers: Vec<ProviderId> = net.workers.iter().map(|worker| worker.provider()).collect();
    let [worker, unable, others @ ..] = providers.as_slice() else {
        return Err(Failure::new("there should be a worker and guards"));
    };
    let told = story.of(AUDITED);
    told.assert_each_once(&[*worker]);
    assert_eq!(told.settled()?.1, PAID);
    assert_eq!(told.verdicts, [Verdict::Confirmed], "{told:#?}");
    assert_eq!(told.guards.len(), GUARDS, "{told:#?}");
    assert_eq!(story.penalised, [(*unable, AUDITED)]);
    let mut others = others.to_vec();
    let mut looked: Vec<ProviderId> = told.rewards.iter().map(|(guard, _)| *guard).collect();
    others.sort_unstable();
    looked.sort_unstable();
    assert_eq!(looked, others, "{told:#?}");
    for place in 0..=GUARDS {
        let (said, times) = (said_by(story, place)?, usize::from(place != UNABLE));
        for what in [What::AuditCommit, What::AuditReveal] {
            let found = said.get(&(what, AUDITED)).copied().unwrap_or_default();
            assert_eq!(found, times, "{place}: {said:?}");
        }
    }
    Ok(())
}
