//! Files that are in a bucket, and those that one worker has from another, be it by a relay, and
//! shows when somebody doubts that it has them.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv6Addr, SocketAddr},
    path::Path,
    thread::{self, JoinHandle},
};

use cairn_bucket::{Server, SECRET};
use cairn_e2e::{said, said_in, Failure, Said, Test, TestNet, User, PATIENCE};
use cairn_localnet::{
    keys,
    wait::{until, Seen},
    Setup, Worker,
};
use cairn_protocol::{
    id::{ContentId, TaskId},
    job,
    lifecycle::Stage,
    profile::Availability,
    result::Output,
    view::TaskView,
};
use cairn_sdk::{calls, subxt::tx::Payload, AccountId32, Chain, Options, Outbox, Signer};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    command::{hex, refused},
    sealed::{MOST, SECRET as PROMPT},
    worker::{cairn, REQUESTER},
};

/// The workers' archive.
const PLACE: &str = "s3://cairn/files";
/// What the paths of its files begin with.
const FOLDER: &str = "/cairn/files/";
/// Asks for a text that nobody else is to read.
const SEALER: &str = "Eve";
/// More than is sent at once.
const LONG: u32 = 9 << 20;

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

/// Whoever has the bucket's secret.
fn user(net: &TestNet, server: &Server, seed: &str) -> User {
    User::new(net, seed).within(server.settings())
}

/// Puts a file into the bucket, and says what it is called there.
fn put(user: &User, file: &Path) -> Result<String, Failure> {
    let file = file.display().to_string();
    let said = user.cairn(&["artifact", "put", &file, "--archive", PLACE])?.ended(0);
    Ok(said.json["id"].as_str().unwrap_or_default().to_owned())
}

/// Has all that the network's own archive has in the bucket.
fn fill(net: &TestNet, server: &Server, archive: &Path) -> Result<Vec<String>, Failure> {
    let user = user(net, server, REQUESTER);
    let files = fs::read_dir(archive)?.map(|entry| put(&user, &entry?.path()));
    files.collect()
}

/// Has the bucket lose what it has.
fn lose(server: &Server, names: &[String]) {
    let mut bucket = server.bucket();
    for name in names {
        let lost = bucket.objects.remove(&format!("{FOLDER}{name}"));
        assert!(lost.is_some(), "{name} should have been there");
    }
}

/// A file that is sent in parts comes back as it was.
fn long_file_comes_back(net: &TestNet, server: &Server) -> Test {
    let (file, back) = (net.scratch().join("long"), net.scratch().join("back"));
    let bytes: Vec<u8> = (0..LONG / 4).flat_map(u32::to_le_bytes).collect();
    fs::write(&file, &bytes)?;
    let user = user(net, server, REQUESTER);
    let (id, out) = (put(&user, &file)?, back.display().to_string());
    user.cairn(&["artifact", "get", &id, "--archive", PLACE, "--out", &out])?.ended(0);
    assert!(fs::read(&back)? == bytes, "it should be the same");
    let in_parts = server.bucket().asked.iter().any(|asked| asked.contains("partNumber=2"));
    assert!(in_parts, "it should have been sent in parts");
    Ok(())
}

/// Whoever has not the secret is told so, and nothing comes of what it asks for: no file, no task.
fn strangers_are_refused(net: &TestNet, server: &Server, model: &str, file: &str) -> Test {
    let before = server.bucket().objects.clone();
    let settings = server.settings_of_a_stranger();
    let stranger = User::new(net, SEALER).within(settings.clone());
    let (own, out) = (net.scratch().join("own"), net.scratch().join("none"));
    fs::write(&own, "a few bytes")?;
    let [own, to] = [&own, &out].map(|path| path.display().to_string());
    refused(stranger.cairn(&["artifact", "put", &own, "--archive", PLACE])?, 1, SECRET);
    let get = ["artifact", "get", file, "--archive", PLACE, "--out", &to];
    refused(stranger.cairn(&get)?, 1, SECRET);
    assert!(!out.exists());
    refused(stranger.cairn(&sealed_text(model))?, 1, SECRET);
    let tasks = stranger.cairn(&["tasks"])?.ended(0);
    assert_eq!(tasks.json["tasks"], json!([]), "nobody could have its input");

    let (url, key) = (net.nodes[0].rpc_url(), format!("//{}", keys::worker_operator(0)));
    let data = net.scratch().join("preflight").display().to_string();
    let line = ["preflight", "--url", &url, "--key", &key, "--data", &data, "--archive", PLACE];
    let more = ["--health", "0", "--json"];
    let preflight = said_in(&settings, "cairn-worker", &[line.as_slice(), &more].concat())?;
    let wrong = preflight.ended(1).json["wrong"].to_string();
    assert!(wrong.contains(SECRET), "{wrong}");
    assert!(server.bucket().objects == before, "nothing should have come or gone");
    Ok(())
}

/// How to ask for a text of which input and result are sealed files.
fn sealed_text(model: &str) -> Vec<&str> {
    let ask = ["submit", "infer", "--model", model, "--prompt", PROMPT, "--most", MOST];
    let more = ["--redundancy", "1", "--output-bytes", "0", "--sealed", "--archive", PLACE];
    [ask.as_slice(), &more, &["--wait"]].concat()
}

/// Asks for it, hands out its key, and waits.
fn ask(net: &TestNet, server: &Server, model: &str) -> JoinHandle<Result<Said, Failure>> {
    let (user, model) = (user(net, server, SEALER), model.to_owned());
    thread::spawn(move || user.cairn(&sealed_text(&model)))
}

