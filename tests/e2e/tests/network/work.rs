//! Work for real workers: what is asked of them, and what final blocks say came of it.

use std::{collections::BTreeMap, time::Duration};

use cairn_e2e::{market, Failure, Test};
use cairn_localnet::{keys, programs, tx, Client, Setup};
use cairn_order::engines;
use cairn_protocol::{
    audit::{Report, Verdict},
    challenge::Outcome,
    id::{Amount, BlockId, Digest, ProviderId, TaskId},
    job::{Job, JobKind, Payload, Policy, Requirements, Terms},
    profile::DeviceClass,
    result::WITHIN as TOLERANCE,
    spec::{Choice, InferSpec, SimulateSpec, Spec},
    task::RefundReason,
};
use cairn_runtime::{units::UNITS, AccountId, BlockNumber, Hash, RuntimeEvent};
use pallet_cairn_audits::Event as AuditEvent;
use pallet_cairn_capability::Event as CapabilityEvent;
use pallet_cairn_providers::Event as ProviderEvent;
use pallet_cairn_tasks::Event as TaskEvent;
use serde_json::{json, Value};
use tokio::time::{sleep, Instant};

use crate::calls::{self, Call};

/// Where `cairn-worker-faulty` reads what is wrong with it.
pub const FAULT: &str = "CAIRN_WORKER_FAULT";
/// Who asks for all of it.
pub const REQUESTER: &str = "Dave";
/// What each worker is offered.
const EACH: Amount = UNITS / 2;
/// What each worker is paid of that.
pub const PAID: Amount = EACH * 8 / 10;
/// More than anything takes that comes to an end, on a machine that has more to do.
const WITHIN: Duration = Duration::from_secs(400);
const STEP: Duration = Duration::from_millis(250);

/// How a task has ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    Settled { block: Hash, each: Amount, burnt: Amount },
    Refunded { reason: RefundReason },
}

/// All that was told of a task.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// By draw.
    pub assigned: Vec<Vec<ProviderId>>,
    pub committed: Vec<ProviderId>,
    pub revealed: Vec<(ProviderId, Digest)>,
    pub vacated: Vec<ProviderId>,
    pub declined: Vec<ProviderId>,
    /// How many workers were asked, each time that results contradicted each other.
    pub widened: Vec<u8>,
    /// Those whose result stands.
    pub agreed: Vec<ProviderId>,
    /// Those who were drawn to look at it.
    pub guards: Vec<ProviderId>,
    /// Guards who could not open the payload with the key that they were given.
    pub rejected: Vec<ProviderId>,
    /// What guards and workers revealed in its audit.
    pub reports: Vec<(ProviderId, Report)>,
    /// What guards were paid for that.
    pub rewards: Vec<(ProviderId, Amount)>,
    pub verdicts: Vec<Verdict>,
    pub end: Option<End>,
}

/// What final blocks tell, each read once.
pub struct Story {
    next: BlockNumber,
    pub told: BTreeMap<TaskId, Told>,
    /// Who was penalised, and for which task.
    pub penalised: Vec<(ProviderId, TaskId)>,
    /// In which block a guard was paid how much.
    pub guards_paid: Vec<(Hash, ProviderId, Amount)>,
    /// What each capability challenge found out about its members.
    pub challenges: Vec<Vec<(ProviderId, Outcome)>>,
    /// All that anybody signed, in its order.
    pub calls: Vec<Call>,
}

impl Story {
    /// From the next final block on.
    pub async fn begin(client: &Client) -> Result<Self, Failure> {
        let next = client.finalized().await?.number + 1;
        Ok(Self {
            next,
            told: BTreeMap::new(),
            penalised: Vec::new(),
            guards_paid: Vec::new(),
            challenges: Vec::new(),
            calls: Vec::new(),
        })
    }

    /// The last block that was read.
    pub fn last(&self) -> BlockNumber {
        self.next.saturating_sub(1)
    }

    pub fn of(&self, task: TaskId) -> Told {
        self.told.get(&task).cloned().unwrap_or_default()
    }

    pub fn ended(&self) -> usize {
        self.told.values().filter(|told| told.end.is_some()).count()
    }

