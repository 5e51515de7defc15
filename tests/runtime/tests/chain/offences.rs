//! An equivocation, in BABE or GRANDPA, costs stake.

use cairn_runtime::{Historical, Runtime, RuntimeCall, RuntimeEvent, UncheckedExtrinsic};
use cairn_runtime_tests::{account, pair, Chain};
use codec::Encode;
use frame_support::traits::KeyOwnerProofSystem;
use serde_json::json;
use sp_consensus_babe::digests::{CompatibleDigestItem, PreDigest, SecondaryPlainPreDigest};
use sp_core::{ed25519, Pair};
use sp_runtime::{traits::Header as _, Digest, DigestItem};

/// Slashes at once, so that a test sees them.
fn chain() -> Chain {
    let mut chain = Chain::with(json!({
        "launch": { "pace": {
            "epochSlots": 60, "sessionsPerEra": 5, "bondingEras": 3, "slashDeferEras": 0,
        } },
    }));
    chain.blocks(3);
    chain
}

fn bonded(chain: &mut Chain, seed: &str) -> u128 {
    chain.state(|| pallet_staking::Ledger::<Runtime>::get(account(seed)).expect("bonded").active)
}

/// A header that `seed` signed for a slot, told apart by its state root.
fn sealed(seed: &str, index: u32, slot: u64, mark: u8) -> cairn_runtime::Header {
    let digest = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
        authority_index: index,
        slot: slot.into(),
    });
    let mut header = cairn_runtime::Header::new(
        9,
        Default::default(),
        [mark; 32].into(),
        Default::default(),
        Digest { logs: vec![<DigestItem as CompatibleDigestItem>::babe_pre_digest(digest)] },
    );
    let signature = pair(seed).sign(header.hash().as_ref());
    header.digest_mut().push(<DigestItem as CompatibleDigestItem>::babe_seal(signature.into()));
    header
}

fn babe_report(chain: &mut Chain, seed: &str) -> UncheckedExtrinsic {
    let slot = chain.slot();
    chain.state(|| {
        let key = sp_consensus_babe::AuthorityId::from(pair(seed).public());
        let index = cairn_runtime::Babe::authorities()
            .iter()
            .position(|(id, _)| *id == key)
            .expect("an authority") as u32;
        let equivocation_proof = sp_consensus_babe::EquivocationProof {
            offender: key.clone(),
            slot: slot.into(),
            first_header: sealed(seed, index, slot, 1),
            second_header: sealed(seed, index, slot, 2),
        };
        let key_owner_proof =
            Historical::prove((sp_consensus_babe::KEY_TYPE, key)).expect("a member");
        UncheckedExtrinsic::new_bare(RuntimeCall::Babe(
            pallet_babe::Call::report_equivocation_unsigned {
                equivocation_proof: Box::new(equivocation_proof),
                key_owner_proof,
            },
        ))
    })
}

fn offence_reported(chain: &mut Chain) -> bool {
    chain.events().iter().any(|event| matches!(event, RuntimeEvent::Offences(..)))
}

#[test]
fn babe_equivocation_should_slash_the_author_and_nobody_else_when_reported() {
    let mut chain = chain();
    let (bob, alice) = (bonded(&mut chain, "Bob"), bonded(&mut chain, "Alice"));
    let report = babe_report(&mut chain, "Bob");
    let result = chain.block(vec![report]).remove(0);
    assert_eq!(result, Ok(Ok(())));
    assert!(offence_reported(&mut chain));
    chain.blocks(3);
    assert!(bonded(&mut chain, "Bob") < bob, "not slashed");
    assert_eq!(bonded(&mut chain, "Alice"), alice);
    let disabled = chain.state(cairn_runtime::Session::disabled_validators);
    assert_eq!(disabled.len(), 1);
}

#[test]
fn babe_report_should_be_refused_when_both_headers_are_the_same() {
    let mut chain = chain();
    let slot = chain.slot();
    let bob = bonded(&mut chain, "Bob");
    let report = chain.state(|| {
        let key = sp_consensus_babe::AuthorityId::from(pair("Bob").public());
        let index = cairn_runtime::Babe::authorities()
            .iter()
            .position(|(id, _)| *id == key)
            .expect("an authority") as u32;
        let header = sealed("Bob", index, slot, 1);
        let proof = sp_consensus_babe::EquivocationProof {
            offender: key.clone(),
            slot: slot.into(),
            first_header: header.clone(),
            second_header: header,
        };
        let key_owner_proof =
            Historical::prove((sp_consensus_babe::KEY_TYPE, key)).expect("a member");
        UncheckedExtrinsic::new_bare(RuntimeCall::Babe(
            pallet_babe::Call::report_equivocation_unsigned {
                equivocation_proof: Box::new(proof),
                key_owner_proof,
            },
        ))
    });
    assert!(!matches!(chain.block(vec![report]).remove(0), Ok(Ok(()))));
    chain.blocks(3);
    assert_eq!(bonded(&mut chain, "Bob"), bob);
}

#[test]
fn grandpa_equivocation_should_slash_the_voter_when_reported() {
    use sp_consensus_grandpa as grandpa;
    let mut chain = chain();
    let before = bonded(&mut chain, "Charlie");
    let voter = ed25519::Pair::from_string("//Charlie", None).expect("a seed");
    let report = chain.state(|| {
        let set_id = pallet_grandpa::CurrentSetId::<Runtime>::get();
        let key = grandpa::AuthorityId::from(voter.public());
        let prevote = |mark: u8| finality_grandpa::Prevote {
            target_hash: cairn_runtime::Hash::from([mark; 32]),
            target_number: 2u32,
        };
        let signed = |vote: &finality_grandpa::Prevote<_, _>| {
            let message = finality_grandpa::Message::Prevote(vote.clone());
            let payload = grandpa::localized_payload(1, set_id, &message);
            grandpa::AuthoritySignature::from(voter.sign(&payload))
        };
        let (first, second) = (prevote(1), prevote(2));
        let equivocation = grandpa::Equivocation::Prevote(finality_grandpa::Equivocation {
            round_number: 1,
            identity: key.clone(),
            first: (first.clone(), signed(&first)),
            second: (second.clone(), signed(&second)),
        });
        let equivocation_proof = grandpa::EquivocationProof::new(set_id, equivocation);
        let key_owner_proof = Historical::prove((grandpa::KEY_TYPE, key)).expect("a member");
        UncheckedExtrinsic::new_bare(RuntimeCall::Grandpa(
            pallet_grandpa::Call::report_equivocation_unsigned {
                equivocation_proof: Box::new(equivocation_proof),
                key_owner_proof,
            },
        ))
    });
    assert!(report.encoded_size() < 10_000);
    assert_eq!(chain.block(vec![report]).remove(0), Ok(Ok(())));
    chain.blocks(3);
    assert!(bonded(&mut chain, "Charlie") < before, "not slashed");
}
