//! Every kind of job, asked for on command lines at once, done by real workers, looked at by real
//! guards, paid and fetched. Text is asked for in `worker`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use cairn_e2e::{said, Failure, Said, Test, TestNet, User};
use cairn_localnet::{Client, Market};
use cairn_protocol::audit::Verdict;
use cairn_runtime::{units::UNITS, RuntimeEvent};
use serde_json::{json, Value};

use crate::command::{hex, pids};

/// One learns, three others measure, and one may be busy.
const WORKERS: usize = 5;
/// Tokens of an example.
const LENGTH: &str = "32";
/// Examples that are learnt from, and those that are measured on, far from them.
const DATA: [&str; 4] = ["--records", "64", "--from", "0"];
const SET: [&str; 4] = ["--records", "8", "--from", "1000"];
const STEPS: &str = "30";
const RATE: &str = "0.002";
/// What one worker is offered who is asked alone.
const REWARD: u128 = UNITS / 10;
/// Steps of the simulation, of which each state is kept.
const MOVES: &str = "20";
/// What two bodies' states have, behind a hash: the last one, and one for each step.
const TRAJECTORY: u64 = 32 + 2 * 52 * 21;
const STONE: &[u8] = b"stone";

/// A ball above a floor.
const SCENE: &str = r#"{
  "form": "cairn-scene-1",
  "gravity": [0, -9.81, 0],
  "timestep": 0.016666668,
  "bodies": [
    {"kind": "fixed", "colliders": [{"shape": {"cuboid": {"half": [5, 0.5, 5]}}}]},
    {"kind": "dynamic", "position": [0, 0.8, 0],
     "colliders": [{"shape": {"ball": {"radius": 0.2}}}]}
  ]
}"#;

/// A module whose `run` writes what it reads:
///
/// ```text
/// (output_write 0 (input_read 0 0 (input_len)))
/// ```
pub const ECHO: &str = "0x0061736d010000000114046000006000017f60037f7f7f017f60027f7f00\
    023b0305636169726e09696e7075745f6c656e000105636169726e0a696e7075745f72656164000205636169726e\
    0c6f75747075745f7772697465000303020100040401700000050301000107\
    10020372756e0003066d656d6f727902000a12011001017f4100410041001000100110020b";

/// What audits came to, by their tasks.
type Verdicts = Arc<Mutex<BTreeMap<u64, Verdict>>>;

/// What jobs are on.
struct Desk {
    market: Market,
    files: PathBuf,
    /// What tells texts apart.
    encoder: String,
    /// What the model loses on a token of the set before it learns, in millionths of a nat.
    before: u64,
}

impl Desk {
    fn at(&self, name: &str) -> String {
        self.files.join(name).display().to_string()
    }

    fn model(&self) -> String {
        hex(&self.market.model.0)
    }

    fn folder(&self) -> String {
        self.market.folder.display().to_string()
    }

    fn archive(&self) -> String {
        self.market.archive.display().to_string()
    }

    /// A little below what it loses anyhow.
    fn target(&self) -> u64 {
        self.before / 100 * 97
    }
}

/// What the engine's program said, which is what was asked of it.
fn engine(arguments: &[&str]) -> Result<Value, Failure> {
    Ok(said("cairn-engine", &[arguments, &["--json"]].concat())?.ended(0).json)
}

/// What a model loses on a token of the set, in millionths of a nat, as guards round it.
fn loss(folder: &str) -> Result<u64, Failure> {
    let cut = ["eval", folder, "--synthetic", "1", "--length", LENGTH];
    let lost = engine(&[cut.as_slice(), &SET].concat())?;
    let number = |name: &str| lost[name].as_u64();
    let mean = number("micro_nats").zip(number("tokens"));
    let (sum, tokens) = mean.ok_or_else(|| Failure::new(format!("it lost {lost}")))?;
    Ok(sum.div_ceil(tokens))
}

/// Has a small encoder registered, and says by which id.
fn encoder(files: &Path, archive: &str, user: &User) -> Result<String, Failure> {
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/../../offchain-worker/engine/fixtures/bert");
    let at = |name: &str| files.join(name).display().to_string();
    let (floats, exact, text) = (at("bert-floats"), at("bert-exact"), at("sayings"));
    fs::write(&text, "the red hen lays an egg\nthe old hen is wet\nan egg is red\n")?;
    engine(&["import", from, "--out", &floats])?;
    engine(&["quantise", &floats, "--out", &exact, "--text", &text, "--length", "16"])?;
    let published = engine(&["publish", &exact, "--store", archive])?;
    let about = at("bert.json");
    fs::write(&about, published.to_string())?;
    let created = user.cairn(&["model", "create", "--published", &about])?.ended(0);
    let model = created.json["model"].as_str();
    model.map(str::to_owned).ok_or_else(|| Failure::new(format!("{:#?}", created.outcome)))
}