    /// Reads whatever became final meanwhile.
    pub async fn read(&mut self, client: &Client) -> Test {
        let last = client.finalized().await?.number;
        while self.next <= last {
            let number = self.next;
            let block = client.block_hash(number).await?;
            let block = block.ok_or_else(|| Failure::new(format!("there is no block {number}")))?;
            let events = client.events(block).await?;
            self.calls.extend(calls::of(&client.block(block).await?, &events)?);
            for event in events {
                self.note(block, event.event);
            }
            self.next += 1;
        }
        Ok(())
    }

    /// Reads on until it is so.
    pub async fn wait(&mut self, client: &Client, what: &str, so: impl Fn(&Self) -> bool) -> Test {
        let deadline = Instant::now() + WITHIN;
        loop {
            self.read(client).await?;
            if so(self) {
                return Ok(());
            }
            self.check_time(deadline, what)?;
            sleep(STEP).await;
        }
    }

    /// Until when something may take that begins now.
    pub fn deadline() -> Instant {
        Instant::now() + WITHIN
    }

    pub fn check_time(&self, deadline: Instant, what: &str) -> Test {
        if Instant::now() < deadline {
            return Ok(());
        }
        Err(Failure::new(format!("waited for {what}; so far: {:#?}", self.told)))
    }

    fn note(&mut self, block: Hash, event: RuntimeEvent) {
        match event {
            RuntimeEvent::Tasks(event) => self.note_task(block, event),
            RuntimeEvent::Audits(event) => self.note_audit(block, event),
            RuntimeEvent::Providers(ProviderEvent::SlashQueued { provider, subject, .. }) => {
                self.penalised.push((provider, TaskId(subject)));
            }
            RuntimeEvent::Capability(CapabilityEvent::Judged { outcomes, .. }) => {
                self.challenges.push(outcomes);
            }
            _ => {}
        }
    }

    fn note_audit(&mut self, block: Hash, event: AuditEvent<cairn_runtime::Runtime>) {
        match event {
            AuditEvent::Drawn { task, guards, .. } => self.at(task).guards.extend(guards),
            AuditEvent::KeyRejected { task, guard } => self.at(task).rejected.push(guard),
            AuditEvent::Revealed { task, provider, report } => {
                self.at(task).reports.push((provider, report));
            }
            AuditEvent::Judged { task, verdict } => self.at(task).verdicts.push(verdict),
            AuditEvent::Paid { task, guards } => {
                let paid = guards.iter().map(|(guard, amount)| (block, *guard, *amount));
                self.guards_paid.extend(paid);
                self.at(task).rewards.extend(guards);
            }
            _ => {}
        }
    }

    fn note_task(&mut self, block: Hash, event: TaskEvent<cairn_runtime::Runtime>) {
        match event {
            TaskEvent::Assigned { task, providers, .. } => self.at(task).assigned.push(providers),
            TaskEvent::Committed { task, provider, .. } => self.at(task).committed.push(provider),
            TaskEvent::Revealed { task, provider, answer } => {
                self.at(task).revealed.push((provider, answer));
            }
            TaskEvent::Vacated { task, provider } => self.at(task).vacated.push(provider),
            TaskEvent::Declined { task, provider, .. } => self.at(task).declined.push(provider),
            TaskEvent::Contradicted { task, redundancy } => self.at(task).widened.push(redundancy),
            TaskEvent::Agreed { task, by, .. } => self.at(task).agreed = by,
            TaskEvent::Settled { task, each, burnt } => {
                self.at(task).end = Some(End::Settled { block, each, burnt });
            }
            TaskEvent::Refunded { task, reason, .. } => {
                self.at(task).end = Some(End::Refunded { reason });
            }
            _ => {}
        }
    }

    fn at(&mut self, task: TaskId) -> &mut Told {
        self.told.entry(task).or_default()
    }
}

impl Told {
    /// Fails unless each of these, and nobody else, has committed once and revealed once, and all
    /// have revealed the same.
    pub fn assert_each_once(&self, workers: &[ProviderId]) {
        let mut workers = workers.to_vec();
        workers.sort_unstable();
        let mut committed = self.committed.clone();
        committed.sort_unstable();
        assert_eq!(committed, workers, "commitments: {self:#?}");
        let mut revealed: Vec<_> = self.revealed.iter().map(|(worker, _)| *worker).collect();
        revealed.sort_unstable();
        assert_eq!(revealed, workers, "reveals: {self:#?}");
        let same = self.revealed.windows(2).all(|pair| pair[0].1 == pair[1].1);
        assert!(same, "all should have come to the same: {self:#?}");
    }

