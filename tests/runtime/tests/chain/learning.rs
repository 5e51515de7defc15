//! Learning on the whole runtime: guards judge a delta, others keep what the model becomes, its head
//! moves, and tokens are minted for what it gained.

use cairn_protocol::{
    dag::{BlockKind, Component, Header, SemVer},
    id::{BlockId, ContentId, DeltaId, Digest, File, PanelId, ProviderId},
    learning::{
        committee::Duty,
        delta::DeltaView,
        evaluation::{Evaluation, Opinion},
        model::{Access, ModelCard},
        quality::quality,
        reward::{gain, Cause},
        source::{Generator, Purpose, Source},
        sums::{tree, Leaf},
    },
    lifecycle::delta::{Reason, Stage},
    preimage::{DeltaCommitment, OpinionCommitment, Statement},
    share::{of, WHOLE},
    spec::Records,
};
use cairn_runtime::{
    configs::{governance::origins::Origin, parameters::learning as parameters},
    learning::runtime_decl_for_learning_api::LearningApi,
    units::UNITS,
    AccountId, Balance, Balances, Curation, Custody, Learning, Panels, Parameters, Rewards,
    Runtime, RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, RuntimeParameters,
};
use cairn_runtime_tests::{account, market::*, Chain};
use cairn_seams::{Lineage, OnReleased, Purse, Sealing};
use frame_support::traits::{fungible::InspectHold, Get};
use pallet_cairn_rewards::Sums;

use crate::governance::pass;

const CREATOR: &str = "Eve";
const RESEARCHER: &str = REQUESTER;
const RELEASE: SemVer = SemVer { major: 1, minor: 0, patch: 0 };
/// What an example loses on the model as it is, in millionths of a nat.
const BASELINE: u64 = 2_000_000;

fn file(byte: u8) -> File {
    File { id: ContentId([byte; 32]), bytes: 4_096 }
}

/// What the component is with a delta.
fn candidate(artifact: File) -> ContentId {
    ContentId(artifact.id.0.map(|byte| byte | 0x80))
}

fn component() -> Component {
    b"trunk".to_vec().try_into().expect("it is short")
}

/// Examples that nobody knows before they are drawn.
fn made_anew() -> Source {
    Source::Generator(Generator {
        module: file(4),
        record_bytes: 64,
        fuel: 1_000_000,
        count: 1 << 20,
    })
}

/// Examples that everyone knows, so that rewards wait for others.
fn known_to_all() -> Source {
    let file = File { id: ContentId([4; 32]), bytes: 64 << 14 };
    Source::Records(Records { file, record_bytes: 64 })
}

/// Five guards, and a model of one component that tokens are minted for.
fn school() -> (Chain, BlockId, BlockId) {
    school_with(made_anew())
}

/// The same where deltas are judged on these examples.
fn school_with(source: Source) -> (Chain, BlockId, BlockId) {
    let mut chain = guarded_market();
    let author = account(CREATOR);
    let meta = Header::meta(author.clone(), file(1), RELEASE);
    let model = meta.id();
    let card = ModelCard {
        configuration: ContentId([2; 32]),
        tokenizer: None,
        judge: ContentId([3; 32]),
        components: vec![component()].try_into().expect("one"),
        royalty: 0,
        price_hint: 0,
        licence: b"Apache-2.0".to_vec().try_into().expect("it is short"),
        access: Access::Open,
    };
    let data = Header::data(model, source.file(), RELEASE, author.clone());
    let set = data.id();
    let part =
        Header::component(BlockKind::Expert, model, component(), model, file(5), RELEASE, author);
    use pallet_cairn_experts::Call;
    let calls = [
        Call::create_model { header: Box::new(meta), card: Box::new(card) },
        Call::publish { header: Box::new(part) },
        Call::register_data { header: Box::new(data), source, purpose: Purpose::Validation },
        Call::choose_validation { model, data: set },
    ];
    for call in calls {
        chain.submit(CREATOR, call).expect("it is her model");
    }
    chain.state(|| {
        Rewards::admit(RuntimeOrigin::root(), model, WHOLE).expect("it is registered");
        Rewards::admit_data(RuntimeOrigin::root(), set, WHOLE).expect("it is registered");
    });
    (chain, model, set)
}

fn head(chain: &mut Chain, model: BlockId) -> (BlockId, ContentId) {
    let head =
        chain.state(|| <cairn_runtime::Experts as Lineage<AccountId>>::head(&model, &component()));
    let head = head.expect("it is published");
    (head.block, head.file.id)
}