/// Makes everything that jobs are on.
fn desk(net: &TestNet) -> Result<Desk, Failure> {
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let files = net.scratch().join("files");
    fs::create_dir(&files)?;
    fs::write(files.join("scene"), SCENE)?;
    fs::write(files.join("module"), sp_core::bytes::from_hex(ECHO)?)?;
    fs::write(files.join("stone"), STONE)?;
    let archive = market.archive.display().to_string();
    let encoder = encoder(&files, &archive, &User::new(net, "Alice"))?;
    let before = loss(&market.folder.display().to_string())?;
    let desk = Desk { market, files, encoder, before };
    for (name, which) in [("data", DATA), ("set", SET)] {
        let (folder, out) = (desk.folder(), desk.at(name));
        let cut = ["records", &folder, "--out", &out, "--synthetic", "1", "--length", LENGTH];
        engine(&[cut.as_slice(), &which].concat())?;
    }
    Ok(desk)
}

/// A job that learns, for a loss.
fn learning(desk: &Desk, target: u64) -> Vec<String> {
    let target = format!("{}.{:06}", target / 1_000_000, target % 1_000_000);
    let (model, data, set) = (desk.model(), desk.at("data"), desk.at("set"));
    let files = ["train", "--model", &model, "--train-on", &data, "--evaluate-on", &set];
    let how = ["--length", LENGTH, "--target", &target, "--steps", STEPS, "--rate", RATE];
    [files.as_slice(), &how].concat().into_iter().map(str::to_owned).collect()
}

fn embedding(desk: &Desk) -> Vec<String> {
    let alone = ["--redundancy", "1", "--auditable"];
    let job = ["embed", "--model", &desk.encoder, "--text", "a red hen"];
    [job.as_slice(), &alone].concat().into_iter().map(str::to_owned).collect()
}

fn judging(desk: &Desk) -> Vec<String> {
    let (model, set) = (desk.model(), desk.at("set"));
    let job = ["evaluate", "--model", &model, "--set", &set, "--length", LENGTH];
    let alone = ["--redundancy", "1"];
    [job.as_slice(), &alone].concat().into_iter().map(str::to_owned).collect()
}

fn simulating(desk: &Desk) -> Vec<String> {
    let scene = desk.at("scene");
    let job = ["simulate", "--scene", &scene, "--steps", MOVES, "--every", "1"];
    job.map(str::to_owned).into()
}

fn running(desk: &Desk) -> Vec<String> {
    let (module, input) = (desk.at("module"), desk.at("stone"));
    let job = ["wasm", "--module", &module, "--export", "run", "--input", &input];
    job.map(str::to_owned).into()
}

/// Submits jobs, each in another's name, and waits until all have ended.
fn at_once<const N: usize>(
    net: &TestNet,
    archive: &str,
    jobs: [(&str, Vec<String>); N],
) -> Result<Vec<Said>, Failure> {
    let begun = jobs.map(|(seed, job)| {
        let (user, archive) = (User::new(net, seed), archive.to_owned());
        thread::spawn(move || {
            let job = job.iter().map(String::as_str);
            let all = ["submit"].into_iter().chain(job).chain(["--archive", &archive, "--wait"]);
            user.cairn(&all.collect::<Vec<_>>())
        })
    });
    let broken = |_| Failure::new("a command was given up by this test");
    begun.into_iter().map(|one| one.join().map_err(broken)?).collect()
}

/// Notes what each audit comes to, from the first block on.
async fn note(client: Client, found: Verdicts) -> Result<(), Failure> {
    let mut blocks = client.follow_finalized().await?;
    loop {
        let block = blocks.next().await?;
        for event in client.events(block.hash).await? {
            let RuntimeEvent::Audits(pallet_cairn_audits::Event::Judged { task, verdict }) =
                event.event
            else {
                continue;
            };
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(task.0, verdict);
        }
    }
}

fn verdict(found: &Verdicts, ended: &Said) -> Option<Verdict> {
    let found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.get(&ended.number("task")).copied()
}

