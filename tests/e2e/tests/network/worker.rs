//! Work that is asked for on a command line, done by real workers, and paid.

use std::thread;

use cairn_e2e::{said, Failure, Said, Test, TestNet, User};
use cairn_localnet::{keys, Client};
use cairn_runtime::{units::UNITS, Hash, Treasury};

use crate::{
    command::{hex, pids},
    store::counted,
    work::gain,
};

pub(super) const REQUESTER: &str = "Dave";
/// Asks for what nobody can do.
const OTHER: &str = "Eve";
const WORKERS: usize = 3;
const PROMPT: &str = "the red hen";
/// Tokens to make.
const MOST: &str = "8";
/// What all workers are offered together: 0.3 CRN.
const REWARD: u128 = 3 * UNITS / 10;

/// The command line in the requester's name.
pub(super) fn cairn(net: &TestNet, arguments: &[&str]) -> Result<Said, Failure> {
    cairn_e2e::cairn(net, REQUESTER, arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn infer_should_be_paid_when_workers_compute_it_and_refused_when_nobody_can() -> Test {
    let mut net = TestNet::with_workers(1, WORKERS).await?;
    let front = net.client(0).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let model = hex(&market.model.0);
    let running = pids(&net);
    assert!(running.len() == WORKERS && running.iter().all(Option::is_some), "{running:?}");

    // Beside what is paid, since one worker after the other is asked.
    let (other, about) = (User::new(&net, OTHER), model.clone());
    let declined = thread::spawn(move || workers_say_why(&other, &about));
    let ask = ["submit", "infer", "--model", &model, "--prompt", PROMPT, "--most", MOST];
    let more = ["--reward", "0.3", "--redundancy", "3", "--wait", "--acknowledge"];
    let paid = cairn(&net, &[ask.as_slice(), &more].concat())?.ended(0);
    assert_eq!(paid.json["stage"], "Settled", "{:#?}", paid.outcome);
    the_answer_is_the_exact_one(&market.folder.display().to_string(), &paid)?;
    balances_add_up(&net, &front, &paid).await?;
    others_see_the_same(&net, &paid)?;
    those_of_the_task_come_first(&net).await?;

    // What makes no sense is refused before anything is put aside for it.
    let unknown = "00".repeat(32);
    let ask = ["submit", "infer", "--model", &unknown, "--prompt", PROMPT, "--wait"];
    let refused = cairn(&net, &ask)?.ended(3);
    let words = refused.json["error"].as_str().unwrap_or_default();
    assert!(words.contains("Tasks::UnknownModel: No model"), "{words}");

    let broken = |_| Failure::new("what is declined was given up by this test");
    declined.join().map_err(broken)??;

    net.check_alive()?;
    assert_eq!(pids(&net), running, "no worker should have ended");
    net.passed()
}

/// What the chain cannot know every worker finds out, and says: then the rest is given back.
fn workers_say_why(user: &User, model: &str) -> Test {
    let long = "x".repeat(300);
    let ask = ["submit", "infer", "--model", model, "--prompt", &long, "--most", MOST];
    let more = ["--reward", "0.1", "--redundancy", "1", "--wait"];
    let refunded = user.cairn(&[ask.as_slice(), &more].concat())?.ended(5);
    let words = refunded.json["reason"].as_str().unwrap_or_default();
    let said = words.strip_prefix("declined: the parameters do not say what to do: ");
    assert!(said.is_some_and(|said| said.len() > 10), "{:#?}", refunded.outcome);
    assert_eq!(refunded.json["failure"], "malformed-spec", "{:#?}", refunded.outcome);
    // Three say that it is the requester's fault, who pays the fee.
    let fee = UNITS / 100 + UNITS / 1_000;
    assert_eq!((refunded.amount("back"), refunded.amount("burnt")), (UNITS / 10, fee));
    // Whoever asks later is told the same of it.
    let shown = user.cairn(&["task", &refunded.json["task"].to_string()])?.ended(0);
    assert_eq!(shown.json["stage"], "Refunded", "{:#?}", shown.outcome);
    assert_eq!(shown.json["failure"], "malformed-spec", "{:#?}", shown.outcome);
    Ok(())
}

/// What workers say is what exact arithmetic comes to, here as well.
fn the_answer_is_the_exact_one(folder: &str, paid: &Said) -> Test {
    let generate = ["generate", folder, "--prompt", PROMPT, "--most", MOST, "--json"];
    let exact = said("cairn-engine", &generate)?.ended(0);
    assert_eq!(paid.json["text"], exact.json["text"], "{:#?}", paid.outcome);
    assert_eq!(paid.json["units"], exact.json["tokens"].as_array().map_or(0, Vec::len));
    Ok(())
}

/// The block that settles the task moves the reward from the requester to those who are paid, burns
/// the fee, and does nothing else.
async fn balances_add_up(net: &TestNet, front: &Client, paid: &Said) -> Test {
    let block: Hash = serde_json::from_value(paid.json["settled_in"].clone())?;
    let (each, burnt) = (paid.amount("paid_each"), paid.amount("burnt"));
    assert_eq!(each * WORKERS as u128, REWARD * 8 / 10);
    assert_eq!(burnt, UNITS / 100 + REWARD / 100);

    let mut gains = Vec::new();
    for worker in &net.workers {
        let gained = gain(front, &keys::account(worker.owner())?, block).await?;
        assert_eq!(gained, i128::try_from(each)?, "{}", worker.name());
        gains.push(gained);
    }
    let creator = gain(front, &keys::account(keys::MODELLER)?, block).await?;
    assert_eq!(creator, i128::try_from(REWARD / 20)?);
    let treasury = gain(front, &Treasury::account_id(), block).await?;
    assert_eq!(treasury, i128::try_from(REWARD * 15 / 100)?);
    let requester = gain(front, &keys::account(REQUESTER)?, block).await?;
    assert_eq!(requester, -i128::try_from(REWARD + burnt)?);
    let sum = gains.iter().sum::<i128>() + creator + treasury + requester;
    assert_eq!(sum, -i128::try_from(burnt)?);
    Ok(())
}

/// Each has been told by the chain whose nodes the other two have, for each of its files.
async fn those_of_the_task_come_first(net: &TestNet) -> Test {
    for worker in &net.workers {
        let counted = counted(worker).await?;
        let mut lines = counted.lines();
        let near = lines.find_map(|line| line.strip_prefix("cairn_worker_near_total "));
        let near: usize = near.unwrap_or_default().parse()?;
        assert!(near >= WORKERS - 1, "{}: {counted}", worker.name());
    }
    Ok(())
}

/// Whoever asks for the task later is told the same of it.
fn others_see_the_same(net: &TestNet, paid: &Said) -> Test {
    let task = paid.json["task"].to_string();
    let result = cairn(net, &["result", &task])?.ended(0);
    assert_eq!(result.json["hex"], paid.json["hex"]);
    let shown = cairn(net, &["task", &task])?.ended(0);
    assert_eq!(shown.json["stage"], "Settled", "{:#?}", shown.outcome);
    let tasks = cairn(net, &["tasks"])?.ended(0);
    assert_eq!(tasks.json["tasks"][0]["task"], paid.json["task"], "{:#?}", tasks.outcome);
    Ok(())
}
