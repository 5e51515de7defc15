//! Files that one worker has from another, and shows when somebody doubts that it has them.

use std::{collections::BTreeMap, fs, path::Path};

use cairn_e2e::{Failure, Test, TestNet, PATIENCE};
use cairn_localnet::{
    wait::{until, Seen},
    Worker,
};
use cairn_protocol::{id::TaskId, lifecycle::Stage, profile::Availability};
use cairn_sdk::{calls, subxt::tx::Payload, Chain, Options, Outbox, Signer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::worker::cairn;

/// Makes a call in the name of a development account, and waits until it is final.
async fn call(
    net: &TestNet,
    chain: &Chain,
    seed: &str,
    purpose: &str,
    call: &impl Payload,
) -> Test {
    let path = net.scratch().join(format!("{purpose}.redb"));
    let outbox = Outbox::open(&path, Signer::dev(seed)?, chain.clone())?;
    outbox.submit(purpose, call).await?.succeeded().await?;
    outbox.close().await;
    Ok(())
}

/// Has a worker be given work from now on, or not.
async fn set(net: &TestNet, chain: &Chain, worker: usize, to: Availability) -> Test {
    let worker = &net.workers[worker];
    let purpose = format!("{}-{to:?}", worker.name());
    let wanted = calls::set_availability(worker.provider(), to);
    call(net, chain, worker.owner(), &purpose, &wanted).await
}

/// Asks for a text of one worker, the result of which is a file, however short.
fn submit(net: &TestNet, model: &str) -> Result<TaskId, Failure> {
    let ask = ["submit", "infer", "--model", model, "--prompt", "the red hen", "--most", "4"];
    let more = ["--redundancy", "1", "--output-bytes", "0"];
    let said = cairn(net, &[ask.as_slice(), &more].concat())?.ended(0);
    let task = said.json["task"].as_u64();
    Ok(TaskId(task.ok_or_else(|| Failure::new("what was submitted has no number"))?))
}

async fn reaches(chain: &Chain, task: TaskId, stage: Stage) -> Test {
    let look = || async {
        let now = chain.market().await?.task(task).await?.map(|view| view.stage);
        Ok(Seen::when(now == Some(stage), now))
    };
    until(format!("task {} to be {stage:?}", task.0), PATIENCE, look).await?;
    Ok(())
}

/// Waits until a task is paid. One that ends unpaid fails.
fn paid(net: &TestNet, task: TaskId) -> Test {
    let said = cairn(net, &["task", &task.0.to_string(), "--wait"])?.ended(0);
    assert_eq!(said.json["stage"], "Settled");
    Ok(())
}

/// What a worker counts, in lines.
pub(super) async fn counted(worker: &Worker) -> Result<String, Failure> {
    let mut stream = TcpStream::connect(("127.0.0.1", worker.health_port())).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let mut said = String::new();
    stream.read_to_string(&mut said).await?;
    Ok(said)
}

/// Bytes of files that a worker's jobs have asked for, by where they were found.
async fn fetched(worker: &Worker) -> Result<BTreeMap<String, u64>, Failure> {
    let said = counted(worker).await?;
    let mut fetched: BTreeMap<String, u64> = BTreeMap::new();
    for line in said.lines() {
        let rest = line.strip_prefix("cairn_worker_fetched_bytes{source=\"");
        if let Some((source, bytes)) = rest.and_then(|rest| rest.split_once("\"} ")) {
            fetched.insert(source.to_owned(), bytes.parse()?);
        }
    }
    Ok(fetched)
}

fn empty(archive: &Path) -> Test {
    for entry in fs::read_dir(archive)? {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_should_be_had_from_a_worker_and_shown_by_it_when_the_archive_is_lost() -> Test {
    let mut net = TestNet::with_workers(1, 2).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let model: String = market.model.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let chain = Chain::connect(&[net.nodes[0].rpc_url()], &Options::default()).await?;

    // The first has the model from the archive. Then nobody has it from there any more, nor the
    // result, so whoever asked complains; the worker shows what it was paid for, or is not paid.
    set(&net, &chain, 1, Availability::Paused).await?;
    let first = submit(&net, &model)?;
    reaches(&chain, first, Stage::Window).await?;
    empty(&market.archive)?;
    let complaint = cairn(&net, &["complain", &first.0.to_string()])?.ended(0);
    assert_eq!(complaint.number("provider"), net.workers[0].provider().0);
    reaches(&chain, first, Stage::Contested).await?;
    paid(&net, first)?;
    let model_bytes = fetched(&net.workers[0]).await?["archive"];
    assert!(model_bytes > 0);

    // The second has it from the first, once for two jobs.
    set(&net, &chain, 0, Availability::Paused).await?;
    set(&net, &chain, 1, Availability::Available).await?;
    for task in [submit(&net, &model)?, submit(&net, &model)?] {
        paid(&net, task)?;
    }
    let second = fetched(&net.workers[1]).await?;
    assert_eq!((second["archive"], second["peer"]), (0, model_bytes), "{second:?}");
    assert!(second["cached"] >= model_bytes, "{second:?}");

    net.check_alive()?;
    net.passed()
}
