//! A disk that is full under a worker: it declines what it has no room for, goes on, and does the
//! next job when there is room again.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use cairn_e2e::{cairn, Failure, SmallDisk, Test, TestNet, PATIENCE};
use cairn_localnet::{
    wait::{until, Seen},
    Market, Setup,
};
use cairn_protocol::failure::Failure as Cause;
use cairn_sdk::{chain::tasks::events::Declined, Chain, Finalized, Options};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    command::{hex, pids},
    worker_crash::health,
};

const REQUESTER: &str = "Dave";
/// What is kept for the journal and beside the store, and some more for each of two jobs.
const MEBIBYTES: u32 = 400;
/// Four bodies' states of 52 bytes after each of them are more than one of two jobs is given.
const STEPS: &str = "900000";
const BLOCKS: &str = "60";
/// For what has no room: half of it the worker waits for some.
const FEW_BLOCKS: &str = "36";
/// Of the store, where no disk can be filled, and bytes that are more.
const QUOTA_MIB: &str = "1";
const MORE: usize = 2 << 20;
const SCENE: &str = r#"{
  "form": "cairn-scene-1",
  "gravity": [0, -9.81, 0],
  "timestep": 0.016666668,
  "bodies": [
    {"kind": "fixed", "colliders": [{"shape": {"cuboid": {"half": [5, 0.5, 5]}}}]},
    {"kind": "fixed", "position": [20, 0, 0],
     "colliders": [{"shape": {"ball": {"radius": 0.5}}}]},
    {"kind": "fixed", "position": [30, 0, 0],
     "colliders": [{"shape": {"ball": {"radius": 0.5}}}]},
    {"kind": "dynamic", "position": [0, 0.8, 0],
     "colliders": [{"shape": {"ball": {"radius": 0.2}}}]}
  ]
}"#;

/// Where a worker of this network keeps its files.
fn data(net: &TestNet, market: &Market) -> PathBuf {
    let home = market.archive.parent().map(Path::to_owned).unwrap_or_default();
    home.join(net.workers[0].name())
}

/// Puts a small disk in the place of a worker's folder, with what that had.
fn shrink(data: &Path) -> Result<Option<SmallDisk>, Failure> {
    let before = data.with_extension("before");
    fs::rename(data, &before)?;
    fs::create_dir(data)?;
    let disk = SmallDisk::mount(data, MEBIBYTES)?;
    hand_over(&before, data)?;
    Ok(disk)
}

