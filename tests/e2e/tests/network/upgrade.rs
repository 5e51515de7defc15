//! The chain replaces its own rules: a referendum enacts a new runtime while transfers flow, and
//! while a client of the library is connected.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use cairn_e2e::{next_runtime, Failure, Load, Test, TestNet, FIRST_BLOCKS, PATIENCE};
use cairn_localnet::{
    keys, tx,
    wait::{until, Seen},
    Client, Error,
};
use cairn_runtime::{
    units::UNITS, BlockNumber, Hash, OriginCaller, Runtime, RuntimeCall, RuntimeEvent,
};
use cairn_sdk::{calls, Chain, Included, Options, Outbox, Outcome, Signer, Ticket};
use codec::Encode;
use frame_support::traits::{schedule::DispatchTime, Bounded};
use frame_system::{LastRuntimeUpgrade, LastRuntimeUpgradeInfo, RawOrigin};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use serde_json::json;
use sp_runtime::traits::{BlakeTwo256, Hash as _};
use sp_version::RuntimeVersion;
use tokio::time::timeout;

const STEP: Duration = Duration::from_secs(30);
const ENACTED_WITHIN: Duration = Duration::from_secs(120);
const BETWEEN_TRANSFERS: Duration = Duration::from_millis(200);
/// Blocks by which it shows whether the chain goes on, and transfers do.
const SETTLED: BlockNumber = 12;
/// Each of four, of six equal shares of a billion: 60 % of all CRN, which suffices at once.
const STAKE: u128 = 150_000_000 * UNITS;
const VOTERS: [&str; 4] = ["Alice", "Bob", "Charlie", "Dave"];
/// Accounts of the client, and who gives them what they spend.
const CUSTOMERS: [&str; 2] = ["customer//steady", "customer//away"];
const PATRON: &str = "Bob";
const GIVEN: u128 = 100 * UNITS;
/// Every so many blocks an outbox sends what is open.
const RESEND: u64 = 8;

/// Puts a call before all holders of CRN, who approve it.
async fn pass_referendum(client: &Client, call: RuntimeCall) -> Result<(), Failure> {
    let alice = keys::signer("Alice")?;
    let bytes = call.encode();
    let proposal =
        Bounded::Lookup { hash: BlakeTwo256::hash(&bytes), len: u32::try_from(bytes.len())? };

    let note = pallet_preimage::Call::note_preimage { bytes };
    let noted = client.send(RuntimeCall::Preimage(note), &alice).await?;

    let submit = pallet_referenda::Call::submit {
        proposal_origin: Box::new(OriginCaller::system(RawOrigin::Root)),
        proposal,
        enactment_moment: DispatchTime::After(1),
    };
    let submitted = client.send(RuntimeCall::Referenda(submit), &alice).await?;
    client.executed(noted, STEP).await?;
    let submitted = client.executed(submitted, STEP).await?;
    let index = submitted
        .events
        .into_iter()
        .find_map(|event| match event {
            RuntimeEvent::Referenda(pallet_referenda::Event::Submitted { index, .. }) => {
                Some(index)
            }
            _ => None,
        })
        .ok_or_else(|| Failure::new("no referendum was submitted"))?;

    let deposit = pallet_referenda::Call::place_decision_deposit { index };
    client.execute(RuntimeCall::Referenda(deposit), &alice, STEP).await?;

    let vote = || {
        RuntimeCall::ConvictionVoting(pallet_conviction_voting::Call::vote {
            poll_index: index,
            vote: AccountVote::Standard {
                vote: Vote { aye: true, conviction: Conviction::Locked1x },
                balance: STAKE,
            },
        })
    };
    for voter in VOTERS {
        let signer = keys::signer(voter)?;
        let nonce = client.nonce(&keys::account_of(&signer)).await?;
        client.submit(&tx::sign(vote(), &signer, nonce, &client.signing().await?)).await?;
    }
    Ok(())
}