/// A job that was paid.
fn paid(ended: Said) -> Said {
    let ended = ended.ended(0);
    assert_eq!(ended.json["stage"], "Settled", "{:#?}", ended.outcome);
    assert!(ended.amount("paid_each") > 0, "{:#?}", ended.outcome);
    ended
}

/// What anybody fetches of a task that was paid: all of its result.
fn fetched(net: &TestNet, archive: &str, paid: &Said) -> Result<Value, Failure> {
    let task = paid.number("task").to_string();
    let result = User::new(net, "Alice").cairn(&["result", &task, "--archive", archive])?.ended(0);
    assert_eq!(result.json["bytes"], paid.json["bytes"], "{:#?}", result.outcome);
    let digits = result.json["hex"].as_str().map_or(0, str::len) as u64;
    assert_eq!(digits, 2 * paid.number("bytes"), "{:#?}", result.outcome);
    Ok(result.json)
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_every_kind_should_be_paid_and_fetched_when_workers_do_them_at_once() -> Test {
    // Of what one worker gives, guards look at all.
    let patch = json!({ "launch": { "auditShare": 1_000_000 } });
    let mut net = TestNet::with_market(1, WORKERS, patch).await?;
    let alive = pids(&net);
    assert!(alive.len() == WORKERS && alive.iter().all(Option::is_some), "{alive:?}");
    let desk = desk(&net)?;
    let verdicts = Verdicts::default();
    let _noting = tokio::spawn(note(net.client(0).await?, Arc::clone(&verdicts)));

    let archive = desk.archive();
    let jobs = [
        ("Alice", learning(&desk, desk.target())),
        // Nothing is foretold for nothing.
        ("Bob", learning(&desk, 1)),
        ("Charlie", embedding(&desk)),
        ("Dave", judging(&desk)),
        ("Eve", simulating(&desk)),
        ("Ferdie", running(&desk)),
    ];
    let ended = at_once(&net, &archive, jobs)?;
    let [learnt, missed, embedded, judged, simulated, echoed] =
        <[Said; 6]>::try_from(ended).map_err(|_| Failure::new("six jobs were submitted"))?;

    let learnt = paid(learnt);
    assert_eq!(verdict(&verdicts, &learnt), Some(Verdict::Confirmed));
    the_delta_is_worth_its_price(&net, &desk, &learnt)?;

    let missed = missed.ended(5);
    assert_eq!(missed.json["reason"], "audit lost", "{:#?}", missed.outcome);
    assert_eq!(verdict(&verdicts, &missed), Some(Verdict::Contradicted));
    // Nobody has got anything of what was put aside for the work.
    assert!(missed.amount("back") >= REWARD, "{:#?}", missed.outcome);

    let embedded = paid(embedded);
    fetched(&net, &archive, &embedded)?;
    assert_eq!(verdict(&verdicts, &embedded), Some(Verdict::Confirmed));

    let result = fetched(&net, &archive, &paid(judged))?;
    assert_eq!(said_loss(&result), Some(desk.before));

    let simulated = paid(simulated);
    fetched(&net, &archive, &simulated)?;
    assert_eq!(simulated.number("bytes"), TRAJECTORY);
    let result = fetched(&net, &archive, &paid(echoed))?;
    assert_eq!(result["text"].as_str().map(str::as_bytes), Some(STONE));

    net.check_alive()?;
    assert_eq!(pids(&net), alive, "no worker should have ended");
    net.passed()
}

/// What was paid for is a delta that anybody can add to the model, which then loses no more than
/// was asked for.
fn the_delta_is_worth_its_price(net: &TestNet, desk: &Desk, learnt: &Said) -> Test {
    let (archive, delta, better) = (desk.archive(), desk.at("delta"), desk.at("better"));
    let task = learnt.number("task").to_string();
    let fetch = ["result", &task, "--archive", &archive, "--out", &delta];
    User::new(net, "Alice").cairn(&fetch)?.ended(0);
    engine(&["apply", &desk.folder(), &delta, "--out", &better])?;
    let after = loss(&better)?;
    assert!(after <= desk.target(), "{after}, and {} before", desk.before);
    Ok(())
}

/// The loss of a token that a job of judging says, in millionths of a nat, rounded as guards do.
fn said_loss(result: &Value) -> Option<u64> {
    let bytes = sp_core::bytes::from_hex(&format!("0x{}", result["hex"].as_str()?)).ok()?;
    let (sum, tokens) = bytes.split_at_checked(8)?;
    let number = |bytes: &[u8]| Some(u64::from_le_bytes(bytes.try_into().ok()?));
    Some(number(sum)?.div_ceil(number(tokens)?))
}
