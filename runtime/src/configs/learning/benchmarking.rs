//! Models for benchmarks, what was learnt of them, and who judges and keeps it.

use crate::{
    configs::{
        market::benchmarking::Helper,
        parameters::{learning, RuntimeParametersKey, RuntimeParametersValue},
    },
    units::UNITS,
    AccountId, Balances, Custody, Experts, Learning, Panels, Providers, Rewards, Runtime,
    RuntimeOrigin, System,
};
use alloc::{boxed::Box, vec, vec::Vec};
use cairn_protocol::{
    dag::{BlockKind, Component, Header, SemVer, COMPONENT_BYTES},
    id::{Amount, BlockId, ContentId, DeltaId, File, Height, PanelId, ProviderId, Seed},
    learning::{
        delta::{Delta, Place, Stakes},
        evaluation::{excess, Evaluation, Opinion},
        model::{Access, ModelCard, MAX_COMPONENTS},
        panel::{Case, Outcome},
        source::{Generator, Purpose, Source},
    },
    lifecycle::delta::{Reason, Stage},
    preimage::{DeltaCommitment, Statement},
    profile::{DeviceClass, Role},
    share::WHOLE,
    spec::Records,
};
use cairn_seams::{Judged, Panels as _, Purse, Ticket};
use frame_benchmarking::account;
use frame_support::traits::{fungible::Mutate, Get};
use sp_runtime::SaturatedConversion;

const FILE: File = File { id: ContentId([1; 32]), bytes: 1 << 20 };
const SALT: Seed = [5; 32];
const MUCH: Amount = 1_000_000 * UNITS;
const RECORD_BYTES: u32 = 64;
const RECORDS: u64 = 1 << 20;

fn set(key: learning::ParametersKey, value: learning::ParametersValue) {
    pallet_parameters::Parameters::<Runtime>::insert(
        RuntimeParametersKey::Learning(key),
        RuntimeParametersValue::Learning(value),
    );
}

fn generated() -> Source {
    let module = File { id: ContentId([2; 32]), bytes: 1 << 10 };
    Source::Generator(Generator { module, record_bytes: RECORD_BYTES, fuel: 1, count: RECORDS })
}

fn recorded() -> Source {
    let file = File { id: ContentId([3; 32]), bytes: RECORDS * u64::from(RECORD_BYTES) };
    Source::Records(Records { file, record_bytes: RECORD_BYTES })
}

fn funded(name: &'static str, nth: u32) -> AccountId {
    let account = account(name, nth, 7);
    Balances::mint_into(&account, MUCH).expect("the supply has room");
    account
}

/// Names as long as they may be, in their order.
fn components() -> Vec<Component> {
    let name = |nth: u32| {
        let mut name = vec![b'a'; COMPONENT_BYTES as usize];
        name.iter_mut().zip(nth.to_be_bytes()).for_each(|(letter, byte)| *letter = b'a' + byte);
        name.try_into().expect("it is as long as it may be")
    };
    (0..MAX_COMPONENTS).map(name).collect()
}

/// Registers a model with as many heads as there may be, and the set that it is judged on.
fn model(nth: u32, source: Source) -> (BlockId, BlockId) {
    let author = funded("creator", nth);
    let origin = || RuntimeOrigin::signed(author.clone());
    let release = SemVer { major: 1, minor: 0, patch: 0 };
    let meta = Header::meta(author.clone(), FILE, release);
    let model = meta.id();
    let card = ModelCard {
        configuration: FILE.id,
        tokenizer: None,
        judge: FILE.id,
        components: components().try_into().expect("they are as many as may be"),
        royalty: 0,
        price_hint: 0,
        licence: b"Apache-2.0".to_vec().try_into().expect("it is short"),
        access: Access::Open,
    };
    Experts::create_model(origin(), Box::new(meta), Box::new(card)).expect("it is a model");
    for (nth, component) in (0..).zip(components()) {
        // None is another one's, so that each is counted by itself.
        let file = File { id: ContentId([u8::MAX - nth; 32]), ..FILE };
        let header = Header::component(
            BlockKind::Expert,
            model,
            component,
            model,
            file,
            release,
            author.clone(),
        );
        Experts::publish(origin(), Box::new(header)).expect("it is a part of it");
    }
    let header = Header::data(model, source.file(), release, author.clone());
    let data = header.id();
    Experts::register_data(origin(), Box::new(header), source, Purpose::Validation)
        .expect("it is a set");
    Experts::choose_validation(origin(), model, data).expect("it is the model's");
    (model, data)
}

