//! Jobs that nobody can do: each ends with a failure that has a name and words, the requester has
//! back what the rules say, and all workers go on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use cairn_artifact::{from_hex, hex, manifest::Manifest, store::Store};
use cairn_e2e::{Failure, Test, TestNet, PATIENCE};
use cairn_kernel::program::{DecodeError, Program};
use cairn_order::engines;
use cairn_protocol::{
    bundle::Bundle,
    chunk::content,
    dag::{Header, SemVer},
    failure::Failure as Cause,
    id::{Amount, BlockId, ContentId, EngineId, File},
    job::{Job, JobKind, Parameters, Payload, Policy, Requirements, Terms},
    learning::model::{Access, ModelCard},
    profile::DeviceClass,
    spec::{Choice, InferSpec, Spec, WasmSpec},
};
use cairn_runtime::units::UNITS;
use cairn_sdk::{
    calls,
    chain::{
        runtime_types::cairn_protocol::task::RefundReason,
        tasks::events::{Declined, Refunded},
    },
    Chain, Finalized, Market, Options, Outbox, Signer, Ticket,
};
use serde_json::Value;
use tokio::time::timeout;

const REQUESTER: &str = "Dave";
/// Who can be drawn for a job of one, and three times more where the one could not do it.
const WORKERS: usize = 4;
/// Parties that have to blame the requester.
const ACCUSERS: usize = 3;
const REWARD: Amount = UNITS / 10;
const FEE: Amount = UNITS / 100 + REWARD / 100;
/// Short enough that a worker does not wait for long for what may still come.
const WORK_BLOCKS: u32 = 24;
/// For a job that takes all the time there is, of each worker after the other.
const FEW_BLOCKS: u32 = 14;
/// Units of a job that are worth what it offers, and more than anybody does in that time.
const MANY_UNITS: u64 = 50_000;
/// A module whose `run` does not end:
///
/// ```text
/// (loop (br 0))
/// ```
const ENDLESS: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x07\x01\x03run\0\0\
    \x0a\x09\x01\x07\0\x03\x40\x0c\0\x0b\x0b";
/// Bytes for which no disk has room, of which a file with holes holds none.
const HUGE: u64 = 1 << 43;
const RELEASE: SemVer = SemVer { major: 1, minor: 0, patch: 0 };
/// More than all of them take, on a machine that has more to do.
const WITHIN: Duration = Duration::from_secs(480);

/// A job, what each worker should say of it, and what its words should have.
struct Case {
    name: &'static str,
    job: Job,
    cause: Cause,
    words: String,
}

/// What came of a task.
#[derive(Debug, Default)]
struct End {
    /// Who said what, and in which words.
    declined: Vec<(u64, Cause, String)>,
    refund: Option<(RefundReason, Amount, Amount)>,
}

/// The requester, and what its jobs can be about.
struct Desk {
    chain: Chain,
    signer: Signer,
    outbox: Outbox,
    archive: Store,
    /// Of a model that could be run.
    bundle: Bundle,
}

impl Desk {
    async fn open(net: &TestNet) -> Result<Self, Failure> {
        let none = || Failure::new("the network has no market");
        let market = net.market().cloned().ok_or_else(none)?;
        let options = Options { patience: PATIENCE, ..Options::default() };
        let chain = Chain::connect(&[net.nodes[0].rpc_url()], &options).await?;
        let signer = Signer::dev(REQUESTER)?;
        let path = net.scratch().join("requester.redb");
        let outbox = Outbox::open(&path, signer.clone(), chain.clone())?;
        let archive = Store::existing(&market.archive);
        let header = chain.market().await?.model(market.model).await?.ok_or_else(none)?;
        let bytes = fs::read(archive.path(&header.artifact.id))?;
        let bundle = Bundle::read(&bytes).map_err(|flaw| Failure::new(flaw.to_string()))?;
        Ok(Self { chain, signer, outbox, archive, bundle })
    }