/// Commits to a delta, and hands it in as soon as that may be done.
fn submit_delta(chain: &mut Chain, model: BlockId, artifact: u8) -> DeltaId {
    let (parent, _) = head(chain, model);
    let author = account(RESEARCHER);
    let header =
        Header::delta(model, component(), parent, file(artifact), RELEASE, author.clone(), 10_000);
    let commitment = DeltaCommitment { author, artifact: header.artifact.id, salt: SALT };
    let digest = commitment.digest(&chain.state(Learning::genesis));
    use pallet_cairn_learning::Call;
    let commit = Call::commit_delta { model, component: component(), digest };
    chain.submit(RESEARCHER, commit).expect("it can pay");
    let early = Call::submit_delta { header: Box::new(header.clone()), salt: SALT };
    let refused = chain.submit(RESEARCHER, early.clone());
    assert_eq!(refused, Err(pallet_cairn_learning::Error::<Runtime>::CommittedTooLate.into()));
    let delay = chain.state(|| {
        <parameters::DeltaRules as Get<pallet_cairn_learning::types::Rules>>::get().terms.delay
    });
    for _ in 0..delay {
        chain.block(vec![]);
    }
    chain.submit(RESEARCHER, early).expect("it was committed to in time");
    chain.state(|| DeltaId(pallet_cairn_learning::Submitted::<Runtime>::get() - 1))
}

fn view(chain: &mut Chain, delta: DeltaId) -> DeltaView<AccountId> {
    chain.state(|| Runtime::delta(delta)).expect("its record is kept")
}

/// Waits until there is what is looked for.
fn until<T>(chain: &mut Chain, what: &str, mut look: impl FnMut(&mut Chain) -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look(chain) {
            return found;
        }
        chain.block(vec![]);
    }
    panic!("{what} never came");
}

/// The guards who wait to do this on a panel.
fn on_duty(chain: &mut Chain, panel: PanelId, wanted: Duty) -> Vec<ProviderId> {
    let everyone = (0..WORKERS.len() as u64).map(ProviderId);
    let has = |chain: &mut Chain, guard| {
        let duties = chain.state(|| Runtime::panels_of(guard));
        duties.iter().any(|(id, duty, _)| *id == panel && *duty == wanted)
    };
    everyone.filter(|guard| has(chain, *guard)).collect()
}

/// What an honest guard comes to where each example loses so much with the delta, and a little more
/// or less.
fn opinion(chain: &mut Chain, panel: PanelId, becomes: ContentId, loss: u64) -> Opinion {
    let brief = chain.state(|| Runtime::brief(panel)).expect("it is drawn");
    let leaf = |record: u64| Leaf {
        record,
        baseline: BASELINE + record % 7,
        loss: loss + record % 5,
        trace: [7; 32],
    };
    let leaves: Vec<_> = (0..u64::from(brief.count)).map(leaf).collect();
    let tree = tree(&leaves, brief.threshold).expect("there are enough");
    Opinion::Measured(Evaluation::of(becomes, tree.root()))
}

/// A free call of a guard.
fn send(chain: &mut Chain, guard: ProviderId, call: impl Into<cairn_runtime::RuntimeCall>) {
    let before = chain.free(operator(guard));
    chain.submit(operator(guard), call).expect("it is in time");
    assert_eq!(chain.free(operator(guard)), before);
}

/// All three guards judge a delta.
fn judge(chain: &mut Chain, delta: DeltaId, loss: u64) -> Vec<ProviderId> {
    let delta = view(chain, delta).delta;
    let panel = delta.panel.expect("it is judged");
    let guards = until(chain, "a draw", |chain| {
        let guards = on_duty(chain, panel, Duty::Commit);
        (!guards.is_empty()).then_some(guards)
    });
    assert_eq!(guards.len(), 3);
    let opinion = opinion(chain, panel, candidate(delta.header.artifact), loss);
    let genesis: Digest = chain.state(Panels::genesis);
    let round = chain.state(|| Runtime::panel(panel)).expect("it is under way").round;
    let digest = opinion.digest(&genesis);
    for provider in guards.clone() {
        let opened = OpinionCommitment { panel, round, provider, opinion: digest, salt: SALT };
        let commitment = opened.digest(&genesis);
        send(chain, provider, pallet_cairn_panels::Call::commit { panel, commitment });
    }
    for guard in on_duty(chain, panel, Duty::Reveal) {
        send(chain, guard, pallet_cairn_panels::Call::reveal { panel, opinion, salt: SALT });
    }
    guards
}

