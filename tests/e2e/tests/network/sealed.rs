//! Sealed tasks, from the command line to real workers and back: who reads what, and who is blamed
//! where nobody can.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use cairn_e2e::{cairn, said, Failure, Said, Test, TestNet, PATIENCE};
use cairn_order::engines;
use cairn_protocol::{
    id::{BlockId, Digest, ProviderId, TaskId},
    job::{Job, JobKind, Payload, Policy, Requirements, Seal, Terms},
    profile::DeviceClass,
    spec::{Choice, InferSpec, Spec},
    view::{TaskView, WaitsFor},
};
use cairn_runtime::units::UNITS;
use cairn_sdk::{
    calls,
    chain::tasks::events::{KeyRejected, Refunded, Settled},
    AccountId32, Block, Chain, Market, Options, Outbox, Signer,
};
use cairn_vault::{wrap, Kept, Seat};

/// One more than are drawn, and as many as reject a key until nobody is asked again.
const WORKERS: usize = 4;
pub const REQUESTER: &str = "Dave";
/// Hands out a key that is not what it committed to.
pub const SEALER: &str = "Eve";
/// No four letters of it come twice, so that no compression could hide it in a file.
pub const SECRET: &str = "Sphinx of black quartz, judge my vow; 7 zany gymnasts fixed JOLT#4182!";
/// Sealed as well, by the other one.
pub const FALSE: &str = "Crwth vox zaps qi gym fjeld bunk; 38 owls type HUSHED memos @NIX-0275?";
/// What is not sealed is found in all these places.
const OPEN: &str = "Waltz, bad nymph, for quick jigs vex; 5 pyromaniacs hum @DREK-9037?";
/// Tokens to make.
pub const MOST: &str = "8";
/// What one worker is offered.
const REWARD: u128 = UNITS / 10;
/// What every worker put up.
const BOND: u128 = 1_000 * UNITS;
/// As many bytes in a row are searched for.
const PART: usize = 16;
/// What a sealed result begins with, in hexadecimal digits.
const MARK: &str = "636169726e2d726573756c742d31";

/// The files below a folder in which a part of the words stands.
pub fn found(folder: &Path, words: &str) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    // Others work there, and files come and go.
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files.extend(found(&path, words));
        } else if shows(&fs::read(&path).unwrap_or_default(), words) {
            files.insert(path);
        }
    }
    files
}

fn shows(bytes: &[u8], words: &str) -> bool {
    let parts: Vec<&[u8]> = words.as_bytes().chunks_exact(PART).collect();
    // Nearly all of it is settled by the first byte, and there is much of it.
    let is_part = |window: &[u8]| parts.iter().any(|part| part[0] == window[0] && *part == window);
    bytes.windows(PART).any(is_part)
}

/// Searches a folder again and again, while others work in it.
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<BTreeSet<PathBuf>>,
}