    /// Has a model of this bundle be registered soon.
    async fn model(&self, name: &str, bundle: &Bundle) -> Result<(BlockId, Ticket), Failure> {
        let file = self.archive.put(&bundle.write())?;
        let header = Header::meta(self.signer.account(), file, RELEASE);
        let id = header.id();
        let described = content(&bundle.card);
        let card = ModelCard {
            configuration: described,
            tokenizer: bundle.tokenizer.map(|file| file.id),
            judge: described,
            components: vec![b"trunk".to_vec().try_into().map_err(|_| Failure::new("too long"))?]
                .try_into()
                .map_err(|_| Failure::new("too many"))?,
            royalty: 0,
            price_hint: 0,
            licence: b"Apache-2.0".to_vec().try_into().map_err(|_| Failure::new("too long"))?,
            access: Access::Open,
        };
        let ticket = self.outbox.submit(name, &calls::create_model(header, card)).await?;
        Ok((id, ticket))
    }

    /// Submits them all, and gives what they became, in the same order.
    async fn submit(&self, cases: &[Case]) -> Result<Vec<u64>, Failure> {
        let now = self.chain.at_finalized().await?.block_number();
        let now = u32::try_from(now).unwrap_or(u32::MAX);
        let all: Vec<Terms> = cases.iter().map(|case| terms(now, case)).collect();
        let mut tickets: Vec<Ticket> = Vec::new();
        for (case, terms) in cases.iter().zip(&all) {
            tickets.push(self.outbox.submit(case.name, &calls::submit(terms.clone())).await?);
        }
        for ticket in &tickets {
            timeout(PATIENCE, ticket.succeeded()).await??;
        }
        let market = self.chain.market().await?;
        let mut known = Vec::new();
        for task in market.tasks_of(&self.signer.account()).await? {
            known.extend(market.task(task).await?.map(|view| (task.0, view.terms)));
        }
        let find = |terms: &Terms| {
            let found = known.iter().find(|(_, known)| known == terms).map(|(task, _)| *task);
            found.ok_or_else(|| Failure::new("a task was submitted and is not there"))
        };
        all.iter().map(find).collect()
    }
}

fn terms(now: u32, case: &Case) -> Terms {
    let exact = case.job.model.is_some();
    Terms {
        job: case.job.clone(),
        policy: if exact { Policy::Proven } else { Policy::Replicated },
        redundancy: 1,
        requirements: Requirements::any(DeviceClass::Cpu),
        reward: REWARD,
        tip: 0,
        match_by: now.saturating_add(400),
        work_blocks: if case.cause == Cause::OutOfTime { FEW_BLOCKS } else { WORK_BLOCKS },
        seal: None,
        output_bytes: 64,
        auditable: false,
    }
}

/// A call of this module, if there is one. No two jobs have the same seed.
fn wasm(nth: u8, module: File) -> Job {
    let export = b"run".to_vec().try_into().expect("it is short");
    let spec = WasmSpec { module, fuel: 1_000_000, memory_pages: 1, export };
    Job {
        kind: JobKind::Wasm,
        model: None,
        engine: engines::wasm(),
        input: Payload::Inline(Default::default()),
        parameters: Spec::Wasm(spec).encode(),
        seed: [nth; 32],
        units: 10,
        sampled: false,
    }
}

fn infer(nth: u8, model: BlockId) -> Job {
    let spec = InferSpec { most: 4, choice: Choice::Greedy, stops: Default::default() };
    Job {
        kind: JobKind::Infer,
        model: Some(model),
        engine: engines::exact(),
        input: Payload::Inline(b"the red hen".to_vec().try_into().expect("it is short")),
        parameters: Spec::Infer(spec).encode(),
        ..wasm(nth, File { id: ContentId([nth; 32]), bytes: 1 })
    }
}