    /// The block that it was paid in, what each was paid, and what was burnt.
    pub fn settled(&self) -> Result<(Hash, Amount, Amount), Failure> {
        match self.end {
            Some(End::Settled { block, each, burnt }) => Ok((block, each, burnt)),
            _ => Err(Failure::new(format!("the task should be paid: {self:#?}"))),
        }
    }
}

/// A worker whose program can be told to fail, with this fault at its first start if any.
pub fn faulty(fault: Option<&str>) -> Result<Setup, Failure> {
    let program = Some(programs::find("cairn-worker-faulty")?);
    let environment = fault.map(|fault| (FAULT.to_owned(), fault.to_owned())).into_iter().collect();
    Ok(Setup { program, environment, guard: false, ..Setup::default() })
}

/// A ball that falls, another one for each number, looked at so many steps later.
pub fn simulation(number: u8, steps: u32, redundancy: u8, now: BlockNumber) -> Terms {
    let ball = json!({ "shape": { "ball": { "radius": 0.5 } } });
    let position = [0, u16::from(number) + 1, 0];
    let scene = json!({
        "form": "cairn-scene-1",
        "gravity": [0, -9.81, 0],
        "timestep": 0.001,
        "bodies": [{ "kind": "dynamic", "position": position, "colliders": [ball] }],
    });
    let job = Job {
        kind: JobKind::Simulate,
        model: None,
        engine: engines::simulate(),
        input: Payload::Inline(scene.to_string().into_bytes().try_into().expect("short")),
        parameters: Spec::Simulate(SimulateSpec { steps, every: 0 }).encode(),
        seed: [number; 32],
        units: steps.into(),
        sampled: false,
    };
    terms(job, Policy::Replicated, redundancy, now)
}

/// A few words of a model.
pub fn text(model: BlockId, redundancy: u8, now: BlockNumber) -> Terms {
    let (most, choice, stops) = (4, Choice::Greedy, Default::default());
    let job = Job {
        kind: JobKind::Infer,
        model: Some(model),
        engine: engines::exact(),
        input: Payload::Inline(b"the red hen".to_vec().try_into().expect("short")),
        parameters: Spec::Infer(InferSpec { most, choice, stops }).encode(),
        seed: [1; 32],
        units: most.into(),
        sampled: false,
    };
    terms(job, Policy::Proven, redundancy, now)
}

/// The same in floats, which is judged by fingerprints.
pub fn float_text(model: BlockId, redundancy: u8, now: BlockNumber) -> Terms {
    let exact = text(model, redundancy, now);
    let job = Job { engine: engines::float(), ..exact.job };
    terms(job, Policy::Tolerance { within: TOLERANCE }, redundancy, now)
}

fn terms(job: Job, policy: Policy, redundancy: u8, now: BlockNumber) -> Terms {
    Terms {
        job,
        policy,
        redundancy,
        requirements: Requirements::any(DeviceClass::Cpu),
        reward: EACH * Amount::from(redundancy),
        tip: 0,
        match_by: now + 600,
        work_blocks: 240,
        seal: None,
        output_bytes: 1_024,
        auditable: false,
    }
}

/// Submits these, one after another. On a network that has just begun the nth becomes the nth task.
pub async fn submit(client: &Client, all: &[Terms]) -> Test {
    let (signer, signing) = (keys::signer(REQUESTER)?, client.signing().await?);
    let first = client.nonce(&keys::account(REQUESTER)?).await?;
    for (nonce, terms) in (first..).zip(all) {
        client.submit(&tx::sign(market::submit(terms), &signer, nonce, &signing)).await?;
    }
    Ok(())
}

/// Everything known of a provider.
pub async fn provider(client: &Client, provider: ProviderId) -> Result<Value, Failure> {
    Ok(client.ask("cairn_provider", &[json!(provider.0)]).await?)
}

/// All that an account has after a block, put aside or not.
pub async fn wealth(client: &Client, account: &AccountId, block: Hash) -> Result<i128, Failure> {
    let data = client.account(account, Some(block)).await?.data;
    Ok(i128::try_from(data.free + data.reserved)?)
}

/// What an account gained in a block.
pub async fn gain(client: &Client, account: &AccountId, block: Hash) -> Result<i128, Failure> {
    let before = client.header(block).await?.parent_hash;
    Ok(wealth(client, account, block).await? - wealth(client, account, before).await?)
}
