//! Sealed results that guards look at: with the key that they are given they come to what the
//! worker did, and a false key they reject, as workers do, although they are killed at that.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
    time::Duration,
};

use cairn_e2e::{market::execute, Failure, Said, Test, TestNet, User};
use cairn_localnet::{tx, Client, Market as Offered, Setup};
use cairn_protocol::{
    audit::{record::AuditWaitsFor, Verdict},
    id::{BlockId, Digest, ProviderId, TaskId},
    job::{Seal, Terms, WrappedKey},
    view::WaitsFor,
};
use cairn_runtime::{units::UNITS, Treasury};
use cairn_sdk::{calls, Chain, Market, Outbox, Signer};
use cairn_vault::{wrap, Kept, Seat};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    calls::{said_by, What},
    command::hex,
    deaths::{around, Deaths},
    sealed::{
        connect, found, terms, the_result_is_for_its_requester, with_another_salt, Watch, FALSE,
        MOST, REQUESTER, SEALER, SECRET,
    },
    work::{faulty, Story, Told},
};

/// One works at each task, three look at what it did, and one may be busy.
const WORKERS: usize = 5;
const GUARDS: usize = 3;
/// So many of the guards can reject a key until nobody looks any more.
const MOST_GUARDS: usize = 2;
/// Whoever rejects a key is killed before it records that, and when it has.
const REJECTED: [&str; 1] = ["rejected"];
const POLL: Duration = Duration::from_millis(200);

/// A requester who gives its worker the key, and guards one with another salt, or the other way
/// round.
struct Sealer {
    chain: Chain,
    outbox: Outbox,
    genesis: Digest,
    task: TaskId,
    kept: Kept,
    falsified: Kept,
}