/// Guards find a delta better, and two of them keep what comes of it.
fn lay(chain: &mut Chain, model: BlockId, artifact: u8) -> DeltaView<AccountId> {
    let delta = submit_delta(chain, model, artifact);
    judge(chain, delta, BASELINE * 9 / 10);
    until(chain, "a verdict", |chain| {
        (view(chain, delta).delta.stage == Stage::Keeping).then_some(())
    });
    for guard in [ProviderId(0), ProviderId(1)] {
        send(chain, guard, pallet_cairn_custody::Call::attest { delta });
    }
    let record = view(chain, delta);
    assert_eq!((record.delta.stage, record.delta.reason), (Stage::Laid, Some(Reason::Accepted)));
    record
}

/// What of the running period's budgets is put aside for deltas.
fn put_aside(chain: &mut Chain) -> Sums {
    use pallet_cairn_rewards::{Current, Ledgers};
    chain.state(|| {
        let period = Current::<Runtime>::get().expect("one goes on").number;
        Ledgers::<Runtime>::get(period).expect("it goes on").held
    })
}

/// Whether a reward is put aside for a delta, and a trial holds it.
fn is_held(chain: &mut Chain, delta: DeltaId) -> bool {
    use pallet_cairn_curation::WaitsFor;
    use pallet_cairn_rewards::Reserves;
    let is_reserved = chain.state(|| Reserves::<Runtime>::contains_key(delta));
    let waits = chain.state(|| WaitsFor::<Runtime>::contains_key(delta));
    assert_eq!(is_reserved, waits, "{delta:?}");
    is_reserved
}

/// What was minted for a cause.
fn issued(chain: &mut Chain, cause: Cause) -> Balance {
    chain.state(pallet_cairn_rewards::Issued::<Runtime>::get).of(cause)
}

fn held(chain: &mut Chain, who: &str) -> Balance {
    use pallet_cairn_learning::HoldReason;
    let reasons = [HoldReason::Commitment, HoldReason::Bond, HoldReason::Deposit];
    chain.state(|| {
        let of =
            |reason| Balances::balance_on_hold(&RuntimeHoldReason::Learning(reason), &account(who));
        reasons.into_iter().map(of).sum()
    })
}

#[test]
fn a_head_should_move_and_tokens_be_minted_when_guards_find_a_delta_better() {
    let (mut chain, model, _) = school();
    let (root, _) = head(&mut chain, model);
    let delta = submit_delta(&mut chain, model, 9);
    let guards = judge(&mut chain, delta, BASELINE * 9 / 10);
    let paid: Vec<_> = guards.iter().map(|guard| chain.free(operator(*guard))).collect();
    until(&mut chain, "a verdict", |chain| {
        (view(chain, delta).delta.stage == Stage::Keeping).then_some(())
    });
    let each = chain
        .state(|| <parameters::PanelRules as Get<pallet_cairn_panels::types::Rules>>::get().pay);
    for (guard, before) in guards.iter().zip(paid) {
        assert_eq!(chain.free(operator(*guard)), before + each);
    }
    assert_eq!(issued(&mut chain, Cause::Validation), 3 * each);
    assert_eq!(head(&mut chain, model).0, root, "nobody keeps it yet");

    let (before, issuance) = (chain.free(RESEARCHER), chain.state(Balances::total_issuance));
    let creator = chain.free(CREATOR);
    let fees_before = chain.number();
    for guard in [ProviderId(0), ProviderId(1)] {
        send(&mut chain, guard, pallet_cairn_custody::Call::attest { delta });
    }
    let record = view(&mut chain, delta);
    assert_eq!((record.delta.stage, record.delta.reason), (Stage::Laid, Some(Reason::Accepted)));
    assert_eq!(head(&mut chain, model), (record.block, candidate(record.delta.header.artifact)));
    assert!(chain.number() - fees_before <= 2, "a block for each who attests");

    let count = u64::from(record.delta.trial.expect("it was judged").count);
    let sum = |each: u64, cycle: u64| (0..count).map(|record| each + record % cycle).sum::<u64>();
    let gained = gain(sum(BASELINE, 7), sum(BASELINE * 9 / 10, 5));
    assert_eq!(record.delta.gain, gained);
    let known = chain.state(|| Runtime::model(model)).expect("it is there");
    let (first, last) = (sum(BASELINE, 7) / count, sum(BASELINE * 9 / 10, 5) / count);
    assert_eq!(known.losses.map(|losses| (losses.first, losses.last)), Some((first, last)));
    assert_eq!(known.quality, quality(first, last, None));
    let rules =
        chain.state(<parameters::DeltaRules as Get<pallet_cairn_learning::types::Rules>>::get);
    let difficulty = chain.state(|| Runtime::support_of(model)).difficulty;
    let reward = rules.curve.reward(gained, difficulty);
    assert_eq!(record.delta.reward, reward);
    assert_eq!(issued(&mut chain, Cause::Learning), reward);
    let share =
        chain.state(<parameters::RewardRules as Get<pallet_cairn_rewards::Rules>>::get).data;
    let data = of(share, reward);
    assert_eq!(issued(&mut chain, Cause::Data), data);
    assert_eq!(chain.free(CREATOR), creator + data);
    // The bond comes back with it, and what of the deposit is not kept for its name.
    assert!(chain.free(RESEARCHER) > before + reward);
    let minted = chain.state(Balances::total_issuance) - issuance;
    assert_eq!(minted, reward + data);
}

