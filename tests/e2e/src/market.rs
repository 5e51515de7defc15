//! A market on a real network: who works there, what is asked of them, and what they answer.

use crate::{Failure, Test};
use cairn_localnet::{
    keys,
    wait::{until, Seen},
    Client,
};
use cairn_protocol::{
    id::{Amount, Digest, EngineId, ProviderId, Region, TaskId},
    job::{Job, JobKind, Payload, Policy, Requirements, Terms},
    preimage::{ResultCommitment, Statement},
    profile::{DeviceClass, Hardware, Offer, Offers, Profile, Role},
    result::{Answer, Output},
};
use cairn_runtime::{units::UNITS, RuntimeCall};
use codec::Encode;
use serde_json::{json, Value};
use std::{collections::BTreeMap, time::Duration};

/// What all of them salt what they commit to with.
pub const SALT: Digest = [9; 32];
/// A seed takes 17 blocks, and a result stands for ten; the rest is patience.
const WITHIN: Duration = Duration::from_secs(240);
const ENGINE: EngineId = EngineId([1; 32]);

/// The only task of a network that has just begun.
pub const TASK: TaskId = TaskId(0);

/// Signs a call for the account of a development seed, and waits until it has succeeded.
pub async fn execute(client: &Client, seed: &str, call: impl Into<RuntimeCall>) -> Test {
    client.execute(call.into(), &keys::signer(seed)?, WITHIN).await?;
    Ok(())
}

/// The same of calls that are not about each other, all at once: each waits until it is final.
pub async fn execute_all<'s>(
    client: &Client,
    calls: impl IntoIterator<Item = (&'s str, RuntimeCall)>,
) -> Test {
    let mut sent = Vec::new();
    for (seed, call) in calls {
        sent.push(client.send(call, &keys::signer(seed)?).await?);
    }
    for one in sent {
        client.executed(one, WITHIN).await?;
    }
    Ok(())
}

/// What the JSON-RPC takes for something in SCALE.
pub fn hex(bytes: impl Encode) -> Value {
    sp_core::bytes::to_hex(&bytes.encode(), false).into()
}

/// Registers a provider for each of these seeds, on a chain that has none. Gives the seeds in the
/// order of their providers: the nth of them has the nth.
pub async fn enlist<'s>(
    client: &Client,
    seeds: &[&'s str],
    roles: &[Role],
    bond: Amount,
) -> Result<Vec<&'s str>, Failure> {
    let mut registering = Vec::new();
    for (n, seed) in (0u8..).zip(seeds) {
        let register = pallet_cairn_providers::Call::register {
            operator: keys::account(seed)?,
            profile: Box::new(profile(n)),
            roles: roles.iter().copied().collect(),
            bond,
        };
        registering.push((*seed, RuntimeCall::Providers(register)));
    }
    execute_all(client, registering).await?;
    let mut owners = BTreeMap::new();
    for seed in seeds {
        let owned: Value = client.ask("cairn_providersOf", &[json!(keys::account(seed)?)]).await?;
        owners.extend(ids(&owned).into_iter().map(|provider| (provider, *seed)));
    }
    let beats = owners.iter().map(|(provider, seed)| {
        let heartbeat = pallet_cairn_providers::Call::heartbeat { provider: *provider };
        (*seed, RuntimeCall::Providers(heartbeat))
    });
    execute_all(client, beats).await?;
    Ok(owners.into_values().collect())
}

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

/// A task of three workers whose answers are compared.
pub async fn terms(client: &Client, auditable: bool) -> Result<Terms, Failure> {
    let now = client.best().await?.number;
    Ok(Terms {
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
        requirements: Requirements::any(DeviceClass::Cpu),
        reward: 3 * UNITS,
        tip: 0,
        match_by: now + 300,
        // Of six who answer each waits until it is final, on a machine that may have more to do.
        work_blocks: 240,
        seal: None,
        output_bytes: 16,
        auditable,
    })
}

pub fn submit(terms: &Terms) -> RuntimeCall {
    RuntimeCall::Tasks(pallet_cairn_tasks::Call::submit { terms: Box::new(terms.clone()) })
}

pub fn answer(output: u8) -> Answer {
    Answer {
        engine: ENGINE,
        output: Output::Inline(vec![output].try_into().expect("short")),
        fingerprint: None,
        units: 100,
    }
}

/// Has all workers of the task, the nth provider being of the nth seed, commit and then reveal. Gives
/// them in the order of their seats, which the answers have too.
pub async fn deliver(
    client: &Client,
    seeds: &[&str],
    answers: &[Answer; 3],
) -> Result<[ProviderId; 3], Failure> {
    let genesis = client.genesis().0;
    // Another node may have seen them first.
    let assigned = wait_for(client, "workers", |task| task["stage"] == "Assigned").await?;
    let seats = assigned["seats"].as_array().cloned().unwrap_or_default();
    let workers = seats.iter().map(|seat| id_of(&seat["provider"])).collect::<Option<Vec<_>>>();
    let workers: [ProviderId; 3] =
        workers.and_then(|workers| workers.try_into().ok()).expect("three work at it");
    let by = |worker: &ProviderId| seeds[worker.0 as usize];
    let mut commitments = Vec::new();
    for ((worker, seat), answer) in workers.iter().zip(&seats).zip(answers) {
        let opened = ResultCommitment {
            task: TASK,
            round: seat["round"].as_u64().expect("a number") as u16,
            provider: *worker,
            generation: 0,
            answer: answer.digest(&genesis),
            salt: SALT,
        };
        let commitment = opened.digest(&genesis);
        let commit = pallet_cairn_tasks::Call::commit { task: TASK, commitment };
        commitments.push((by(worker), RuntimeCall::Tasks(commit)));
    }
    execute_all(client, commitments).await?;
    wait_for(client, "results may be shown", |task| task["stage"] == "Committed").await?;
    let reveals = workers.iter().zip(answers).map(|(worker, answer)| {
        let answer = Box::new(answer.clone());
        let reveal = pallet_cairn_tasks::Call::reveal { task: TASK, answer, salt: SALT };
        (by(worker), RuntimeCall::Tasks(reveal))
    });
    execute_all(client, reveals).await?;
    Ok(workers)
}

/// What the JSON-RPC says of the task.
async fn task(client: &Client) -> cairn_localnet::Result<Value> {
    client.ask("cairn_task", &[json!(TASK.0)]).await
}

/// Waits until what it says is so.
pub async fn wait_for(
    client: &Client,
    what: &str,
    so: impl Fn(&Value) -> bool,
) -> Result<Value, Failure> {
    let seen = || async {
        let task = task(client).await?;
        Ok(if so(&task) { Seen::Yes(task) } else { Seen::NotYet(task.to_string()) })
    };
    Ok(until(what, WITHIN, seen).await?)
}

/// The ids of a list in the JSON-RPC's answer.
pub fn ids(those: &Value) -> Vec<ProviderId> {
    those.as_array().into_iter().flatten().filter_map(id_of).collect()
}

fn id_of(one: &Value) -> Option<ProviderId> {
    one.as_u64().map(ProviderId)
}