/// Jobs on files: parameters that are none, and modules that are not there or not what they are
/// called.
fn of_files(archive: &Store) -> Result<Vec<Case>, Failure> {
    let gone = File { id: content(b"gone"), bytes: 4 };
    let put = archive.put(b"a module")?;
    let longer = File { bytes: put.bytes + 1, ..put };
    let other = File { id: content(b"right module"), bytes: 12 };
    fs::write(archive.path(&other.id), b"wrong module")?;
    let huge = File { id: content(b"huge"), bytes: HUGE };
    fs::File::create(archive.path(&huge.id))?.set_len(HUGE)?;

    let parameters = Parameters::truncate_from(vec![9]);
    let malformed = Job { parameters, ..wasm(1, gone) };
    let words = "the spec is of version 9".to_owned();
    let first = Case { name: "malformed", job: malformed, cause: Cause::MalformedSpec, words };
    let files = [
        // Whichever it is of several that a job needs, its requester is told.
        ("missing", gone, Cause::MissingArtifact, hex(&gone.id)),
        ("another length", longer, Cause::FalseArtifact, hex(&longer.id)),
        ("another content", other, Cause::FalseArtifact, hex(&other.id)),
        // Of all of them together.
        ("no room", huge, Cause::DiskFull, HUGE.to_string()),
    ];
    let rest = (2..).zip(files).map(|(nth, (name, file, cause, words))| Case {
        name,
        job: wasm(nth, file),
        cause,
        words,
    });
    Ok([first].into_iter().chain(rest).collect())
}

/// Jobs that nothing is missing for: one is of an engine that nobody has, and one has fuel for more
/// than there is time for.
fn of_machines(archive: &Store) -> Result<Vec<Case>, Failure> {
    let module = archive.put(ENDLESS)?;
    let export = b"run".to_vec().try_into().expect("it is short");
    let spec = WasmSpec { module, fuel: u64::MAX, memory_pages: 1, export };
    let parameters = Spec::Wasm(spec).encode();
    let endless = Job { parameters, units: MANY_UNITS, ..wasm(21, module) };
    let elsewhere = Job { engine: EngineId([9; 32]), ..wasm(20, module) };
    let cases = [
        ("another engine", elsewhere, Cause::WrongEngine, "'wasm' of this version"),
        ("no end", endless, Cause::OutOfTime, "deadline"),
    ];
    let cases = cases.into_iter().map(|(name, job, cause, words)| {
        let words = words.to_owned();
        Case { name, job, cause, words }
    });
    Ok(cases.collect())
}

/// Jobs on models that cannot be run.
async fn of_models(desk: &Desk) -> Result<Vec<Case>, Failure> {
    let Desk { archive, bundle, .. } = desk;
    let huge = File { id: ContentId([0xff; 32]), bytes: HUGE };
    let large = with_files(bundle, &[huge])?;
    let tokenizer = match bundle.tokenizer {
        Some(_) => None,
        None => bundle.files.first().copied(),
    };
    let models = [
        ("too large", large, Cause::TooLargeForDevice, "MiB"),
        (
            "another tokenizer",
            Bundle { tokenizer, ..bundle.clone() },
            Cause::TokenizerMismatch,
            "tokenizer",
        ),
        ("later operator", of_later_kernel(archive, bundle)?, Cause::UnsupportedOp, "no operator"),
    ];
    let (mut cases, mut tickets) = (Vec::new(), Vec::new());
    for (nth, (name, bundle, cause, words)) in (10..).zip(models) {
        let (model, ticket) = desk.model(&format!("model: {name}"), &bundle).await?;
        cases.push(Case { name, job: infer(nth, model), cause, words: words.into() });
        tickets.push(ticket);
    }
    for ticket in &tickets {
        timeout(PATIENCE, ticket.succeeded()).await??;
    }
    Ok(cases)
}

/// The same with more files.
fn with_files(bundle: &Bundle, more: &[File]) -> Result<Bundle, Failure> {
    let mut files = [bundle.files.as_slice(), more].concat();
    files.sort();
    let many = |_: Vec<File>| Failure::new("a bundle does not take more files");
    Ok(Bundle { files: files.try_into().map_err(many)?, ..bundle.clone() })
}

