//! Many jobs over three workers that are killed again and again: each job ends, and what was put
//! aside for it is gone where it belongs.

use std::{collections::BTreeMap, time::Duration};

use cairn_e2e::{Failure, Test, TestNet};
use cairn_localnet::{keys, Client, Setup};
use cairn_protocol::{
    id::{Amount, ProviderId},
    task::RefundReason,
};
use cairn_runtime::{Runtime, RuntimeHoldReason};
use pallet_cairn_tasks::HoldReason;
use serde_json::json;
use tokio::time::{sleep, Instant};

use crate::{
    calls::assert_sent_once,
    work::{simulation, submit, wealth, End, Story, Told, REQUESTER},
};

const WORKERS: usize = 3;
const JOBS: u8 = 100;
/// How often a worker is killed, at most.
const DEATHS: usize = 30;
/// Every so many jobs are done by all workers, the others by one.
const THREEFOLD: u8 = 5;
/// What decides who is killed and when.
const SEED: u64 = 0x5eed_cafe_f00d_d1ce;
const STEPS: u32 = 50;
/// Of so many jobs all but one are paid, at least.
const REFUNDED_OF: usize = 10;
const POLL: Duration = Duration::from_millis(200);
/// More than a job takes in the middle, on a machine that has more to do.
const PER_JOB: Duration = Duration::from_secs(15);
/// Between two deaths, at least and at most.
const LIFE_MS: (u64, u64) = (200, 800);
/// How long a worker is dead.
const DEATH_MS: (u64, u64) = (100, 700);

/// Numbers that look random, and are the same each time: xorshift of 64 bits.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// One of so many.
    fn of(&mut self, count: usize) -> usize {
        usize::try_from(self.roll() >> 33).unwrap_or_default() % count
    }

    fn between(&mut self, (least, most): (u64, u64)) -> Duration {
        Duration::from_millis(least + self.roll() % (most - least))
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes of a hundred jobs, for scripts/test --long"]
async fn a_hundred_jobs_should_end_when_workers_are_killed_at_random() -> Test {
    // So that most jobs wait for a process that may die, and not for a seat.
    let setup = Setup { slots: 16, guard: false, ..Setup::default() };
    let patch = json!({ "launch": { "revealBlocks": 60 } });
    let mut net = TestNet::with_setups(vec![setup; WORKERS], patch).await?;
    let front = net.client(0).await?;
    let mut story = Story::begin(&front).await?;
    let begun = owned(&net, &front).await?;
    let now = front.best().await?.number;
    let redundancy = |job: u8| if job.is_multiple_of(THREEFOLD) { 3 } else { 1 };
    let all: Vec<_> = (0..JOBS).map(|job| simulation(job, STEPS, redundancy(job), now)).collect();
    submit(&front, &all).await?;

    let seats = |story: &Story| story.told.values().any(|told| !told.assigned.is_empty());
    story.wait(&front, "the first workers", seats).await?;
    let died = kill_until_all_ended(&mut net, &front, &mut story).await?;

    most_were_paid(&story);
    assert!(2 * died >= DEATHS, "{died} deaths in all that time");
    story.told.values().for_each(assert_nothing_was_said_twice);
    assert_sent_once(&net, &front, &story).await?;
    everyone_has_what_was_earned(&net, &front, &story, &begun).await?;
    assert_eq!(escrow(&front).await?, 0, "nothing is put aside for what has ended");
    net.check_alive()?;
    net.passed()
}

/// Kills workers at random and starts them again, and reads on until all jobs have ended. Gives how
/// many deaths there were.
async fn kill_until_all_ended(
    net: &mut TestNet,
    front: &Client,
    story: &mut Story,
) -> Result<usize, Failure> {
    let (mut dice, mut died, jobs) = (Dice(SEED), 0, usize::from(JOBS));
    let deadline = Instant::now() + PER_JOB * u32::from(JOBS);
    let mut next = Instant::now() + dice.between(LIFE_MS);
    while story.ended() < jobs {
        if died < DEATHS && Instant::now() >= next {
            let victim = dice.of(WORKERS);
            net.workers[victim].kill()?;
            sleep(dice.between(DEATH_MS)).await;
            net.workers[victim].start()?;
            died += 1;
            next = Instant::now() + dice.between(LIFE_MS);
        }
        story.read(front).await?;
        story.check_time(deadline, &format!("{jobs} ends; there were {died} deaths"))?;
        sleep(POLL).await;
    }
    Ok(died)
}

/// Whoever is dead for a moment is not late. A few jobs may wait for too long, for nothing but that
/// nobody was there.
fn most_were_paid(story: &Story) {
    let (mut refunded, jobs) = (Vec::new(), usize::from(JOBS));
    for (task, told) in &story.told {
        if let Some(End::Refunded { reason }) = told.end {
            refunded.push((*task, reason));
        }
    }
    let nobody = [RefundReason::NobodyFound, RefundReason::NobodyDelivered];
    let excused = refunded.iter().all(|(_, reason)| nobody.contains(reason));
    assert!(excused, "{refunded:?}");
    assert!(refunded.len() <= jobs / REFUNDED_OF, "of {jobs} jobs: {refunded:?}");
    let settled = story.told.values().filter(|told| told.settled().is_ok()).count();
    assert_eq!(settled + refunded.len(), jobs, "each has ended in one of two ways");
}

/// A worker that has lost its seat is not asked again, so whoever is named twice said it twice.
fn assert_nothing_was_said_twice(told: &Told) {
    let mut committed = told.committed.clone();
    let mut revealed: Vec<ProviderId> = told.revealed.iter().map(|(worker, _)| *worker).collect();
    for said in [&mut committed, &mut revealed] {
        let count = said.len();
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), count, "{told:#?}");
    }
}

/// What the owner of each worker has after the last final block.
async fn owned(net: &TestNet, front: &Client) -> Result<BTreeMap<ProviderId, i128>, Failure> {
    let block = front.finalized_head().await?;
    let mut owned = BTreeMap::new();
    for worker in &net.workers {
        let has = wealth(front, &keys::account(worker.owner())?, block).await?;
        owned.insert(worker.provider(), has);
    }
    Ok(owned)
}

/// Each is paid for what it did and for nothing else.
async fn everyone_has_what_was_earned(
    net: &TestNet,
    front: &Client,
    story: &Story,
    begun: &BTreeMap<ProviderId, i128>,
) -> Test {
    let mut expected = begun.clone();
    for told in story.told.values() {
        let Some(End::Settled { each, .. }) = told.end else { continue };
        for worker in &told.agreed {
            *expected.entry(*worker).or_default() += i128::try_from(each)?;
        }
    }
    assert_eq!(owned(net, front).await?, expected);
    Ok(())
}

/// What is put aside for the requester's tasks, without the deposits of records that are kept.
async fn escrow(front: &Client) -> Result<Amount, Failure> {
    let account = keys::account(REQUESTER)?;
    let key = pallet_balances::Holds::<Runtime>::hashed_key_for(&account);
    let block = front.finalized_head().await?;
    let holds: Option<Vec<(RuntimeHoldReason, Amount)>> = front.storage(key, Some(block)).await?;
    let escrow = RuntimeHoldReason::Tasks(HoldReason::Escrow);
    let mut holds = holds.into_iter().flatten();
    Ok(holds.find(|(reason, _)| *reason == escrow).map_or(0, |(_, amount)| amount))
}