#[test]
fn a_head_should_stay_and_the_deposit_be_lost_when_guards_find_a_delta_no_better() {
    let (mut chain, model, _) = school();
    let before = head(&mut chain, model);
    let delta = submit_delta(&mut chain, model, 9);
    assert!(held(&mut chain, RESEARCHER) > 30 * UNITS);
    judge(&mut chain, delta, BASELINE);
    until(&mut chain, "a verdict", |chain| {
        (view(chain, delta).delta.stage == Stage::Rejected).then_some(())
    });
    assert_eq!(view(&mut chain, delta).delta.reason, Some(Reason::NotBetter));
    assert_eq!(head(&mut chain, model), before);
    assert_eq!(issued(&mut chain, Cause::Learning), 0);
    assert_eq!(held(&mut chain, RESEARCHER), 0);
    let lost = chain.state(|| {
        cairn_runtime::System::events().into_iter().find_map(|record| match record.event {
            RuntimeEvent::Learning(pallet_cairn_learning::Event::Rejected { lost, .. }) => {
                Some(lost)
            }
            _ => None,
        })
    });
    let rules =
        chain.state(<parameters::DeltaRules as Get<pallet_cairn_learning::types::Rules>>::get);
    // The deposit, and what stands for the name that is kept of it.
    assert_eq!(lost, Some(rules.terms.deposit.of(4_096) + rules.terms.mark));

    // The same bytes are not judged against the same head again.
    let (parent, _) = before;
    let author = account(RESEARCHER);
    let header =
        Header::delta(model, component(), parent, file(9), RELEASE, author.clone(), 10_000);
    let commitment = DeltaCommitment { author, artifact: header.artifact.id, salt: [1; 32] };
    let digest = commitment.digest(&chain.state(Learning::genesis));
    use pallet_cairn_learning::{Call, Error};
    let commit = Call::commit_delta { model, component: component(), digest };
    chain.submit(RESEARCHER, commit).expect("it can pay");
    for _ in 0..rules.terms.delay {
        chain.block(vec![]);
    }
    let again = Call::submit_delta { header: Box::new(header), salt: [1; 32] };
    let refused = chain.submit(RESEARCHER, again);
    assert_eq!(refused, Err(Error::<Runtime>::TriedAlready.into()));
}

#[test]
fn a_head_should_go_back_when_governance_takes_a_delta_off() {
    let (mut chain, model, _) = school_with(known_to_all());
    let [kept, wrong, above] = [9, 10, 11].map(|artifact| lay(&mut chain, model, artifact));
    let deltas = [0, 1, 2].map(DeltaId);
    for (delta, record) in deltas.into_iter().zip([&kept, &wrong, &above]) {
        assert!(record.delta.reward > 0 && record.delta.waits, "{record:?}");
        assert!(is_held(&mut chain, delta), "{record:?}");
    }
    let all = put_aside(&mut chain);
    assert_eq!(all.learning, kept.delta.reward + wrong.delta.reward + above.delta.reward);
    assert_eq!(head(&mut chain, model).0, above.block);

    let invalidate = pallet_cairn_learning::Call::invalidate { delta: deltas[1] };
    pass(&mut chain, Origin::Treasurer.into(), RuntimeCall::Learning(invalidate));
    assert_eq!(head(&mut chain, model), (kept.block, candidate(kept.delta.header.artifact)));
    let ends = deltas.map(|delta| {
        let DeltaView { delta, .. } = view(&mut chain, delta);
        (delta.stage, delta.reason, delta.waits)
    });
    let gone = |reason| (Stage::RolledBack, Some(reason), false);
    assert_eq!(
        ends,
        [
            (Stage::Laid, Some(Reason::Accepted), true),
            gone(Reason::Invalidated),
            gone(Reason::AncestorInvalidated),
        ]
    );
    // What was put aside for them is the period's again, and nobody was paid for any.
    assert_eq!(deltas.map(|delta| is_held(&mut chain, delta)), [true, false, false]);
    let left = put_aside(&mut chain);
    assert_eq!(left.learning, kept.delta.reward);
    assert!(left.data > 0 && left.data < all.data, "{left:?} of {all:?}");
    let minted = [Cause::Learning, Cause::Data].map(|cause| issued(&mut chain, cause));
    assert_eq!(minted, [0, 0]);
    let told = chain.state(|| Runtime::model(model)).expect("it is there");
    let heads: Vec<_> = told.heads.iter().map(|known| known.head.block).collect();
    assert_eq!(heads, [kept.block]);
}

