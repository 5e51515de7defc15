//! The market between real nodes: work is submitted to one, and watched through another.

use cairn_e2e::{Failure, Test};
use cairn_localnet::{keys, Client, Network, Options};
use cairn_protocol::{
    id::{Digest, EngineId, ProviderId, Region, TaskId},
    job::{Job, JobKind, Payload, Policy, Requirements, Terms},
    preimage::{ResultCommitment, Statement},
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role},
    result::{Answer, Output},
};
use cairn_runtime::{units::UNITS, RuntimeCall};
use codec::Encode;
use serde_json::{json, Value};
use std::time::{Duration, Instant};

const WORKERS: [&str; 3] = ["Charlie", "Eve", "Ferdie"];
const REQUESTER: &str = "Dave";
const ENGINE: EngineId = EngineId([1; 32]);
const SALT: Digest = [9; 32];
/// A seed takes 17 blocks, and a result stands for ten.
const WITHIN: Duration = Duration::from_secs(90);

fn profile(n: u8) -> Profile {
    Profile {
        hardware: Hardware {
            class: DeviceClass::Cpu,
            memory_mib: 8_192,
            compute: 0,
            // One is taken while a challenge is open, which nobody here answers.
            slots: 2,
            binding: [n; 32],
        },
        region: Region(0x0101),
        offers: Offers(vec![Offer { kind: JobKind::Wasm, price: 1 }].try_into().expect("one")),
        payload_key: None,
        node: [n; 32],
        enclave: None,
    }
}

fn terms(match_by: u32) -> Terms {
    Terms {
        job: Job {
            kind: JobKind::Wasm,
            model: None,
            engine: ENGINE,
            input: Payload::Inline(vec![1, 2, 3].try_into().expect("short")),
            parameters: Default::default(),
            seed: [3; 32],
            units: 100,
            sampled: false,
        },
        policy: Policy::Replicated,
        redundancy: 3,
        requirements: Requirements {
            class: DeviceClass::Cpu,
            memory_mib: 0,
            compute: 0,
            throughput: 0,
            within: None,
            near: None,
            reputation: 0,
            enclave: false,
        },
        reward: 3 * UNITS,
        tip: 0,
        match_by,
        work_blocks: 60,
        seal: None,
        output_bytes: 16,
        auditable: false,
    }
}

async fn execute(client: &Client, seed: &str, call: impl Into<RuntimeCall>) -> Test {
    client.execute(call.into(), &keys::signer(seed)?, WITHIN).await?;
    Ok(())
}

fn hex(bytes: impl Encode) -> Value {
    sp_core::bytes::to_hex(&bytes.encode(), false).into()
}

async fn task(client: &Client) -> Result<Value, Failure> {
    Ok(client.ask("cairn_task", &[json!(0)]).await?)
}

async fn wait_for(client: &Client, stage: &str) -> Result<Value, Failure> {
    let until = Instant::now() + WITHIN;
    loop {
        let task = task(client).await?;
        if task["stage"] == stage {
            return Ok(task);
        }
        assert!(Instant::now() < until, "{stage} was not reached: {task}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn register(client: &Client) -> Test {
    for (n, seed) in (0u8..).zip(WORKERS) {
        let register = pallet_cairn_providers::Call::register {
            operator: keys::account(seed)?,
            profile: Box::new(profile(n)),
            roles: [Role::Compute].into_iter().collect(),
            bond: 200 * UNITS,
        };
        execute(client, seed, register).await?;
        let heartbeat = pallet_cairn_providers::Call::heartbeat { provider: ProviderId(n.into()) };
        execute(client, seed, heartbeat).await?;
    }
    Ok(())
}

/// Has all workers do the same, at once.
async fn all(client: &Client, call: impl Fn(&Value) -> RuntimeCall) -> Test {
    let seats = task(client).await?["seats"].as_array().cloned().unwrap_or_default();
    assert_eq!(seats.len(), 3);
    for seat in seats {
        let seed = WORKERS[seat["provider"].as_u64().expect("an id") as usize];
        execute(client, seed, call(&seat)).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn task_should_be_paid_when_its_workers_agree() -> Test {
    let state = tempfile::tempdir()?;
    let mut options = Options::new(state.path());
    options.validators = 2;
    let mut network = Network::start(options).await?;
    let (front, watched) = (network.client(0).await?, network.client(1).await?);
    front.wait_finalized(3, WITHIN).await?;
    register(&front).await?;

    let requester = json!(keys::account(REQUESTER)?);
    let terms = terms(front.best().await?.number + 100);
    let quote: Value = front.ask("cairn_quote", &[requester.clone(), hex(&terms)]).await?;
    assert_eq!(quote["providers"]["fit"], 3, "{quote}");
    // A fixed part, and one per cent.
    assert_eq!(quote["fee"], (UNITS / 100 + UNITS * 3 / 100).to_string());

    let submit = |terms: &Terms| {
        RuntimeCall::Tasks(pallet_cairn_tasks::Call::submit { terms: Box::new(terms.clone()) })
    };
    let refused = submit(&Terms { redundancy: 2, ..terms.clone() });
    let why: Value = front.ask("cairn_check", &[requester.clone(), hex(&refused)]).await?;
    assert_eq!(why, json!({ "error": "EvenRedundancy" }));
    let accepted = submit(&terms);
    let fine: Value = front.ask("cairn_check", &[requester.clone(), hex(&accepted)]).await?;
    assert_eq!(fine, Value::Null);
    execute(&front, REQUESTER, accepted).await?;

    let assigned = wait_for(&watched, "Assigned").await?;
    assert_eq!(assigned["waitsFor"]["who"], "workers");
    let answer = Answer {
        engine: ENGINE,
        output: Output::Inline(vec![42].try_into().expect("short")),
        fingerprint: None,
        units: 100,
    };
    let genesis = front.genesis().0;
    all(&front, |seat| {
        let opened = ResultCommitment {
            task: TaskId(0),
            round: seat["round"].as_u64().expect("a number") as u16,
            provider: ProviderId(seat["provider"].as_u64().expect("an id")),
            generation: 0,
            answer: answer.digest(&genesis),
            salt: SALT,
        };
        let commitment = opened.digest(&genesis);
        RuntimeCall::Tasks(pallet_cairn_tasks::Call::commit { task: TaskId(0), commitment })
    })
    .await?;
    wait_for(&front, "Committed").await?;
    all(&front, |_| {
        RuntimeCall::Tasks(pallet_cairn_tasks::Call::reveal {
            task: TaskId(0),
            answer: Box::new(answer.clone()),
            salt: SALT,
        })
    })
    .await?;

    let settled = wait_for(&watched, "Settled").await?;
    assert_eq!(settled["answers"][0]["answer"], hex(&answer));
    let tasks: Value = watched.ask("cairn_tasksOf", &[requester]).await?;
    assert_eq!(tasks, json!([0]));
    let provider: Value = watched.ask("cairn_provider", &[json!(0)]).await?;
    // No task is left; a challenge may be.
    assert!(provider["load"].as_u64() <= Some(1), "{provider}");
    assert_eq!(provider["reputation"][0]["kind"], "Wasm");
    assert!(provider["reputation"][0]["standing"].as_u64() > Some(500_000), "{provider}");
    network.stop().await?;
    Ok(())
}
