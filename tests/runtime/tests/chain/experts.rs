//! Models on the whole runtime: who makes one is paid for what runs on it.

use cairn_protocol::{
    dag::{Header, SemVer},
    id::{BlockId, ContentId, File, ProviderId},
    job::{Job, JobKind, Policy, Terms},
    learning::model::{Access, ModelCard},
    lifecycle::Stage,
    profile::{DeviceClass, Offer, Offers, Profile},
};
use cairn_runtime::{
    configs::parameters::market::PriceNotice,
    market::runtime_decl_for_market_api::MarketApiV4,
    units::{MILLIUNITS, UNITS},
    AccountId, Balances, MarketClock, Runtime, RuntimeHoldReason,
};
use cairn_runtime_tests::{account, market::*, Chain};
use cairn_seams::Clock;
use frame_support::traits::{fungible::InspectHold, Get};
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
    let call = Call::create_model { header: Box::new(header), card: Box::new(card()) };
    chain.submit(CREATOR, call).expect("she can pay");
    model
}

/// Of one component, with a royalty of 2 %.
fn card() -> ModelCard {
    let component = b"decoder".to_vec().try_into().expect("it is short");
    ModelCard {
        configuration: ContentId([5; 32]),
        tokenizer: None,
        judge: ContentId([6; 32]),
        components: vec![component].try_into().expect("one"),
        royalty: 20_000,
        price_hint: 0,
        licence: b"Apache-2.0".to_vec().try_into().expect("it is short"),
        access: Access::Open,
    }
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
    // Six items: the block of 190 bytes, the card of 122, and 77 of what stands beside them; each
    // with a key of 48.
    assert_eq!(held, (600 + 190 + 122 + 77 + 6 * 48) * MILLIUNITS);

    let before = chain.free(CREATOR);
    let terms = infer(&mut chain, model);
    let id = submit(&mut chain, terms);
    wait_for(&mut chain, id, Stage::Assigned);
    deliver(&mut chain, id);
    wait_for(&mut chain, id, Stage::Settled);
    assert_eq!(chain.free(CREATOR) - before, 3 * UNITS / 50);
}

#[test]
fn model_should_be_paid_for_and_used_as_its_author_says() {
    let mut chain = market_of_models();
    let model = create(&mut chain);
    let set = |chain: &mut Chain, access| {
        chain.submit(CREATOR, Call::set_access { model, access }).expect("it is her own");
    };
    let terms = infer(&mut chain, model);
    let price = 2 * UNITS;
    set(&mut chain, Access::PerUse { price });
    let asked = |chain: &mut Chain| {
        let quoted = chain.state(|| Runtime::quote(account(REQUESTER), terms.clone()));
        quoted.expect("the task would be accepted").escrow.price
    };
    // Whoever was told that it costs nothing still pays nothing.
    assert_eq!(asked(&mut chain), 0);
    let notice = chain.state(<PriceNotice as Get<u32>>::get);
    chain.state(|| {
        pallet_cairn_experts::Announced::<Runtime>::mutate(model, |next| {
            let next = next.as_mut().expect("it is higher");
            assert_eq!(next.from, MarketClock::now() + notice);
            next.from = MarketClock::now();
        });
    });
    assert_eq!(asked(&mut chain), price);

    let (before, spent) = (chain.free(CREATOR), chain.free(REQUESTER));
    let id = submit(&mut chain, terms.clone());
    wait_for(&mut chain, id, Stage::Assigned);
    deliver(&mut chain, id);
    wait_for(&mut chain, id, Stage::Settled);
    assert_eq!(chain.free(CREATOR) - before, 3 * UNITS / 50 + price);
    assert!(spent - chain.free(REQUESTER) > 3 * UNITS + price);
    assert_eq!(chain.state(|| pallet_cairn_experts::Uses::<Runtime>::get(model)), 1);

    set(&mut chain, Access::Licensed);
    let terms = Box::new(infer(&mut chain, model));
    let refused = chain.submit(REQUESTER, pallet_cairn_tasks::Call::submit { terms });
    assert_eq!(refused, Err(pallet_cairn_tasks::Error::<Runtime>::ModelNotLicensed.into()));
}

#[test]
fn model_should_be_unknown_when_nobody_created_it() {
    let mut chain = market_of_models();
    let terms = Box::new(infer(&mut chain, header().id()));
    let refused = chain.submit(REQUESTER, pallet_cairn_tasks::Call::submit { terms });
    assert_eq!(refused, Err(pallet_cairn_tasks::Error::<Runtime>::UnknownModel.into()));
}
