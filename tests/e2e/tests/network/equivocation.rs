//! A validator that runs twice pays for it.
//!
//! Two nodes with one validator's keys author the same slots and vote in the same rounds. Their
//! blocks differ at least in the timestamp, their votes wherever their views do. The others see
//! it when they import the blocks and count the votes, prove to the runtime who owned the key,
//! and report. Nothing here is simulated: the second node is an ordinary one, and the reports
//! are made by the other validators.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use cairn_e2e::{Failure, Test, TestNet, FIRST_BLOCKS};
use cairn_localnet::{keys, Client};
use cairn_runtime::{AccountId, Balance, Runtime, RuntimeEvent};
use serde_json::json;

/// The name of an offence, as `pallet-offences` has it.
type Kind = [u8; 16];

const OFFENDER: usize = 3;
const BLOCKS: Kind = *b"babe:equivocatio";
const VOTES: Kind = *b"grandpa:equivoca";
const WITHIN: Duration = Duration::from_secs(120);

/// What is final on chain about the offence.
#[derive(Debug, Default)]
struct Verdict {
    offences: BTreeSet<Kind>,
    slashed: Balance,
    disabled: bool,
}

impl Verdict {
    fn is_complete(&self) -> bool {
        !self.offences.is_empty() && self.disabled && self.slashed > 0
    }
}

async fn bonded(client: &Client, stash: &AccountId) -> Result<Balance, Failure> {
    let key = pallet_staking::Ledger::<Runtime>::hashed_key_for(stash);
    let at = Some(client.finalized_head().await?);
    let ledger: Option<pallet_staking::StakingLedger<Runtime>> = client.storage(key, at).await?;
    Ok(ledger.ok_or_else(|| Failure::new(format!("{stash} has no bond")))?.total)
}

/// Runs a validator's keys twice and follows the finalized chain until it is punished. Which
/// offence is reported first ends it: who is disabled authors no more.
async fn punish_twin(more_args: &[&str]) -> Result<(TestNet, Verdict), Failure> {
    let net = TestNet::with_genesis(
        4,
        // Slashed at once instead of an era later, and all within one session, since a new one
        // begins with nobody disabled.
        json!({ "launch": { "pace": { "epochSlots": 600, "slashDeferEras": 0 } } }),
    )
    .await?;
    net.wait_finalized(2, FIRST_BLOCKS).await?;
    let offender = keys::account(&keys::validator_seed(OFFENDER))?;
    let witness = net.client(0).await?;
    let bond = bonded(&witness, &offender).await?;

    let mut blocks = witness.follow_finalized().await?;
    let _twin = net.twin(OFFENDER, more_args).await?;

    let mut verdict = Verdict::default();
    let deadline = Instant::now() + WITHIN;
    while !verdict.is_complete() {
        let left = deadline.saturating_duration_since(Instant::now());
        let block = tokio::time::timeout(left, blocks.next()).await.map_err(|_| {
            Failure::new(format!("after {WITHIN:?} the chain says only {verdict:?}"))
        })??;
        for event in witness.events(block.hash).await? {
            match event.event {
                RuntimeEvent::Offences(pallet_offences::Event::Offence { kind, .. }) => {
                    verdict.offences.insert(kind);
                }
                RuntimeEvent::Staking(pallet_staking::Event::SlashReported {
                    validator, ..
                }) => assert_eq!(validator, offender, "an honest validator was reported"),
                RuntimeEvent::Staking(pallet_staking::Event::Slashed { staker, amount }) => {
                    assert_eq!(staker, offender, "an honest validator was slashed");
                    verdict.slashed += amount;
                }
                RuntimeEvent::Session(pallet_session::Event::ValidatorDisabled { validator }) => {
                    assert_eq!(validator, offender, "an honest validator was disabled");
                    verdict.disabled = true;
                }
                _ => {}
            }
        }
    }

    let left = bonded(&witness, &offender).await?;
    assert!(left + verdict.slashed <= bond, "{bond} were bonded, {left} are: {verdict:?}");
    let final_now = witness.finalized().await?.number;
    // The other three are enough.
    net.wait_finalized(final_now + 5, Duration::from_secs(60)).await?;
    Ok((net, verdict))
}

#[tokio::test(flavor = "multi_thread")]
async fn validator_should_be_slashed_and_disabled_when_it_authors_twice() -> Test {
    // The twin does not vote, so blocks are all there is to report.
    let (net, verdict) = punish_twin(&["--no-grandpa"]).await?;
    assert_eq!(verdict.offences, BTreeSet::from([BLOCKS]));
    net.passed()
}

#[tokio::test(flavor = "multi_thread")]
async fn validator_should_be_slashed_and_disabled_when_its_node_runs_twice() -> Test {
    let (net, verdict) = punish_twin(&[]).await?;
    assert!(verdict.offences.is_subset(&BTreeSet::from([BLOCKS, VOTES])), "{verdict:?}");
    net.passed()
}