/// The finalized block that carries the event of the new code.
async fn block_of_upgrade(client: &Client) -> Result<BlockNumber, Failure> {
    let mut blocks = client.follow_finalized().await?.from(1);
    loop {
        let block = blocks.next().await?;
        let updated = |event: &RuntimeEvent| {
            matches!(event, RuntimeEvent::System(frame_system::Event::CodeUpdated { .. }))
        };
        if client.events(block.hash).await?.iter().any(|event| updated(&event.event)) {
            return Ok(block.header.number);
        }
    }
}

async fn hash_at(client: &Client, number: BlockNumber) -> Result<Hash, Failure> {
    let hash = client.block_hash(number).await?;
    hash.ok_or_else(|| Failure::new(format!("there is no block {number}")))
}

/// A client that is connected before the upgrade and knows of none.
struct Customer {
    chain: Chain,
    /// Open all the while.
    steady: Outbox,
    /// What a process left that is not there while the runtime is replaced.
    left: PathBuf,
}

impl Customer {
    async fn new(front: &Client, url: String, folder: &Path) -> Result<Self, Failure> {
        let patron = keys::signer(PATRON)?;
        let mut sent = Vec::new();
        for name in CUSTOMERS {
            sent.push(front.send(tx::transfer(keys::account(name)?, GIVEN), &patron).await?);
        }
        for one in sent {
            front.executed(one, STEP).await?;
        }
        let options = Options { patience: PATIENCE, ..Options::default() };
        let chain = Chain::connect(&[url], &options).await?;
        let left = folder.join("away");
        let [steady, away] = CUSTOMERS.map(Signer::dev);
        let steady = Outbox::open(&folder.join("steady"), steady?, chain.clone())?;
        let away = Outbox::open(&left, away?, chain.clone())?;
        // It is to be closed before it sends what it prepares.
        until("an outbox to be between two times of sending", PATIENCE, || async {
            let seen = away.seen();
            Ok(Seen::when(seen > 0 && seen % RESEND < RESEND / 2, seen))
        })
        .await?;
        drop(away.prepare("across", &calls::transfer(&receiver("across")?, UNITS)).await?);
        away.close().await;
        let this = Self { chain, steady, left };
        this.pay("before").await?;
        Ok(this)
    }

    /// Sends, and sees that it has come.
    async fn pay(&self, purpose: &str) -> Result<Included, Failure> {
        let to = receiver(purpose)?;
        let ticket = self.steady.submit(purpose, &calls::transfer(&to, UNITS)).await?;
        let included = done(&ticket).await?;
        assert_eq!(self.chain.free_balance(&to).await?, UNITS, "{purpose}");
        Ok(included)
    }

    /// Goes on as if nothing had happened: a runtime is another one by its metadata, and not by its
    /// version.
    async fn go_on(self, upgraded: BlockNumber, version: u32) -> Test {
        let at = match self.chain.at_finalized().await {
            Err(cairn_sdk::Error::OtherRuntime { differs }) if is_candidate() => {
                eprintln!("NOT GONE ON WITH: the candidate differs in {}", differs.join(", "));
                return Ok(());
            }
            at => at?,
        };
        assert_eq!(at.spec_version(), version);
        let after = self.pay("after").await?;
        assert!(after.number > u64::from(upgraded), "{after:?}");

        // What was signed for the old rules dies under the new ones, and is signed anew, once.
        let signer = Signer::dev(CUSTOMERS[1])?;
        let (account, to) = (signer.account(), receiver("across")?);
        assert_eq!(self.chain.free_balance(&to).await?, 0);
        let away = Outbox::open(&self.left, signer, self.chain.clone())?;
        let ticket = away.find("across")?.ok_or_else(|| Failure::new("it should be kept"))?;
        let across = done(&ticket).await?;
        assert!(across.number > u64::from(upgraded), "{across:?}");
        assert_eq!(self.chain.free_balance(&to).await?, UNITS, "it should be paid once");
        let nonce = self.chain.at_finalized().await?.tx().account_nonce(&account).await?;
        assert_eq!(nonce, 1, "of {CUSTOMERS:?} the second sent one transaction");
        drop(ticket);
        away.close().await;
        Ok(())
    }
}