/// A trial has nothing to do with a delta any more, and its reward is given up.
fn give_up(chain: &mut Chain, model: BlockId, delta: DeltaId) {
    chain.state(|| {
        <Curation as Sealing<AccountId>>::forget(&model, delta);
        <Rewards as Purse<AccountId>>::release(delta, 0);
        <Learning as OnReleased>::released(delta);
    });
}

#[test]
fn keepers_should_be_bound_as_long_as_a_trial_needs_what_they_keep() {
    const INTERVAL: u32 = 200;
    let (mut chain, model, _) = school_with(known_to_all());
    // Nobody is asked for chunks before all is over.
    let rules: pallet_cairn_custody::Rules = chain.state(parameters::CustodyRules::get);
    let rules = pallet_cairn_custody::Rules { interval: INTERVAL, ..rules };
    let parameter = parameters::Parameters::CustodyRules(parameters::CustodyRules, Some(rules));
    let parameter = RuntimeParameters::Learning(parameter);
    chain.state(|| Parameters::set_parameter(RuntimeOrigin::root(), parameter)).expect("root may");

    let [first, second] = [DeltaId(0), DeltaId(1)];
    for artifact in [9, 10] {
        assert!(lay(&mut chain, model, artifact).delta.waits);
    }
    let keepers = |chain: &mut Chain| chain.state(|| Custody::keep_of(first).map(|it| it.count()));
    // What it made of the model is what the second was laid on, and is measured from.
    give_up(&mut chain, model, first);
    assert!(!view(&mut chain, first).delta.waits);
    assert_eq!(keepers(&mut chain), Some(2));
    give_up(&mut chain, model, second);
    chain.blocks(INTERVAL);
    assert_eq!(keepers(&mut chain), None);
}

#[test]
fn a_model_should_draw_on_no_budget_when_its_author_publishes_anew_until_it_is_admitted_again() {
    let (mut chain, model, _) = school();
    let is_paid = |chain: &mut Chain| {
        let preview = chain.state(|| Runtime::preview(model, component()));
        preview.expect("a delta could be made").paid
    };
    assert!(is_paid(&mut chain));
    let (onto, _) = head(&mut chain, model);
    let (kind, author) = (BlockKind::Expert, account(CREATOR));
    let release = SemVer { minor: 1, ..RELEASE };
    let part = Header::component(kind, model, component(), onto, file(6), release, author);
    let publish = pallet_cairn_experts::Call::publish { header: Box::new(part) };
    chain.submit(CREATOR, publish).expect("it is her model");
    assert_eq!(chain.state(|| Runtime::support_of(model)).cap, None);
    assert!(!is_paid(&mut chain));
    chain.state(|| Rewards::admit(RuntimeOrigin::root(), model, WHOLE)).expect("it is registered");
    assert!(is_paid(&mut chain));
}

#[test]
fn a_delta_should_lapse_and_cost_nothing_when_nobody_judges_it() {
    let (mut chain, model, _) = school();
    let delta = submit_delta(&mut chain, model, 9);
    let held_before = held(&mut chain, RESEARCHER);
    assert!(held_before > 0);
    let stage = until_over(&mut chain, delta);
    assert_eq!(stage, Stage::Lapsed);
    assert_eq!(issued(&mut chain, Cause::Learning), 0);
}

/// Lets time pass without anyone doing anything.
fn until_over(chain: &mut Chain, delta: DeltaId) -> Stage {
    for _ in 0..2_000 {
        let stage = view(chain, delta).delta.stage;
        if !stage.is_pending() {
            return stage;
        }
        chain.block(vec![]);
    }
    panic!("{:?} has no end", view(chain, delta).delta.stage);
}
