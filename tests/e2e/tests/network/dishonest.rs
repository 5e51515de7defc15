//! Workers that lie: they are outvoted where a majority decides, asked against where all have to
//! agree, in bits or in floats, and win nothing by either. Meanwhile all of them show that they are
//! there.

use std::collections::BTreeMap;

use cairn_e2e::{cairn, market::execute, said, Failure, Test, TestNet};
use cairn_localnet::{keys, tx, Client, Setup};
use cairn_protocol::{
    audit::Verdict,
    challenge::Outcome,
    id::{ProviderId, TaskId},
    job::Terms,
};
use cairn_runtime::{units::UNITS, Hash, Treasury};
use serde_json::{json, Value};

use crate::{
    calls::heartbeats_of,
    work::{
        faulty, float_text, gain, provider, simulation, submit, text, End, Story, PAID, REQUESTER,
    },
};

/// Those who are there when workers are drawn: the first of them lies, and the second forges what
/// is judged by fingerprints.
const FIRST: usize = 3;
/// Those who come later: guards of the one task, and who is asked next of the others.
const LATER: usize = 5;
const OUTVOTED: TaskId = TaskId(0);
const CONTRADICTED: TaskId = TaskId(1);
const FORGED: TaskId = TaskId(2);
const TASKS: [TaskId; 3] = [OUTVOTED, CONTRADICTED, FORGED];
/// Blocks between two heartbeats of a worker.
const HEARTBEAT: &str = "20";

fn setups() -> Result<Vec<Setup>, Failure> {
    // All tasks, and a challenge.
    let slots = 4;
    let arguments = vec!["--heartbeat".to_owned(), HEARTBEAT.to_owned()];
    let setup = |setup: Setup| Setup { slots, arguments: arguments.clone(), ..setup };
    let honest = Setup { guard: false, ..Setup::default() };
    let later = Setup { late: true, ..Setup::default() };
    let mut setups = vec![setup(faulty(Some("lie"))?), setup(faulty(Some("forge"))?)];
    setups.resize(FIRST, setup(honest));
    setups.resize(FIRST + LATER, setup(later));
    Ok(setups)
}

#[tokio::test(flavor = "multi_thread")]
async fn liars_should_lose_when_others_do_the_same_work() -> Test {
    let mut net = TestNet::with_setups(setups()?, json!({})).await?;
    let front = net.client(0).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let providers: Vec<ProviderId> = net.workers.iter().map(|worker| worker.provider()).collect();
    // Guards are paid by the treasury.
    execute(&front, "Alice", tx::transfer(Treasury::account_id(), 100 * UNITS)).await?;

    // Enough for its role, until a penalty is to take of it.
    bond(&net, "unbond", providers[0], "98")?;

    let mut story = Story::begin(&front).await?;
    let now = front.best().await?.number;
    let majority = Terms { auditable: true, ..simulation(1, 10, 3, now) };
    let floats = float_text(market.model, 3, now);
    submit(&front, &[majority, text(market.model, 3, now), floats]).await?;
    let drawn = |story: &Story| TASKS.iter().all(|task| story.of(*task).assigned.len() == 1);
    story.wait(&front, "all draws", drawn).await?;
    for task in TASKS {
        let drawn = sorted(&story.of(task).assigned.concat());
        assert_eq!(drawn, sorted(&providers[..FIRST]), "only these were there");
    }
    for worker in &mut net.workers[FIRST..] {
        worker.start()?;
    }
    story.wait(&front, "all ends", |story| story.ended() == TASKS.len()).await?;

    liar_was_outvoted(&story, &providers)?;
    for task in [CONTRADICTED, FORGED] {
        one_was_contradicted(&story, task, &providers)?;
    }
    for task in TASKS {
        balances_add_up(&net, &front, &story, story.of(task).settled()?.0).await?;
    }
    records_tell(&front, &story, &providers).await?;
    liar_is_told(&net, providers[0])?;
    all_show_that_they_are_there(&front, &mut story).await?;
    net.check_alive()?;
    net.passed()
}

/// Two of three are the majority, share what all were offered, and are confirmed by guards.
fn liar_was_outvoted(story: &Story, providers: &[ProviderId]) -> Test {
    let told = story.of(OUTVOTED);
    assert_eq!(sorted(&told.agreed), sorted(&providers[1..FIRST]), "{told:#?}");
    assert_eq!(told.verdicts, [Verdict::Confirmed], "{told:#?}");
    assert_eq!(told.settled()?.1, 3 * PAID / 2, "{told:#?}");
    Ok(())
}

/// Nobody can tell who is right of three, so five others are asked, and each of them is paid what
/// the first were offered. Of a text in floats the liar's fingerprint is as good as the honest
/// one's, so that it is the forger who is contradicted.
fn one_was_contradicted(story: &Story, task: TaskId, providers: &[ProviderId]) -> Test {
    let told = story.of(task);
    assert_eq!(told.widened, [5], "{told:#?}");
    assert_eq!(sorted(&told.agreed), sorted(&providers[FIRST..]), "{told:#?}");
    assert_eq!(told.settled()?.1, PAID, "{told:#?}");
    Ok(())
}

fn sorted(those: &[ProviderId]) -> Vec<ProviderId> {
    let mut those = those.to_vec();
    those.sort_unstable();
    those
}