/// Whether the next runtime is a named one, which may differ in more than its version.
fn is_candidate() -> bool {
    std::env::var_os("CAIRN_NEXT_RUNTIME").is_some()
}

/// An account that nobody has paid yet.
fn receiver(purpose: &str) -> Result<cairn_sdk::AccountId32, Failure> {
    Ok(Signer::dev(&format!("receiver//{purpose}"))?.account())
}

/// Longer than a signature holds.
async fn done(ticket: &Ticket) -> Result<Included, Failure> {
    let included = timeout(PATIENCE * 2, ticket.succeeded()).await??;
    assert_eq!(included.outcome, Outcome::Done, "{}", ticket.purpose());
    Ok(included)
}

#[tokio::test(flavor = "multi_thread")]
async fn runtime_should_be_replaced_under_load_when_a_referendum_approves() -> Test {
    let next = next_runtime()?;
    let net = TestNet::with_genesis(
        2,
        json!({ "launch": { "referenda": {
            "root": { "prepare": 2, "decision": 90, "confirm": 2, "enactment": 2 }
        } } }),
    )
    .await?;
    net.wait_finalized(2, FIRST_BLOCKS).await?;
    let client = net.client(0).await?;
    let old_signing = client.signing().await?;
    assert!(next.spec_version > old_signing.spec_version);

    let customer = Customer::new(&client, net.nodes[1].rpc_url(), net.scratch()).await?;
    let load = Load::start(net.client(1).await?, "Eve", BETWEEN_TRANSFERS).await?;
    let eve = keys::account("Eve")?;
    pass_referendum(&client, RuntimeCall::System(frame_system::Call::set_code { code: next.code }))
        .await?;
    until("the new runtime to be enacted and final", ENACTED_WITHIN, || async {
        let head = client.finalized_head().await?;
        let version = client.runtime_version(Some(head)).await?.spec_version;
        Ok(Seen::when(version == next.spec_version, version))
    })
    .await?;

    let upgraded = tokio::time::timeout(STEP, block_of_upgrade(&client)).await??;
    let settled = upgraded + SETTLED;
    net.wait_finalized(settled, Duration::from_secs(60)).await?;
    // The code itself answers with the new version, and not only the section that names it.
    let after = Some(hash_at(&client, settled).await?);
    let running: RuntimeVersion = client.state_call("Core_version", &(), after).await?;
    assert_eq!(running.spec_version, next.spec_version);
    let key = LastRuntimeUpgrade::<Runtime>::hashed_key();
    let migrated: Option<LastRuntimeUpgradeInfo> = client.storage(key, after).await?;
    assert_eq!(migrated.map(|info| info.spec_version.0), Some(next.spec_version));

    // Transfers went on across it.
    let nonce_before = client.account(&eve, Some(hash_at(&client, upgraded).await?)).await?.nonce;
    let nonce_after = client.account(&eve, after).await?.nonce;
    assert!(
        nonce_after >= nonce_before + 10,
        "transfers should flow after block {upgraded}: nonce {nonce_before}, then {nonce_after}"
    );

    // The old rules are gone: a signature made for them is worthless, a new one is not.
    let ferdie = keys::signer("Ferdie")?;
    let call = tx::transfer(eve, UNITS);
    let stale = client.submit(&tx::sign(call.clone(), &ferdie, 0, &old_signing)).await;
    assert!(matches!(stale, Err(Error::Refused { .. })), "{stale:?}");
    assert_eq!(client.signing().await?.spec_version, next.spec_version);
    client.execute(call, &ferdie, STEP).await?;

    let sent = load.finish().await?;
    sent.check_final(&net.clients().await?, STEP).await?;
    customer.go_on(upgraded, next.spec_version).await?;
    net.passed()
}
