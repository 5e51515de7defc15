//! The chain's client library against real nodes.

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use cairn_e2e::{
    market::{enlist, terms},
    Failure, Test, TestNet, FIRST_BLOCKS, PATIENCE,
};
use cairn_protocol::{id::ProviderId, job::Terms, profile::Role};
use cairn_runtime::units::{SS58_PREFIX, UNITS};
use cairn_sdk::{
    calls, AccountId32, Chain, Duty, Error, Included, Options, Outbox, Outcome, Result, Signer,
    Ticket, H256,
};
use tokio::{process::Command, task::JoinSet, time::timeout};

/// How often the account pays in parallel.
const TASKS: usize = 4;
const PAYMENTS: usize = 5;
const EXAMPLES: [&str; 5] = ["watch", "quote", "transfer", "register", "submit"];

async fn connect(urls: &[String]) -> Result<Chain> {
    Chain::connect(urls, &Options { patience: PATIENCE, ..Options::default() }).await
}

fn open(directory: &Path, name: &str, signer: &Signer, chain: &Chain) -> Result<Outbox> {
    Outbox::open(&directory.join(name), signer.clone(), chain.clone())
}

/// What something gives that must not take for ever.
async fn soon<T>(something: impl Future<Output = Result<T>>) -> Result<T, Failure> {
    Ok(timeout(PATIENCE, something).await??)
}

async fn success(ticket: &Ticket) -> Result<Included, Failure> {
    soon(ticket.succeeded()).await
}

/// An account that nobody has paid yet.
fn nobody(name: &str) -> Result<AccountId32> {
    Ok(Signer::dev(&format!("receiver//sdk//{name}"))?.account())
}