/// The same, and tokens are minted for what it gains.
fn admitted(nth: u32, source: Source) -> (BlockId, BlockId) {
    let (model, data) = model(nth, source);
    begin_period();
    Rewards::admit(RuntimeOrigin::root(), model, WHOLE).expect("it is registered");
    Rewards::admit_data(RuntimeOrigin::root(), data, WHOLE).expect("it is registered");
    (model, data)
}

fn begin_period() {
    use frame_support::traits::Hooks;
    Rewards::on_initialize(System::block_number());
}

/// Hands in a delta, which guards are asked to judge.
fn submit(place: &Place, author: &AccountId) -> (DeltaId, PanelId) {
    let mut rules = learning::DeltaRules::get();
    rules.terms.delay = 0;
    rules.pending = u32::MAX;
    set(
        learning::ParametersKey::DeltaRules(learning::DeltaRules),
        learning::ParametersValue::DeltaRules(rules),
    );
    let head = <Experts as cairn_seams::Lineage<AccountId>>::head(&place.model, &place.component)
        .expect("it is published");
    let header = Header::delta(
        place.model,
        place.component.clone(),
        head.block,
        FILE,
        SemVer::default(),
        author.clone(),
        1,
    );
    let commitment = DeltaCommitment { author: author.clone(), artifact: FILE.id, salt: SALT };
    let digest = commitment.digest(&Learning::genesis());
    let origin = || RuntimeOrigin::signed(author.clone());
    Learning::commit_delta(origin(), place.model, place.component.clone(), digest)
        .expect("it can be paid");
    let id = DeltaId(pallet_cairn_learning::Submitted::<Runtime>::get());
    Learning::submit_delta(origin(), Box::new(header), SALT).expect("it may be handed in");
    let panel = Learning::delta_view(id).and_then(|view| view.delta.panel).expect("it is judged");
    (id, panel)
}

fn place(nth: u32) -> Place {
    let (model, _) = admitted(nth, generated());
    let component = components().into_iter().next().expect("there are some");
    Place { model, component }
}

/// A delta was laid, is no head any more, has a reward that waits, and is kept by as many as may.
fn keep_former(model: BlockId, id: DeltaId, author: AccountId) {
    let component = components().into_iter().next().expect("there are some");
    let record = Delta {
        header: Header::delta(model, component, model, FILE, SemVer::default(), author, 1),
        submitted: 0,
        stage: Stage::Laid,
        reason: Some(Reason::Accepted),
        due: 0,
        next: 0,
        panel: None,
        trial: None,
        again: false,
        word: None,
        kept: Some(true),
        stakes: Stakes::default(),
        gain: 1_000,
        reward: UNITS,
        waits: true,
        root: Some(model),
        above: None,
    };
    pallet_cairn_learning::Deltas::<Runtime>::insert(id, record);
    keep(model, id);
}

/// As many keep what came of a delta as may.
fn keep(model: BlockId, id: DeltaId) {
    use pallet_cairn_custody::types::{Keep, Stage as KeepStage, MOST_KEEPERS};
    // What was asked for by the delta itself.
    <Custody as cairn_seams::Custody>::release(id);
    let first = MOST_KEEPERS.saturating_mul(id.0.saturated_into());
    let keeper = |nth: u32| {
        let (keeper, _) = <Helper as pallet_cairn_custody::benchmarking::BenchmarkHelper<
            AccountId,
        >>::enlist(first.saturating_add(nth));
        <Providers as cairn_seams::Registry<AccountId>>::engage(keeper);
        keeper
    };
    let keepers: Vec<ProviderId> = (0..MOST_KEEPERS).map(keeper).collect();
    let keep = Keep {
        model,
        file: FILE,
        stage: KeepStage::Resting,
        due: 0,
        next: 0,
        until: Height::MAX,
        old: false,
        draws: 0,
        chunks: 0,
        keepers: keepers.try_into().expect("there is room for as many"),
    };
    pallet_cairn_custody::Keeps::<Runtime>::insert(id, keep);
    pallet_cairn_custody::Agenda::<Runtime>::insert(0, id, ());
}

impl pallet_cairn_panels::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(nth: u32) -> (ProviderId, AccountId) {
        let operator: AccountId = account("operator", nth, 6);
        let owner = account("owner", nth, 6);
        (Self::enlist_with(owner, operator.clone(), &[Role::Guard], DeviceClass::Gpu), operator)
    }

    fn silence(provider: ProviderId) {
        Self::mute(provider);
    }

    fn evictions() -> u32 {
        Self::most_evicted()
    }

    fn case() -> PanelId {
        let author = funded("author", 0);
        Self::link(&author);
        submit(&place(0), &author).1
    }

    fn set_rules(rules: pallet_cairn_panels::types::Rules) {
        set(
            learning::ParametersKey::PanelRules(learning::PanelRules),
            learning::ParametersValue::PanelRules(rules),
        );
    }

    fn make_seed(ticket: &Ticket, seed: Seed) {
        Self::close(ticket, seed);
    }
}

