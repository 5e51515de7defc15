//! The market between real nodes: work is submitted to one, and watched through another.

use cairn_e2e::{
    market::{
        answer, deliver, enlist, execute, execute_all, hex, ids, submit, terms, wait_for, SALT,
        TASK,
    },
    Test, TestNet, FIRST_BLOCKS,
};
use cairn_localnet::{keys, tx, Client};
use cairn_protocol::{
    audit::{Finding, Report},
    id::ProviderId,
    job::Terms,
    preimage::{AuditCommitment, Statement},
    profile::Role,
};
use cairn_runtime::{units::UNITS, RuntimeCall, Treasury};
use serde_json::{json, Value};

#[tokio::test(flavor = "multi_thread")]
async fn task_should_be_paid_when_its_workers_agree() -> Test {
    let workers = ["Charlie", "Eve", "Ferdie"];
    let net = TestNet::start(2).await?;
    let (front, watched) = (net.client(0).await?, net.client(1).await?);
    front.wait_finalized(3, FIRST_BLOCKS).await?;
    let workers = enlist(&front, &workers, &[Role::Compute], 200 * UNITS).await?;

    let requester = json!(keys::account("Dave")?);
    let terms = terms(&front, false).await?;
    let quote: Value = front.ask("cairn_quote", &[requester.clone(), hex(&terms)]).await?;
    for counted in ["pool", "lookedAt", "fit", "parties", "eligible"] {
        assert_eq!(quote["providers"][counted], 3, "{counted}: {quote}");
    }
    // The seed takes so long, and nothing else is to be done.
    assert_eq!(quote["waitBlocks"], 18, "{quote}");
    assert_eq!((&quote["lack"], &quote["why"]), (&Value::Null, &json!("")), "{quote}");
    // A fixed part, and one per cent.
    assert_eq!(quote["fee"], (UNITS / 100 + UNITS * 3 / 100).to_string());

    let refused = submit(&Terms { redundancy: 2, ..terms.clone() });
    let why: Value = front.ask("cairn_check", &[requester.clone(), hex(&refused)]).await?;
    assert_eq!(why, json!({ "error": "Tasks::EvenRedundancy" }));
    let accepted = submit(&terms);
    let fine: Value = front.ask("cairn_check", &[requester.clone(), hex(&accepted)]).await?;
    assert_eq!(fine, Value::Null);
    execute(&front, "Dave", accepted).await?;

    let assigned = wait_for(&watched, "workers", |task| task["stage"] == "Assigned").await?;
    assert_eq!(assigned["waitsFor"]["who"], "workers");
    assert_eq!(assigned["waitsFor"]["what"], "commitments");
    deliver(&front, &workers, &[answer(42), answer(42), answer(42)]).await?;

    let settled = wait_for(&watched, "payment", |task| task["stage"] == "Settled").await?;
    assert_eq!(settled["answers"][0]["answer"], hex(answer(42)));
    let tasks: Value = watched.ask("cairn_tasksOf", std::slice::from_ref(&requester)).await?;
    assert_eq!(tasks, json!([0]));
    let after_it: Value = watched.ask("cairn_tasksOf", &[requester, json!(0)]).await?;
    assert_eq!(after_it, json!([]));
    // Each has registered one; the requester has none.
    for (owner, owned) in [(workers[0], json!([0])), (workers[2], json!([2])), ("Dave", json!([]))]
    {
        let owner = json!(keys::account(owner)?);
        let providers: Value = watched.ask("cairn_providersOf", &[owner]).await?;
        assert_eq!(providers, owned);
    }
    let provider: Value = watched.ask("cairn_provider", &[json!(0)]).await?;
    // No task is left; a challenge may be.
    assert!(provider["load"].as_u64() <= Some(1), "{provider}");
    assert_eq!(provider["reputation"][0]["kind"], "Wasm");
    let record = &provider["reputation"][0];
    assert!(record["standing"].as_u64() > Some(500_000), "{provider}");
    assert!(record["accuracy"].as_u64() > Some(500_000), "{provider}");
    assert!(record["timeliness"].is_u64() && record["availability"].is_u64(), "{provider}");
    assert!(record["volume"].as_u64() > Some(0), "{provider}");
    assert!(provider["compute"].is_u64() && provider["enclave"].is_null(), "{provider}");
    net.passed()
}