impl Sealer {
    async fn submit(url: &str, model: BlockId, folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder)?;
        let chain = connect(url).await?;
        let signer = Signer::dev(SEALER)?;
        let (genesis, requester) = (chain.genesis().0, signer.account());
        let (kept, payload, context) = Kept::seal(FALSE.as_bytes(), &genesis, &requester.0)?;
        let falsified = with_another_salt(&kept, &folder.join("kept.key"))?;
        let now = u32::try_from(chain.market().await?.at().block_number())?;
        let seal = Seal { commitment: context.commitment, key_blocks: 40 };
        let terms = Terms { auditable: true, ..terms(model, payload, seal, now)? };
        let outbox = Outbox::open(&folder.join("outbox"), signer, chain.clone())?;
        outbox.submit("task", &calls::submit(terms)).await?.succeeded().await?;
        let tasks = chain.market().await?.tasks_of(&requester).await?;
        let task = tasks.into_iter().max();
        let task = task.ok_or_else(|| Failure::new("the task is not there"))?;
        Ok(Self { chain, outbox, genesis, task, kept, falsified })
    }

    /// The same who gives its workers the false key.
    fn false_to_workers(self) -> Self {
        Self { kept: self.falsified, falsified: self.kept, ..self }
    }

    /// A key for all who wait for one: of the task, or of its audit.
    async fn hand_out(&self) -> Test {
        let market = self.chain.market().await?;
        let Some(view) = market.task(self.task).await? else { return Ok(()) };
        let mut tickets = Vec::new();
        if let WaitsFor::Keys(waiting) = &view.waits_for {
            for seat in view.seats.iter().filter(|seat| waiting.contains(&seat.provider)) {
                let (worker, generation) = (seat.provider, seat.generation);
                let key = self.wrapped(&market, &self.kept, worker, generation).await?;
                let call = calls::post_key(self.task, worker, key);
                let purpose = format!("key of worker {} in round {}", worker.0, seat.round);
                tickets.push(self.outbox.submit(&purpose, &call).await?);
            }
        }
        let audit = market.audit(self.task).await?;
        if let Some(AuditWaitsFor::Keys(waiting)) = audit.map(|audit| audit.waits_for) {
            for guard in waiting {
                let key = self.wrapped(&market, &self.falsified, guard, 0).await?;
                let call = calls::post_guard_key(self.task, guard, key);
                let purpose = format!("key of guard {}", guard.0);
                tickets.push(self.outbox.submit(&purpose, &call).await?);
            }
        }
        for ticket in &tickets {
            ticket.succeeded().await?;
        }
        Ok(())
    }

    async fn wrapped(
        &self,
        market: &Market,
        kept: &Kept,
        provider: ProviderId,
        generation: u32,
    ) -> Result<WrappedKey, Failure> {
        let known = market.provider(provider).await?;
        let key = known.and_then(|known| known.profile.0.payload_key);
        let key = key.ok_or_else(|| Failure::new("somebody was drawn who has no key"))?;
        let seat = Seat { task: self.task, provider, generation };
        Ok(wrap(kept.opening(), &key, seat, &self.genesis)?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_should_read_with_the_key_they_are_given_and_all_reject_a_false_one() -> Test {
    let mut deaths = Deaths::of(vec![around("guard", &REJECTED); WORKERS]);
    let setup = Setup { guard: true, ..faulty(deaths.next(0))? };
    // A guard of both tasks, which is killed for the one, is not to be late for the other.
    let patch = json!({ "launch": { "revealBlocks": 60, "auditShare": 1_000_000 } });
    let mut net = TestNet::with_setups(vec![setup; WORKERS], patch).await?;
    let front = net.client(0).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    // Guards are paid by the treasury.
    execute(&front, "Alice", tx::transfer(Treasury::account_id(), 100 * UNITS)).await?;

    let mut story = Story::begin(&front).await?;
    let home = market.archive.parent().map(Path::to_owned).unwrap_or_default();
    let watch = Watch::begin(home.clone());
    let asking = ask(&net, &market);
    let (url, folder) = (net.nodes[0].rpc_url(), net.scratch().join("sealer"));
    let sealer = Sealer::submit(&url, market.model, &folder).await?;
    let deadline = Story::deadline();
    while story.ended() < 2 {
        deaths.revive(&mut net)?;
        sealer.hand_out().await?;
        story.read(&front).await?;
        story.check_time(deadline, "both ends")?;
        sleep(POLL).await;
    }

    let broken = |_| Failure::new("the command was given up by this test");
    let paid = asking.join().map_err(broken)??.ended(0);
    assert_eq!(paid.json["stage"], "Settled", "{:#?}", paid.outcome);
    the_result_is_for_its_requester(&net, &market.folder.display().to_string(), &paid)?;
    guards_came_to_the_same(&story.of(TaskId(paid.number("task"))))?;
    guards_rejected_the_key(&net, &story, &deaths, sealer.task)?;
    worker_should_reject_the_key(&mut net, &front, &mut story, market.model).await?;
    assert!(story.penalised.is_empty(), "{:?}", story.penalised);
    let during = watch.end()?;
    assert!(during.is_empty(), "a payload was in {during:?}");
    nothing_is_left(&net, &home)?;
    net.check_alive()?;
    net.passed()
}

/// A sealed task that one worker does and guards look at: one command asks for it, and another
/// hands out its keys and waits.
fn ask(net: &TestNet, market: &Offered) -> JoinHandle<Result<Said, Failure>> {
    let user = User::new(net, REQUESTER);
    let (model, archive) = (hex(&market.model.0), market.archive.display().to_string());
    thread::spawn(move || {
        let ask = ["submit", "infer", "--model", &model, "--prompt", SECRET, "--most", MOST];
        let how = ["--sealed", "--auditable", "--redundancy", "1", "--archive", &archive];
        let submitted = user.cairn(&[ask.as_slice(), &how].concat())?.ended(0);
        user.cairn(&["unlock", &submitted.number("task").to_string()])
    })
}

/// Worker and guards reveal one result and one trace, and guards are paid for it.
fn guards_came_to_the_same(told: &Told) -> Test {
    assert_eq!(told.verdicts, [Verdict::Confirmed], "{told:#?}");
    assert_eq!((told.guards.len(), told.reports.len()), (GUARDS, GUARDS + 1), "{told:#?}");
    assert!(told.reports.windows(2).all(|pair| pair[0].1 == pair[1].1), "{told:#?}");
    assert!(told.reports.iter().all(|(_, report)| report.trace != Digest::default()), "{told:#?}");
    assert!(told.rejected.is_empty(), "{told:#?}");
    let paid: BTreeSet<ProviderId> = told.rewards.iter().map(|(guard, _)| *guard).collect();
    let drawn: BTreeSet<ProviderId> = told.guards.iter().copied().collect();
    assert_eq!(paid, drawn, "{told:#?}");
    assert!(told.rewards.iter().all(|(_, reward)| *reward > 0), "{told:#?}");
    told.settled().map(drop)
}

/// Each said so once, though it was killed as it did; nobody is paid for looking, the worker is for
/// its work.
fn guards_rejected_the_key(net: &TestNet, story: &Story, deaths: &Deaths, task: TaskId) -> Test {
    let told = story.of(task);
    assert_eq!(told.verdicts, [Verdict::Passed], "{told:#?}");
    assert!(told.rejected.len() >= MOST_GUARDS, "{told:#?}");
    assert!(told.rejected.iter().all(|guard| told.guards.contains(guard)), "{told:#?}");
    assert!(told.reports.is_empty() && told.rewards.is_empty(), "{told:#?}");
    for (index, worker) in net.workers.iter().enumerate() {
        if told.rejected.contains(&worker.provider()) {
            let said = said_by(story, index)?;
            assert_eq!(said.get(&(What::AuditReject, task)), Some(&1), "{said:?}");
            assert_eq!(deaths.left(index), 0, "{}", worker.name());
        }
    }
    told.settled().map(drop)
}

/// All workers die twice at what they record who reject a key, and the first that is drawn for a
/// task that it cannot open still says so, once.
async fn worker_should_reject_the_key(
    net: &mut TestNet,
    front: &Client,
    story: &mut Story,
    model: BlockId,
) -> Test {
    let mut deaths = Deaths::of(vec![around("worker", &REJECTED); WORKERS]);
    for worker in 0..WORKERS {
        net.workers[worker].kill()?;
        deaths.start(net, worker)?;
    }
    let (url, folder) = (net.nodes[0].rpc_url(), net.scratch().join("liar"));
    let sealer = Sealer::submit(&url, model, &folder).await?.false_to_workers();
    let said = (What::Reject, sealer.task);
    let deadline = Story::deadline();
    let worker = loop {
        deaths.revive(net)?;
        sealer.hand_out().await?;
        story.read(front).await?;
        if let Some(worker) = who_said(story, said)? {
            break worker;
        }
        story.check_time(deadline, "a worker that rejects its key")?;
        sleep(POLL).await;
    };
    assert_eq!(deaths.left(worker), 0, "{}", net.workers[worker].name());
    assert_eq!(said_by(story, worker)?.get(&said), Some(&1));
    let taken = story.calls.iter().any(|call| call.said == Some(said) && !call.failed);
    assert!(taken, "{:?}", story.calls);
    Ok(())
}

/// The place of a worker that has said this.
fn who_said(story: &Story, said: (What, TaskId)) -> Result<Option<usize>, Failure> {
    for worker in 0..WORKERS {
        if said_by(story, worker)?.contains_key(&said) {
            return Ok(Some(worker));
        }
    }
    Ok(None)
}

/// Of neither payload is anything on any disk. What is there would be found.
fn nothing_is_left(net: &TestNet, home: &Path) -> Test {
    for words in [SECRET, FALSE] {
        let files = found(net.base_path(), words);
        assert!(files.is_empty(), "a payload is in {files:?}");
        let open = net.workers.iter().map(|worker| home.join(worker.name()).join("private/open"));
        let control: BTreeSet<PathBuf> = open.collect();
        for file in &control {
            fs::write(file, words)?;
        }
        assert_eq!(found(home, words), control);
    }
    Ok(())
}