async fn view(chain: &Chain, task: TaskId) -> Result<TaskView<AccountId32>, Failure> {
    let view = chain.market().await?.task(task).await?;
    view.ok_or_else(|| Failure::new(format!("there is no task {}", task.0)))
}

/// The file that a task's only worker has come to.
fn result_of(view: &TaskView<AccountId32>) -> Result<ContentId, Failure> {
    match view.answers.first() {
        Some((_, answer)) => match &answer.output {
            Output::Artifact { id, .. } => Ok(*id),
            Output::Inline(_) => Err(Failure::new("the result is on the chain")),
        },
        None => Err(Failure::new("there is no result")),
    }
}

/// Its requester reads the text, whose input and result have gone through the bucket.
async fn text_is_read(net: &TestNet, server: &Server, chain: &Chain, paid: &Said) -> Test {
    assert_eq!(paid.json["stage"], "Settled", "{:#?}", paid.outcome);
    let task = paid.number("task");
    let fetch = ["result", &task.to_string(), "--archive", PLACE];
    let result = user(net, server, SEALER).cairn(&fetch)?.ended(0);
    let market = net.market().ok_or_else(|| Failure::new("the network has no market"))?;
    let folder = market.folder.display().to_string();
    let generate = ["generate", &folder, "--prompt", PROMPT, "--most", MOST, "--json"];
    let exact = said("cairn-engine", &generate)?.ended(0);
    assert!(exact.json["text"].is_string(), "{:#?}", exact.outcome);
    assert_eq!(result.json["text"], exact.json["text"], "{:#?}", result.outcome);

    let view = view(chain, TaskId(task)).await?;
    let job::Payload::Artifact { id: input, .. } = view.terms.job.input else {
        return Err(Failure::new("the input is on the chain"));
    };
    let asked = server.bucket().asked.clone();
    for id in [input, result_of(&view)?] {
        for how in ["PUT", "GET"] {
            let line = format!("{how} {FOLDER}{}?", hex(&id.0));
            assert!(asked.iter().any(|asked| asked.starts_with(&line)), "{line} in {asked:#?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_should_be_had_from_a_bucket_and_from_a_worker_when_that_has_lost_them() -> Test {
    let server = Server::start().await?;
    let (archive, environment) = (Some(PLACE.to_owned()), server.settings());
    let setup = Setup { archive, environment, ..Setup::default() };
    let mut net = TestNet::with_setups(vec![setup; 2], json!({})).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let model = hex(&market.model.0);
    let chain = Chain::connect(&[net.nodes[0].rpc_url()], &Options::default()).await?;
    let mut files = fill(&net, &server, &market.archive)?;
    long_file_comes_back(&net, &server)?;
    strangers_are_refused(&net, &server, &model, &files[0])?;

    // The first has the model from the bucket, for two who ask at once. Then nobody has it from there
    // any more, nor one of the results, so whoever asked for that complains; the worker shows what
    // it was paid for, or is not paid.
    set(&net, &chain, 1, Availability::Paused).await?;
    let sealed = ask(&net, &server, &model);
    let first = submit(&net, &model)?;
    reaches(&chain, first, Stage::Window).await?;
    files.push(hex(&result_of(&view(&chain, first).await?)?.0));
    lose(&server, &files);
    let complaint = cairn(&net, &["complain", &first.0.to_string()])?.ended(0);
    assert_eq!(complaint.number("provider"), net.workers[0].provider().0);
    reaches(&chain, first, Stage::Contested).await?;
    paid(&net, first)?;
    let sealed = sealed.join().map_err(|_| Failure::new("the one who asked has panicked"))??;
    text_is_read(&net, &server, &chain, &sealed.ended(0)).await?;
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

/// The second knows the first by its id alone, and has no socket from which anything could go
/// straight there: one listens in one family of addresses, the other in the other.
#[tokio::test(flavor = "multi_thread")]
async fn files_should_be_had_by_a_relay_when_no_worker_reaches_the_other() -> Test {
    let relay = cairn_relay::Server::start().await?;
    let found = Setup { relay: Some(relay.url()), ..Setup::default() };
    let elsewhere = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
    let second = Setup { files: Some(elsewhere), ..found.clone() };
    let mut net = TestNet::with_setups(vec![found, second], json!({})).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let model = hex(&market.model.0);
    let chain = Chain::connect(&[net.nodes[0].rpc_url()], &Options::default()).await?;

    // The first has the model, and then nobody else.
    set(&net, &chain, 1, Availability::Paused).await?;
    paid(&net, submit(&net, &model)?)?;
    let model_bytes = fetched(&net.workers[0]).await?["archive"];
    assert!(model_bytes > 0);
    for file in fs::read_dir(&market.archive)? {
        fs::remove_file(file?.path())?;
    }
    let before = relay.carried();
    set(&net, &chain, 0, Availability::Paused).await?;
    set(&net, &chain, 1, Availability::Available).await?;
    paid(&net, submit(&net, &model)?)?;
    let second = fetched(&net.workers[1]).await?;
    assert_eq!((second["archive"], second["peer"]), (0, model_bytes), "{second:?}");
    let carried = relay.carried() - before;
    assert!(carried > model_bytes, "{carried} of {model_bytes} bytes came by the relay");

    net.check_alive()?;
    net.passed()
}