/// Those whom the audit waits for, with what they are to do.
fn audit_waits_for(task: &Value, what: &str) -> bool {
    task["audit"]["waitsFor"]["what"] == what
}

/// What comes out if it is computed again, and how.
fn report(client: &Client, output: u8) -> Report {
    let gist = answer(output).gist(&client.genesis().0);
    Report { finding: Finding::Answer(gist), trace: [8; 32] }
}

/// Two of three workers say the same wrong thing. They are the majority, and guards are drawn to
/// look at what was contradicted.
#[tokio::test(flavor = "multi_thread")]
async fn liars_should_lose_to_guards_when_they_are_the_majority() -> Test {
    let providers = ["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"];
    let net = TestNet::start(2).await?;
    let (front, watched) = (net.client(0).await?, net.client(1).await?);
    front.wait_finalized(3, FIRST_BLOCKS).await?;
    // Guards are paid by the treasury.
    let accounts = [keys::account("Requester")?, Treasury::account_id()];
    let given = accounts.map(|account| ("Alice", tx::transfer(account, 100 * UNITS)));
    execute_all(&front, given).await?;
    let roles = [Role::Compute, Role::Guard];
    let providers = enlist(&front, &providers, &roles, 1_000 * UNITS).await?;
    let terms = terms(&front, true).await?;
    execute(&front, "Requester", submit(&terms)).await?;
    wait_for(&watched, "workers", |task| task["stage"] == "Assigned").await?;
    let (wrong, right) = (answer(41), answer(42));
    let workers = deliver(&front, &providers, &[wrong.clone(), wrong, right]).await?;

    let waits = |task: &Value| audit_waits_for(task, "commitments");
    let audited = wait_for(&watched, "guards", waits).await?;
    assert_eq!(audited["stage"], "Audited");
    let guards = ids(&audited["audit"]["guards"]);
    assert!(guards.len() == 3 && guards.iter().all(|guard| !workers.contains(guard)), "{audited}");
    assert_eq!(ids(&audited["audit"]["workers"]), workers[..2]);
    let members = ids(&audited["audit"]["waitsFor"]["providers"]);
    assert_eq!(members.len(), 5);

    let found =
        |provider: &ProviderId| report(&front, if workers.contains(provider) { 41 } else { 42 });
    let genesis = front.genesis().0;
    let by = |provider: &ProviderId| providers[provider.0 as usize];
    let mut commitments = Vec::new();
    for provider in &members {
        let Report { trace, .. } = found(provider);
        let opened = AuditCommitment {
            task: TASK,
            round: audited["audit"]["round"].as_u64().expect("a number") as u16,
            provider: *provider,
            answer: found(provider).digest(&genesis),
            trace,
            salt: SALT,
        };
        let commitment = opened.digest(&genesis);
        let commit = pallet_cairn_audits::Call::commit { task: TASK, commitment };
        commitments.push((by(provider), RuntimeCall::Audits(commit)));
    }
    execute_all(&front, commitments).await?;
    wait_for(&watched, "what they found", |task| audit_waits_for(task, "reveals")).await?;
    let paid = front.free_balance(&keys::account(providers[guards[0].0 as usize])?, None).await?;
    // The verdict falls with the last of them, whoever that is.
    let reveals = members.iter().map(|provider| {
        let report = found(provider);
        let reveal = pallet_cairn_audits::Call::reveal { task: TASK, report, salt: SALT };
        (by(provider), RuntimeCall::Audits(reveal))
    });
    execute_all(&front, reveals).await?;

    wait_for(&watched, "the refund", |task| task["stage"] == "Refunded").await?;
    let after = front.free_balance(&keys::account(providers[guards[0].0 as usize])?, None).await?;
    assert!(after > paid, "a guard that reported had {paid} and has {after}");
    for (n, liar) in [(0, true), (1, true), (2, false)] {
        let worker: Value = watched.ask("cairn_provider", &[json!(workers[n].0)]).await?;
        let none = worker["pendingPenalties"] == "0";
        assert_eq!(none, !liar, "worker {n}: {worker}");
    }
    net.passed()
}