/// Gives a folder the keys that the one before it had.
pub fn hand_over(before: &Path, data: &Path) -> Test {
    let (from, to) = (before.join("private"), data.join("private"));
    fs::create_dir(&to)?;
    fs::set_permissions(&to, Permissions::from_mode(0o700))?;
    for file in fs::read_dir(from)? {
        let file = file?;
        // With its mode, as a key is refused that others can read.
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

/// Submits a job for the one worker, which has so many blocks for it, and gives the task's number.
fn submit(net: &TestNet, market: &Market, blocks: &str, job: &[&str]) -> Result<u64, Failure> {
    let archive = market.archive.display().to_string();
    let all = ["--redundancy", "1", "--work-blocks", blocks, "--archive", &archive];
    let submitted = cairn(net, REQUESTER, &[["submit"].as_slice(), job, &all].concat())?.ended(0);
    Ok(submitted.number("task"))
}

/// Waits until somebody declines a task: why, and in which words.
async fn declined(blocks: &mut Finalized, task: u64) -> Result<(Cause, String), Failure> {
    loop {
        let at = blocks.next().await?.at(blocks.chain()).await?;
        for event in at.events().fetch().await?.iter() {
            let event = event?;
            let Some(declined) = event.decode_fields_as::<Declined>() else { continue };
            let declined = declined?;
            if declined.task.0 .0 == task {
                let words = String::from_utf8(declined.reason.0)?;
                return Ok((declined.failure.0, words));
            }
        }
    }
}

async fn is_declined_for_room(blocks: &mut Finalized, task: u64) -> Result<String, Failure> {
    let (cause, words) = timeout(PATIENCE * 2, declined(blocks, task)).await??;
    assert_eq!(cause, Cause::DiskFull, "{words}");
    Ok(words)
}

/// Waits until the worker says of itself that it is well, or that this is in trouble.
async fn says(net: &TestNet, trouble: Option<&str>) -> Test {
    let address = net.workers[0].health();
    let status = if trouble.is_some() { "HTTP/1.1 503" } else { "HTTP/1.1 200" };
    until("the worker to say how it is", PATIENCE, || async move {
        Ok(match health(address).await {
            Ok((line, body)) => {
                let why = body["trouble"].as_str();
                let is_so = why.is_some() == trouble.is_some()
                    && why.unwrap_or_default().contains(trouble.unwrap_or_default());
                Seen::when(line.starts_with(status) && is_so, format!("{line}: {body}"))
            }
            Err(error) => Seen::NotYet(error.to_string()),
        })
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_should_decline_and_go_on_when_its_disk_is_full() -> Test {
    let setup = Setup { late: true, ..Setup::default() };
    let mut net = TestNet::with_setups(vec![setup], json!({})).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let Some(disk) = shrink(&data(&net, &market))? else {
        eprintln!("NOT FILLED: that needs the right to mount a tmpfs; run this test as root");
        net.passed()?;
        return without_a_disk_of_its_own().await;
    };
    eprintln!("a disk of {MEBIBYTES} MiB is filled");
    net.workers[0].start()?;
    net.wait_workers().await?;
    let running = pids(&net);
    let options = Options { patience: PATIENCE, ..Options::default() };
    let chain = Chain::connect(&[net.nodes[0].rpc_url()], &options).await?;
    let mut blocks = chain.follow().await?;

    // More than its share, of a disk that stays as empty as it has to be.
    let scene = net.scratch().join("scene");
    fs::write(&scene, SCENE)?;
    let scene = scene.display().to_string();
    let simulation = ["simulate", "--scene", &scene, "--steps", STEPS, "--every", "1"];
    // So many steps have their price.
    let costly = [simulation.as_slice(), &["--reward", "10"]].concat();
    let task = submit(&net, &market, BLOCKS, &costly)?;
    is_declined_for_room(&mut blocks, task).await?;
    assert!(disk.path().join("private/reserve").exists(), "the reserve should not be needed");

    // Somebody else takes all there is. What the worker does is recorded nevertheless.
    says(&net, None).await?;
    disk.fill()?;
    says(&net, Some("the disk has")).await?;
    let model = hex(&market.model.0);
    let text = ["infer", "--model", &model, "--prompt", "the red hen", "--most", "8"];
    let task = submit(&net, &market, FEW_BLOCKS, &text)?;
    let words = is_declined_for_room(&mut blocks, task).await?;
    assert!(words.contains("the disk has"), "{words}");
    net.check_alive()?;

    disk.empty()?;
    let archive = market.archive.display().to_string();
    let more = ["--redundancy", "1", "--archive", &archive, "--wait"];
    let again = [["submit"].as_slice(), &text, &more].concat();
    let paid = cairn(&net, REQUESTER, &again)?.ended(0);
    assert_eq!(paid.json["stage"], "Settled", "{:#?}", paid.outcome);
    says(&net, None).await?;
    net.check_alive()?;
    assert_eq!(pids(&net), running, "the worker should not have ended");
    drop(disk);
    net.passed()
}

/// The same as far as it goes where no disk can be filled: a store without room for a file.
async fn without_a_disk_of_its_own() -> Test {
    let arguments = vec!["--quota".to_owned(), QUOTA_MIB.to_owned()];
    let setup = Setup { arguments, ..Setup::default() };
    let mut net = TestNet::with_setups(vec![setup], json!({})).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let running = pids(&net);
    let options = Options { patience: PATIENCE, ..Options::default() };
    let chain = Chain::connect(&[net.nodes[0].rpc_url()], &options).await?;
    let mut blocks = chain.follow().await?;
    let module = net.scratch().join("module");
    fs::write(&module, vec![0; MORE])?;
    let module = module.display().to_string();
    let job = ["wasm", "--module", &module, "--export", "run"];
    let task = submit(&net, &market, BLOCKS, &job)?;
    is_declined_for_room(&mut blocks, task).await?;
    net.check_alive()?;
    assert_eq!(pids(&net), running, "the worker should not have ended");
    net.passed()
}