/// The model with a program that has an operator of which this kernel knows nothing.
fn of_later_kernel(archive: &Store, bundle: &Bundle) -> Result<Bundle, Failure> {
    let card: Value = serde_json::from_slice(&bundle.card)?;
    let id = card["manifests"]["next"].as_str().and_then(from_hex);
    let id = id.ok_or_else(|| Failure::new("the model goes on with no text"))?;
    let Manifest { program, components, .. } = archive.manifest(&id)?;
    let program = archive.open_file(&program)?.to_vec();
    // Operators come last.
    let changed = (0..program.len()).rev().find_map(|at| {
        let mut changed = program.clone();
        changed[at] = u8::MAX;
        let decoded = Program::decode(&changed);
        let operator = matches!(decoded, Err(DecodeError::Unknown { what: "operator", .. }));
        operator.then_some(changed)
    });
    let changed = changed.ok_or_else(|| Failure::new("the program has no operators"))?;
    let program = archive.put(&changed)?;
    let manifest = archive.put(&Manifest::new(program, components).encode()?)?;
    let text = String::from_utf8(bundle.card.to_vec())?.replace(&hex(&id), &hex(&manifest.id));
    let long = |_: Vec<u8>| Failure::new("a bundle does not take the card");
    let changed = Bundle { card: text.into_bytes().try_into().map_err(long)?, ..bundle.clone() };
    with_files(&changed, &[program, manifest])
}

/// Reads on until so many tasks have ended.
async fn ends(blocks: &mut Finalized, count: usize) -> Result<BTreeMap<u64, End>, Failure> {
    let mut ends: BTreeMap<u64, End> = BTreeMap::new();
    while ends.values().filter(|end| end.refund.is_some()).count() < count {
        let at = blocks.next().await?.at(blocks.chain()).await?;
        for event in at.events().fetch().await?.iter() {
            let event = event?;
            if event.pallet_name() != "Tasks" {
                continue;
            }
            // Nobody may be late, or paid.
            let name = event.event_name();
            if ["Vacated", "Committed", "Settled"].contains(&name) {
                return Err(Failure::new(format!("{name}, and all should decline: {ends:#?}")));
            }
            if let Some(declined) = event.decode_fields_as::<Declined>() {
                let Declined { task, provider, failure, reason } = declined?;
                let words = String::from_utf8(reason.0)?;
                let end = ends.entry(task.0 .0).or_default();
                end.declined.push((provider.0 .0, failure.0, words));
            } else if let Some(refunded) = event.decode_fields_as::<Refunded>() {
                let Refunded { task, reason, back, burnt } = refunded?;
                ends.entry(task.0 .0).or_default().refund = Some((reason, back, burnt));
            }
        }
    }
    Ok(ends)
}

/// Each worker that was drawn said the same, and the requester pays the fee where it is at fault.
fn check(case: &Case, end: &End) {
    let (name, cause) = (case.name, case.cause);
    let (asked, lost) = if cause.requesters() { (ACCUSERS, FEE) } else { (WORKERS, 0) };
    let workers: BTreeSet<u64> = end.declined.iter().map(|(worker, ..)| *worker).collect();
    assert_eq!((workers.len(), end.declined.len()), (asked, asked), "{name}: {end:#?}");
    for (worker, said, words) in &end.declined {
        assert_eq!(*said, cause, "{name}, worker {worker}: {words}");
        assert!(words.contains(&case.words), "{name}, worker {worker}: {words}");
    }
    let Some((RefundReason::Declined(reason), back, burnt)) = &end.refund else {
        panic!("{name} should have been declined: {end:#?}")
    };
    assert_eq!(reason.0, cause, "{name}");
    assert_eq!((*back, *burnt), (REWARD + FEE - lost, lost), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_should_be_declined_with_a_reason_when_nobody_can_do_them() -> Test {
    let mut net = TestNet::with_workers(1, WORKERS).await?;
    let pids = |net: &TestNet| net.workers.iter().map(|worker| worker.pid()).collect::<Vec<_>>();
    let running = pids(&net);
    let desk = Desk::open(&net).await?;
    let mut cases = of_files(&desk.archive)?;
    cases.extend(of_machines(&desk.archive)?);
    cases.extend(of_models(&desk).await?);

    let mut blocks = desk.chain.follow().await?;
    let tasks = desk.submit(&cases).await?;
    let ends = timeout(WITHIN, ends(&mut blocks, cases.len())).await??;
    for (case, task) in cases.iter().zip(&tasks) {
        check(case, &ends[task]);
    }

    let market: Market = desk.chain.market().await?;
    for worker in &net.workers {
        let view = market.provider(worker.provider()).await?.expect("it is registered");
        assert_eq!(view.card.pending, 0, "{}", worker.name());
    }
    net.check_alive()?;
    assert_eq!(pids(&net), running, "no worker should have ended");
    net.passed()
}