/// Each worker sends heartbeats while it works, and whoever is challenged gives the right answer in
/// time: lies are about jobs.
async fn all_show_that_they_are_there(front: &Client, story: &mut Story) -> Test {
    let is_agreed = |outcome: &Outcome| matches!(outcome, Outcome::Agreed { .. });
    let alive = |story: &Story| {
        let mut beats = (0..FIRST + LATER).map(|worker| heartbeats_of(story, worker));
        !story.challenges.is_empty() && beats.all(|beats| beats.is_ok_and(|beats| beats > 1))
    };
    story.wait(front, "a challenge, and two heartbeats of each", alive).await?;
    for outcomes in &story.challenges {
        let agreed = outcomes.iter().all(|(_, outcome)| is_agreed(outcome));
        assert!(agreed && outcomes.len() == 3, "{:#?}", story.challenges);
    }
    Ok(())
}

/// What left the requester and the treasury in a block went to those who are paid, to whoever made
/// the model, and into the fire; the liar has nothing of it.
async fn balances_add_up(net: &TestNet, front: &Client, story: &Story, block: Hash) -> Test {
    let (mut earned, mut burnt) = (BTreeMap::<ProviderId, i128>::new(), 0);
    for told in story.told.values() {
        // Several may have ended in one block.
        if let Some(End::Settled { block: at, each, burnt: fee }) = told.end {
            if at == block {
                burnt += i128::try_from(fee)?;
                for worker in &told.agreed {
                    *earned.entry(*worker).or_default() += i128::try_from(each)?;
                }
            }
        }
    }
    for (_, guard, paid) in story.guards_paid.iter().filter(|(at, ..)| *at == block) {
        *earned.entry(*guard).or_default() += i128::try_from(*paid)?;
    }
    let mut sum = 0;
    for worker in &net.workers {
        let gained = gain(front, &keys::account(worker.owner())?, block).await?;
        let expected = earned.get(&worker.provider()).copied().unwrap_or_default();
        assert_eq!(gained, expected, "{}", worker.name());
        sum += gained;
    }
    for account in [keys::account(keys::MODELLER)?, keys::account(REQUESTER)?] {
        sum += gain(front, &account, block).await?;
    }
    sum += gain(front, &Treasury::account_id(), block).await?;
    assert_eq!(sum, -burnt);
    Ok(())
}

/// The one penalty is the liar's, for what guards proved, and its record has got worse where those
/// of the others have not.
async fn records_tell(front: &Client, story: &Story, providers: &[ProviderId]) -> Test {
    assert_eq!(story.penalised, [(providers[0], OUTVOTED)]);
    let liar = provider(front, providers[0]).await?;
    assert_ne!(liar["pendingPenalties"], "0", "{liar}");
    let newcomer = 500_000;
    assert!(accuracy(&liar, "Simulate").is_some_and(|known| known < newcomer), "{liar}");
    for (honest, kind) in [(providers[FIRST - 1], "Simulate"), (providers[FIRST], "Infer")] {
        let honest = provider(front, honest).await?;
        assert_eq!(honest["pendingPenalties"], "0", "{honest}");
        assert!(accuracy(&honest, kind) > Some(newcomer), "{honest}");
    }
    Ok(())
}

/// Preflight says that the liar's bond is too low by what is to be taken of it, until there is more.
fn liar_is_told(net: &TestNet, liar: ProviderId) -> Test {
    let told = |lines: &[String]| {
        let mend = format!("cairn bond {} CRN", liar.0);
        let what = "its bond of 102 CRN, of which penalties are to take 10 CRN";
        lines.iter().any(|line| line.contains(what) && line.contains(&mend))
    };
    let wrong = preflight(net)?;
    assert!(told(&wrong), "{wrong:?}");
    bond(net, "bond", liar, "8")?;
    let wrong = preflight(net)?;
    assert!(!wrong.iter().any(|line| line.contains("its bond")), "{wrong:?}");
    Ok(())
}

/// Adds to the liar's bond, or takes from it.
fn bond(net: &TestNet, how: &str, liar: ProviderId, amount: &str) -> Test {
    cairn(net, net.workers[0].owner(), &[how, &liar.0.to_string(), amount])?.ended(0);
    Ok(())
}

/// What is wrong with the liar, by a worker with its key: also that this one has not its files.
fn preflight(net: &TestNet) -> Result<Vec<String>, Failure> {
    let (url, key) = (net.nodes[0].rpc_url(), format!("//{}", keys::worker_operator(0)));
    let data = net.scratch().join("preflight").display().to_string();
    let line = ["preflight", "--url", &url, "--key", &key, "--data", &data, "--health", "0"];
    let said = said("cairn-worker", &[&line[..], &["--json"]].concat())?.ended(1);
    let wrong = said.json["wrong"].as_array().cloned().unwrap_or_default();
    Ok(wrong.iter().map(|one| format!("{}: {}", one["what"], one["mend"])).collect())
}

/// How right it was so far, in parts per million; none where nothing is known.
fn accuracy(card: &Value, kind: &str) -> Option<u64> {
    let mut records = card["reputation"].as_array()?.iter();
    records.find(|record| record["kind"] == kind)?["accuracy"].as_u64()
}