/// The runtime's error, by its name and with its documentation.
fn assert_even_redundancy<T: std::fmt::Debug>(refused: Result<T>) {
    let Err(Error::Runtime { pallet, name, help }) = refused else { panic!("{refused:?}") };
    assert_eq!((pallet.as_str(), name.as_str()), ("Tasks", "EvenRedundancy"));
    assert!(help.contains("even"), "the help should be the runtime's words: {help:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn library_should_ask_call_and_explain_when_there_is_a_market() -> Test {
    let net = TestNet::start(1).await?;
    let front = net.client(0).await?;
    front.wait_finalized(3, FIRST_BLOCKS).await?;
    let owners = ["Charlie", "Eve", "Ferdie"];
    let owners = enlist(&front, &owners, &[Role::Compute], 200 * UNITS).await?;

    let url = net.nodes[0].rpc_url();
    let chain = connect(std::slice::from_ref(&url)).await?;
    assert_eq!(cairn_sdk::config::SS58_PREFIX, SS58_PREFIX);
    assert_eq!(chain.genesis().0, front.genesis().0);

    let (dave, market) = (Signer::dev("Dave")?, chain.market().await?);
    let (requester, good) = (dave.account(), terms(&front, false).await?);
    let even = Terms { redundancy: 2, ..good.clone() };
    let quote = market.quote(&requester, &good).await?;
    assert_eq!((quote.supply.pool, quote.supply.fit), (3, 3), "{quote:?}");
    let owned = market.providers_of(&Signer::dev(owners[0])?.account()).await?;
    assert_eq!(owned, [ProviderId(0)]);
    assert!(market.provider(ProviderId(0)).await?.is_some());
    assert!(market.provider(ProviderId(9)).await?.is_none());
    market.check(&requester, &calls::submit(good.clone())).await?;
    assert_even_redundancy(market.check(&requester, &calls::submit(even.clone())).await);

    let outbox = open(net.scratch(), "dave", &dave, &chain)?;
    let refused = outbox.submit("of two", &calls::submit(even)).await?;
    assert_even_redundancy(timeout(PATIENCE, refused.succeeded()).await?);
    success(&outbox.submit("of three", &calls::submit(good.clone())).await?).await?;
    let market = chain.market().await?;
    let tasks = market.tasks_of(&requester).await?;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    let view = market.task(tasks[0]).await?.expect("it was submitted");
    assert_eq!((view.requester, view.terms), (requester, good));
    soon(wait_for_work(&chain, ProviderId(0))).await?;

    for name in EXAMPLES {
        run_example(name, &url).await?;
    }
    net.passed()
}

/// Waits until a provider has a seat at a task.
async fn wait_for_work(chain: &Chain, provider: ProviderId) -> Result<()> {
    let mut blocks = chain.follow().await?;
    loop {
        blocks.next().await?;
        let duties = chain.market().await?.duties(provider).await?;
        if duties.iter().any(|duty| matches!(duty, Duty::Work { .. })) {
            return Ok(());
        }
    }
}

/// Runs one of the library's examples, which are built with the tests.
async fn run_example(name: &str, url: &str) -> Test {
    let this = std::env::current_exe()?;
    let built = this.ancestors().nth(2).unwrap_or(&this).join("examples").join(name);
    if !built.exists() {
        let missing = built.display();
        return Err(Failure::new(format!("no {missing}; cargo build -p cairn-sdk --examples")));
    }
    let run = Command::new(&built).env("CAIRN_URL", url).env_remove("CAIRN_KEY").output();
    let output = timeout(PATIENCE, run).await??;
    let (said, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {}\n{said}{complaint}", output.status);
    assert!(!said.is_empty(), "{name} should say what it did");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn library_should_lose_and_double_nothing_when_processes_and_endpoints_go() -> Test {
    let mut net = TestNet::start(1).await?;
    net.wait_finalized(3, FIRST_BLOCKS).await?;
    let directory = net.scratch().to_owned();
    let mut watcher = net.follower("watcher").await?;
    let validator = net.nodes[0].rpc_url();
    let chain = connect(&[watcher.rpc_url(), validator.clone()]).await?;
    let alice = Signer::dev("Alice")?;

    let foreign = Options { genesis: Some(H256([1; 32])), ..Options::default() };
    let refused = Chain::connect(std::slice::from_ref(&validator), &foreign).await.err();
    let refused = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("begins with"), "another chain should be refused: {refused}");

    sent_once_when_killed_before_sending(&directory, &alice, &chain).await?;
    sent_once_when_sent_in_parallel(&directory, &alice, &chain).await?;

    // The endpoint in use goes, and the other one takes its place.
    let mut blocks = chain.follow().await?;
    let first = soon(blocks.next()).await?;
    watcher.kill()?;
    let outbox = open(&directory, "endpoints", &alice, &chain)?;
    let (call, paid) = (calls::transfer(&nobody("other")?, UNITS), nobody("other")?);
    let included = success(&outbox.submit("through the other", &call).await?).await?;
    assert_eq!(chain.free_balance(&paid).await?, UNITS);
    for number in first.number + 1..=included.number {
        assert_eq!(soon(blocks.next()).await?.number, number, "no block may be left out");
    }

    // Now both are gone, and one comes back.
    let call = calls::transfer(&nobody("back")?, UNITS);
    let ticket = outbox.prepare("while all are gone", &call).await?;
    // Not killed: a block that was final and is not on its disk would be another one afterwards.
    net.nodes[0].stop().await?;
    let waiting = tokio::spawn(async move { ticket.succeeded().await });
    tokio::time::sleep(Duration::from_secs(3)).await;
    net.nodes[0].restart().await?;
    let included = timeout(PATIENCE, waiting).await???;
    assert_eq!(chain.free_balance(&nobody("back")?).await?, UNITS);
    let mut last = blocks.height() - 1;
    while last < included.number {
        let number = soon(blocks.next()).await?.number;
        assert_eq!(number, last + 1, "no block may be left out");
        last = number;
    }
    net.passed()
}

/// Signed and on disk, but sent by nobody: that is what a process leaves that is killed between
/// the two.
async fn sent_once_when_killed_before_sending(
    directory: &Path,
    signer: &Signer,
    chain: &Chain,
) -> Test {
    let to = nobody("killed")?;
    let call = calls::transfer(&to, UNITS);
    let first = open(directory, "killed", signer, chain)?;
    drop(first.prepare("once", &call).await?);
    first.close().await;
    assert_eq!(chain.free_balance(&to).await?, 0);

    let second = open(directory, "killed", signer, chain)?;
    let found = second.find("once")?.expect("it was kept");
    let included = success(&found).await?;
    assert_eq!(included.outcome, Outcome::Done);
    drop(found);
    second.close().await;

    // Whoever comes third, and submits it again, finds it done.
    let third = open(directory, "killed", signer, chain)?;
    assert_eq!(success(&third.submit("once", &call).await?).await?, included);
    assert_eq!(chain.free_balance(&to).await?, UNITS);
    third.close().await;
    Ok(())
}

/// Several at once share an account's nonces.
async fn sent_once_when_sent_in_parallel(directory: &Path, signer: &Signer, chain: &Chain) -> Test {
    let to = nobody("parallel")?;
    let outbox = Arc::new(open(directory, "parallel", signer, chain)?);
    let mut senders = JoinSet::new();
    for task in 0..TASKS {
        let outbox = Arc::clone(&outbox);
        senders.spawn(async move {
            let mut tickets = Vec::new();
            for payment in 0..PAYMENTS {
                let purpose = format!("{task}, {payment}");
                tickets.push(outbox.submit(&purpose, &calls::transfer(&to, UNITS)).await?);
            }
            Ok::<_, Error>(tickets)
        });
    }
    while let Some(sent) = senders.join_next().await {
        for ticket in sent?? {
            success(&ticket).await?;
        }
    }
    let payments = u128::try_from(TASKS * PAYMENTS)?;
    assert_eq!(chain.free_balance(&to).await?, payments * UNITS);
    Ok(())
}