impl pallet_cairn_learning::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn place(nth: u32) -> Place {
        place(nth)
    }

    fn author(nth: u32) -> AccountId {
        let author = funded("author", nth);
        Self::link(&author);
        author
    }

    fn set_rules(rules: pallet_cairn_learning::types::Rules) {
        set(
            learning::ParametersKey::DeltaRules(learning::DeltaRules),
            learning::ParametersValue::DeltaRules(rules),
        );
    }

    fn seal() {
        for (model, _) in pallet_cairn_experts::Validation::<Runtime>::iter() {
            pallet_cairn_experts::DataSets::<Runtime>::mutate(
                pallet_cairn_experts::Validation::<Runtime>::get(model).unwrap_or(model),
                |set| {
                    if let Some(set) = set {
                        set.source = recorded();
                    }
                },
            );
        }
    }

    fn keep(model: &BlockId, delta: DeltaId) {
        keep(*model, delta);
    }
}

impl pallet_cairn_custody::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn enlist(nth: u32) -> (ProviderId, AccountId) {
        let operator: AccountId = account("operator", nth, 8);
        let owner = account("owner", nth, 8);
        (Self::enlist_with(owner, operator.clone(), &[Role::Storage], DeviceClass::Cpu), operator)
    }

    fn model() -> BlockId {
        let validation = pallet_cairn_experts::Validation::<Runtime>::iter_keys().next();
        validation.unwrap_or_else(|| admitted(0, generated()).0)
    }

    fn await_keepers(delta: DeltaId) {
        let place = place(0);
        let (id, panel) = submit(&place, &funded("author", 0));
        assert_eq!(id, delta);
        let case = Case::Delta(id);
        let brief = Learning::brief(&case, 1, &[7; 32]).expect("it can be judged");
        Panels::close(panel);
        let count = u64::from(brief.count);
        let (each, lost) = (1_000_000, 750_000);
        let one = excess(each, lost, brief.threshold);
        let square = one.unsigned_abs().saturating_mul(one.unsigned_abs());
        let opinion = Opinion::Measured(Evaluation {
            candidate: ContentId([8; 32]),
            baseline: each * count,
            loss: lost * count,
            count: brief.count,
            sum: one * i128::from(brief.count),
            squares: square.saturating_mul(count.into()).into(),
            trace: [2; 32],
        });
        Learning::judged(&case, Some(&brief), Outcome::Decided(opinion));
        // What is asked for here is asked for anew, of another file.
        let _ = pallet_cairn_custody::Keeps::<Runtime>::clear(u32::MAX, None);
        let _ = pallet_cairn_custody::Agenda::<Runtime>::clear(u32::MAX, None);
    }

    fn set_rules(rules: pallet_cairn_custody::Rules) {
        set(
            learning::ParametersKey::CustodyRules(learning::CustodyRules),
            learning::ParametersValue::CustodyRules(rules),
        );
    }

    fn make_seed(ticket: &Ticket, seed: Seed) {
        Self::close(ticket, seed);
    }
}

impl pallet_cairn_rewards::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn model() -> BlockId {
        model(0, generated()).0
    }

    fn data() -> BlockId {
        model(1, generated()).1
    }

    fn enlist() -> ProviderId {
        let operator: AccountId = account("operator", 0, 9);
        Self::enlist_as(account("owner", 0, 9), operator, Role::Compute)
    }

    fn crowd_period() {
        // Whoever hears of it notes the period's number, and works on the rest when there is room.
    }
}

impl pallet_cairn_curation::benchmarking::BenchmarkHelper<AccountId> for Helper {
    fn model() -> BlockId {
        admitted(0, recorded()).0
    }

    fn account(nth: u32) -> AccountId {
        let account = funded("curator", nth);
        Self::link(&account);
        account
    }

    fn reserve(model: &BlockId, delta: DeltaId) {
        let data = <Experts as cairn_seams::Lineage<AccountId>>::validation(model);
        let data = data.expect("it is judged on a set");
        let author = funded("author", delta.0.saturated_into());
        let there = <Rewards as Purse<AccountId>>::reserve(delta, model, &data, &author, UNITS);
        assert!(there > 0, "the period has a budget");
        keep_former(*model, delta, author);
    }

    fn seat(panel: PanelId) {
        pallet_cairn_panels::benchmarking::seat::<Runtime>(panel);
    }

    fn set_height(height: Height) {
        System::set_block_number(height);
    }
}
