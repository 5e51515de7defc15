//! Models on the whole runtime: who makes one is paid for what runs on it.

use cairn_protocol::{
    dag::{Header, SemVer},
    id::{BlockId, ContentId, File, ProviderId},
    job::{Job, JobKind, Policy, Terms},
    lifecycle::Stage,
    profile::{DeviceClass, Offer, Offers, Profile},
};
use cairn_runtime::{
    units::{MILLIUNITS, UNITS},
    AccountId, Balances, Runtime, RuntimeHoldReason,
};
use cairn_runtime_tests::{account, market::*, Chain};
use frame_support::traits::fungible::InspectHold;
use pallet_cairn_experts::Call;

/// Who makes models.
const CREATOR: &str = "Eve";

fn header() -> Header<AccountId> {
    let description = File { id: ContentId([4; 32]), bytes: 1_000 };
    Header::meta(account(CREATOR), description, SemVer { major: 1, minor: 0, patch: 0 })
}

fn create(chain: &mut Chain) -> BlockId {
    let header = header();
    let model = header.id();
    chain.submit(CREATOR, Call::create_model { header: Box::new(header) }).expect("she can pay");
    model
}

/// A market in which one provider infers, and no other.
fn market_of_models() -> Chain {
    let mut chain = market();
    let provider = ProviderId(0);
    let offers = vec![Offer { kind: JobKind::Infer, price: MILLIUNITS }];
    let offers = Offers(offers.try_into().expect("one"));
    let profile = Box::new(Profile { offers, ..profile(0, DeviceClass::Cpu) });
    let update = pallet_cairn_providers::Call::update_profile { provider, profile };
    chain.submit(operator(provider), update).expect("it is its own");
    chain
}

fn infer(chain: &mut Chain, model: BlockId) -> Terms {
    let plain = terms(chain, 1);
    let job = Job { kind: JobKind::Infer, model: Some(model), ..plain.job.clone() };
    Terms { job, policy: Policy::Proven, ..plain }
}

#[test]
fn model_should_be_usable_when_created() {
    let mut chain = market_of_models();
    let model = create(&mut chain);
    let reason = RuntimeHoldReason::Experts(pallet_cairn_experts::HoldReason::Block);
    let held = chain.state(|| Balances::balance_on_hold(&reason, &account(CREATOR)));
    // An item, with 155 bytes of header, deposit and key.
    assert_eq!(held, 255 * MILLIUNITS);

    let before = chain.free(CREATOR);
    let terms = infer(&mut chain, model);
    let id = submit(&mut chain, terms);
    wait_for(&mut chain, id, Stage::Assigned);
    deliver(&mut chain, id);
    wait_for(&mut chain, id, Stage::Settled);
    assert_eq!(chain.free(CREATOR) - before, 3 * UNITS / 20);
}

#[test]
fn model_should_be_unknown_when_nobody_created_it() {
    let mut chain = market_of_models();
    let terms = Box::new(infer(&mut chain, header().id()));
    let refused = chain.submit(REQUESTER, pallet_cairn_tasks::Call::submit { terms });
    assert_eq!(refused, Err(pallet_cairn_tasks::Error::<Runtime>::UnknownModel.into()));
}