impl Watch {
    pub fn begin(folder: PathBuf) -> Self {
        let stop: Arc<AtomicBool> = Arc::default();
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut files = BTreeSet::new();
            while !stopped.load(Ordering::Relaxed) {
                files.extend([SECRET, FALSE].iter().flat_map(|words| found(&folder, words)));
                thread::sleep(Duration::from_secs(1));
            }
            files
        });
        Self { stop, thread }
    }

    pub fn end(self) -> Result<BTreeSet<PathBuf>, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| Failure::new("the search has panicked"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_prompt_should_stay_secret_and_a_false_key_should_blame_its_sealer_alone() -> Test {
    let mut net = TestNet::with_workers(1, WORKERS).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    let home = market.archive.parent().map(Path::to_owned).unwrap_or_default();
    let watch = Watch::begin(home.clone());
    let (url, folder) = (net.nodes[0].rpc_url(), net.scratch().join("sealer"));
    let falsely = tokio::spawn(falsely_sealed(url.clone(), market.model, folder));

    let model: String = market.model.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let archive = market.archive.display().to_string();
    let ask = ["submit", "infer", "--model", &model, "--most", MOST, "--archive", &archive];
    let more = ["--prompt", SECRET, "--sealed", "--redundancy", "3", "--wait"];
    let paid = cairn(&net, REQUESTER, &[ask.as_slice(), &more].concat())?.ended(0);
    assert_eq!(paid.json["stage"], "Settled", "{:#?}", paid.outcome);
    the_result_is_for_its_requester(&net, &market.folder.display().to_string(), &paid)?;

    let refused = falsely.await??;
    assert_eq!(refused.reason, "KeyRejected");
    assert_eq!(refused.rejections.len(), WORKERS, "each once: {:?}", refused.rejections);
    // The fee is gone, so that it pays nobody to say so; all else comes back.
    assert_eq!((refused.back, refused.burnt), (REWARD, UNITS / 100 + REWARD / 100));
    no_worker_is_penalised(&net, &url).await?;

    let open = ["--prompt", OPEN, "--redundancy", "1"];
    cairn(&net, REQUESTER, &[&ask[..6], &open].concat())?.ended(0);
    let during = watch.end()?;
    assert!(during.is_empty(), "the prompt was in {during:?}");
    nothing_shows_what_was_sealed(&net, &home, &archive)?;
    net.check_alive()?;
    net.passed()
}

/// It is what exact arithmetic comes to, and on the chain it is nothing that can be read.
pub fn the_result_is_for_its_requester(net: &TestNet, folder: &str, paid: &Said) -> Test {
    let generate = ["generate", folder, "--prompt", SECRET, "--most", MOST, "--json"];
    let exact = said("cairn-engine", &generate)?.ended(0);
    assert!(exact.json["text"].is_string(), "{:#?}", exact.outcome);
    assert_eq!(paid.json["text"], exact.json["text"], "{:#?}", paid.outcome);

    let task = paid.json["task"].to_string();
    let result = cairn(net, REQUESTER, &["result", &task])?.ended(0);
    assert_eq!(result.json["text"], exact.json["text"], "{:#?}", result.outcome);
    let shown = cairn(net, REQUESTER, &["task", &task])?.ended(0);
    let sealed = shown.json["hex"].as_str().unwrap_or_default();
    assert!(sealed.starts_with(MARK), "{:#?}", shown.outcome);
    let refused = cairn(net, SEALER, &["result", &task])?.ended(1);
    let words = refused.json["error"].as_str().unwrap_or_default();
    assert!(words.contains("is sealed"), "{words}");
    Ok(())
}

/// Neither chain, archive nor workers have it on disk. What is not sealed is found there.
fn nothing_shows_what_was_sealed(net: &TestNet, home: &Path, archive: &str) -> Test {
    let public = net.scratch().join("public");
    fs::write(&public, OPEN)?;
    let file = public.display().to_string();
    cairn(net, REQUESTER, &["artifact", "put", &file, "--archive", archive])?.ended(0);
    for worker in &net.workers {
        fs::write(home.join(worker.name()).join("private/open"), OPEN)?;
    }
    let places = [net.nodes[0].base_path(), Path::new(archive)].map(Path::to_owned);
    let own = net.workers.iter().map(|worker| home.join(worker.name()));
    for place in places.into_iter().chain(own) {
        let open = found(&place, OPEN);
        assert!(!open.is_empty(), "what is open should be found in {}", place.display());
        let sealed = [SECRET, FALSE].map(|words| found(&place, words));
        assert!(sealed.iter().all(BTreeSet::is_empty), "the prompt is in {sealed:?}");
    }
    // The logs of all of them, and whatever else there is.
    let all = found(net.base_path(), SECRET);
    assert!(all.is_empty(), "the prompt is in {all:?}");
    Ok(())
}

pub async fn connect(url: &str) -> Result<Chain, Failure> {
    let options = Options { patience: PATIENCE, ..Options::default() };
    Ok(Chain::connect(&[url], &options).await?)
}

async fn no_worker_is_penalised(net: &TestNet, url: &str) -> Test {
    let market = connect(url).await?.market().await?;
    for worker in &net.workers {
        let name = worker.name();
        let view = market.provider(worker.provider()).await?;
        let card = view.ok_or_else(|| Failure::new(format!("{name} is gone")))?.card;
        assert_eq!((card.bond, card.pending), (BOND, 0), "{name}");
    }
    Ok(())
}

/// How a task ended that was not paid.
struct Refusal {
    reason: String,
    back: u128,
    burnt: u128,
    /// Who could not open the payload.
    rejections: BTreeSet<ProviderId>,
}

/// Seals a task, and gives its workers a key that has another salt than the commitment.
async fn falsely_sealed(url: String, model: BlockId, folder: PathBuf) -> Result<Refusal, Failure> {
    fs::create_dir_all(&folder)?;
    let chain = connect(&url).await?;
    let signer = Signer::dev(SEALER)?;
    let (genesis, requester) = (chain.genesis().0, signer.account());
    let (kept, payload, context) = Kept::seal(FALSE.as_bytes(), &genesis, &requester.0)?;
    let kept = with_another_salt(&kept, &folder.join("kept.key"))?;

    let now = u32::try_from(chain.market().await?.at().block_number())?;
    let commitment = context.commitment;
    let terms = terms(model, payload, Seal { commitment, key_blocks: 40 }, now)?;
    let outbox = Outbox::open(&folder.join("outbox"), signer, chain.clone())?;
    let mut blocks = chain.follow().await?;
    let submitted = outbox.submit("task", &calls::submit(terms)).await?;
    submitted.succeeded().await?;
    let task = chain.market().await?.tasks_of(&requester).await?.into_iter().max();
    let task = task.ok_or_else(|| Failure::new("the task is not there"))?;

    let keys = FalseKeys { task, genesis, kept, outbox };
    let mut rejections = BTreeSet::new();
    loop {
        let block = blocks.next().await?;
        if let Some(end) = look(&chain, block, task, &mut rejections).await? {
            return Ok(Refusal { rejections, ..end });
        }
        let market = chain.market().await?;
        if let Some(view) = market.task(task).await? {
            keys.hand_out(&market, &view).await?;
        }
    }
}

/// What opens a task but for the salt, one bit of which is another.
pub fn with_another_salt(kept: &Kept, path: &Path) -> Result<Kept, Failure> {
    kept.save(path)?;
    let mut bytes = fs::read(path)?;
    // The salt comes last.
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    fs::write(path, bytes)?;
    Ok(Kept::open(path)?)
}

pub fn terms(model: BlockId, payload: Vec<u8>, seal: Seal, now: u32) -> Result<Terms, Failure> {
    let stops = Default::default();
    let spec = Spec::Infer(InferSpec { most: 8, choice: Choice::Greedy, stops });
    let long = |_| Failure::new("the payload is too long for the chain");
    Ok(Terms {
        job: Job {
            kind: JobKind::Infer,
            model: Some(model),
            engine: engines::exact(),
            input: Payload::Inline(payload.try_into().map_err(long)?),
            parameters: spec.encode(),
            seed: [3; 32],
            units: 8,
            sampled: false,
        },
        policy: Policy::Proven,
        redundancy: 1,
        requirements: Requirements::any(DeviceClass::Cpu),
        reward: REWARD,
        tip: 0,
        // The seed of each of four draws takes 17 blocks.
        match_by: now.saturating_add(400),
        work_blocks: 100,
        seal: Some(seal),
        output_bytes: 2_048,
        auditable: false,
    })
}

/// Notes who rejects the key in a block, and says how the task ended if it did.
async fn look(
    chain: &Chain,
    block: Block,
    task: TaskId,
    rejections: &mut BTreeSet<ProviderId>,
) -> Result<Option<Refusal>, Failure> {
    let at = block.at(chain).await?;
    for event in at.events().fetch().await?.iter() {
        let event = event?;
        if let Some(rejected) = event.decode_fields_as::<KeyRejected>() {
            let rejected = rejected?;
            if rejected.task.0 == task {
                rejections.insert(rejected.provider.0);
            }
        } else if let Some(refunded) = event.decode_fields_as::<Refunded>() {
            let Refunded { task: of, reason, back, burnt } = refunded?;
            if of.0 == task {
                let (reason, rejections) = (format!("{reason:?}"), BTreeSet::new());
                return Ok(Some(Refusal { reason, back, burnt, rejections }));
            }
        } else if let Some(settled) = event.decode_fields_as::<Settled>() {
            if settled?.task.0 == task {
                return Err(Failure::new("what nobody could open was paid"));
            }
        }
    }
    Ok(None)
}

/// What a requester gives to workers, who cannot use it.
struct FalseKeys {
    task: TaskId,
    genesis: Digest,
    kept: Kept,
    outbox: Outbox,
}

impl FalseKeys {
    /// A key for all who wait for one.
    async fn hand_out(&self, market: &Market, view: &TaskView<AccountId32>) -> Test {
        let WaitsFor::Keys(waiting) = &view.waits_for else { return Ok(()) };
        for seat in view.seats.iter().filter(|seat| waiting.contains(&seat.provider)) {
            let known = market.provider(seat.provider).await?;
            let key = known.and_then(|known| known.profile.0.payload_key);
            let key = key.ok_or_else(|| Failure::new("a worker was drawn that has no key"))?;
            let (task, provider) = (self.task, seat.provider);
            let at = Seat { task, provider, generation: seat.generation };
            let wrapped = wrap(self.kept.opening(), &key, at, &self.genesis)?;
            let purpose = format!("key of {} in round {}", provider.0, seat.round);
            let call = calls::post_key(task, provider, wrapped);
            self.outbox.submit(&purpose, &call).await?.succeeded().await?;
        }
        Ok(())
    }
}
