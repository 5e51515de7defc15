//! Random calls, sensible and not, by anyone at any time: whatever happens, every invariant holds
//! after each of them, and each period mints no more than a plain reckoning of it allows.

use super::mock::*;
use crate::{types::*, *};
use cairn_protocol::{
    id::{Amount, BlockId, DeltaId, ProviderId},
    job::JobKind,
    learning::{
        panel::Case,
        reward::{Budgets, Cause, Emission},
    },
};
use cairn_seams::{OnPublished as _, OnSettled as _, Purse as _};
use frame_support::traits::SafeModeNotify;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap};

/// Calls in a sequence.
const CALLS: usize = 80;
/// What a verdict costs at most.
const COST: Amount = 150;
/// What measuring a delta on sealed sets costs.
const MEASURING: Amount = 300;
/// Accounts that authors, judges and owners may have; the last is not there at first.
const WHO: [AccountId; 5] = [ALICE, BOB, CAROL, DAVE, NOBODY];

#[derive(Clone, Debug)]
enum Step {
    Admit {
        model: usize,
        cap: u32,
    },
    AdmitData {
        data: usize,
        cap: u32,
    },
    Expel {
        block: usize,
    },
    Publish {
        model: usize,
    },
    Sponsor {
        who: usize,
        model: usize,
        amount: Amount,
    },
    Withdraw {
        who: usize,
        model: usize,
    },
    /// A sponsor does what it can to leave.
    Leave {
        nth: usize,
    },
    Claim {
        period: u32,
        provider: u64,
    },
    /// Something is claimed as soon as its period has ended.
    ClaimSoon {
        nth: usize,
    },
    Settle {
        provider: u64,
        paid: Amount,
        standing: u32,
    },
    Reserve {
        model: usize,
        data: usize,
        who: usize,
        amount: Amount,
    },
    Release {
        nth: usize,
        share: u32,
    },
    PayGuards {
        model: usize,
        judges: Vec<usize>,
        each: Amount,
    },
    /// It may be that no program makes the examples of the model, so that sets are sealed for it.
    SetAside {
        model: usize,
        sealed: bool,
    },
    PayPanel {
        nth: usize,
        judges: Vec<usize>,
        each: Amount,
    },
    FreeJudging {
        nth: usize,
    },
    PayMeasuring {
        judges: Vec<usize>,
        each: Amount,
    },
    EndMeasuring {
        share: u32,
    },
    Succeed {
        model: usize,
    },
    Rules(Rules),
    JudgedOn(Option<usize>),
    Own {
        provider: u64,
        who: Option<usize>,
    },
    Stop,
    Resume,
    Blocks(u64),
    FullBlocks(u64),
}

fn share() -> impl Strategy<Value = u32> {
    prop_oneof![0..=1_000_000u32, Just(1_000_000), Just(u32::MAX)]
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![0..200u128, 0..5_000u128, 0..200_000u128]
}

fn rules() -> impl Strategy<Value = Rules> {
    let budgets = (share(), share(), share(), share()).prop_map(|(a, b, c, d)| Budgets {
        inference: a,
        learning: b,
        validation: c,
        data: d,
    });
    let emission = (0..60u32, 0..300_000u128, budgets, share())
        .prop_map(|(period, tokens, budgets, carry)| Emission { period, tokens, budgets, carry });
    (emission, share(), 0..4u32, share(), 0..4u32, 0..2_000u128, 0..60u32).prop_map(
        |(emission, grant, claimable, data, expected, least, notice)| Rules {
            emission,
            grant,
            claimable,
            data,
            expected,
            least,
            notice,
        },
    )
}

fn steps() -> impl Strategy<Value = Step> {
    use Step::*;
    let (model, data, who) = (0..3usize, 0..3usize, 0..WHO.len());
    prop_oneof![
        3 => (model.clone(), share()).prop_map(|(model, cap)| Admit { model, cap }),
        3 => (data.clone(), share()).prop_map(|(data, cap)| AdmitData { data, cap }),
        1 => (0..4usize).prop_map(|block| Expel { block }),
        1 => model.clone().prop_map(|model| Publish { model }),
        4 => (who.clone(), model.clone(), amount())
            .prop_map(|(who, model, amount)| Sponsor { who, model, amount }),
        2 => (who.clone(), model.clone()).prop_map(|(who, model)| Withdraw { who, model }),
        3 => (0..3usize).prop_map(|nth| Leave { nth }),
        1 => (0..12u32, 0..6u64).prop_map(|(period, provider)| Claim { period, provider }),
        6 => (0..4usize).prop_map(|nth| ClaimSoon { nth }),
        6 => (0..6u64, amount(), share())
            .prop_map(|(provider, paid, standing)| Settle { provider, paid, standing }),
        8 => (model.clone(), data, who.clone(), amount())
            .prop_map(|(model, data, who, amount)| Reserve { model, data, who, amount }),
        6 => (0..4usize, share()).prop_map(|(nth, share)| Release { nth, share }),
        4 => (model.clone(), prop::collection::vec(who.clone(), 0..5), amount())
            .prop_map(|(model, judges, each)| PayGuards { model, judges, each }),
        5 => (model.clone(), any::<bool>())
            .prop_map(|(model, sealed)| SetAside { model, sealed }),
        2 => (0..4usize, prop::collection::vec(who.clone(), 0..5), amount())
            .prop_map(|(nth, judges, each)| PayPanel { nth, judges, each }),
        1 => (0..4usize).prop_map(|nth| FreeJudging { nth }),
        3 => (prop::collection::vec(who.clone(), 0..5), 0..200u128)
            .prop_map(|(judges, each)| PayMeasuring { judges, each }),
        1 => share().prop_map(|share| EndMeasuring { share }),
        2 => model.prop_map(|model| Succeed { model }),
        1 => rules().prop_map(Rules),
        1 => prop::option::of(0..2usize).prop_map(JudgedOn),
        1 => (0..6u64, prop::option::of(who)).prop_map(|(provider, who)| Own { provider, who }),
        1 => Just(Stop),
        2 => Just(Resume),
        8 => (1..80u64).prop_map(Blocks),
        1 => (1..80u64).prop_map(FullBlocks),
    ]
}

fn model(nth: usize) -> BlockId {
    [MODEL, OTHER, UNKNOWN][nth]
}

fn data(nth: usize) -> BlockId {
    [DATA, OTHER_DATA, UNKNOWN][nth]
}

/// Says whether anything came of it.
fn take(step: Step, deltas: &mut u64) -> bool {
    match step {
        Step::Admit { model: nth, cap } => {
            Rewards::admit(RuntimeOrigin::root(), model(nth), cap).is_ok()
        }
        Step::AdmitData { data: nth, cap } => {
            Rewards::admit_data(RuntimeOrigin::root(), data(nth), cap).is_ok()
        }
        Step::Expel { block } => {
            let block = [MODEL, OTHER, DATA, OTHER_DATA][block];
            Rewards::expel(RuntimeOrigin::root(), block).is_ok()
        }
        Step::Sponsor { who, model: nth, amount } => {
            Rewards::sponsor(signed(WHO[who]), model(nth), amount).is_ok()
        }
        Step::Withdraw { who, model: nth } => {
            Rewards::withdraw_sponsorship(signed(WHO[who]), model(nth)).is_ok()
        }
        Step::Leave { nth } => leave(nth),
        Step::Claim { period, provider } => claim(period, provider).is_ok(),
        Step::ClaimSoon { nth } => claim_soon(nth),
        Step::Reserve { model: nth, data: set, who, amount } => {
            *deltas += 1;
            let (model, data) = (model(nth), data(set));
            let there = Rewards::reserve(DeltaId(*deltas), &model, &data, &WHO[who], amount);
            assert!(
                there <= amount
                    && (there == 0 || Rewards::reserved_for(DeltaId(*deltas)) == Some(there))
            );
            there > 0
        }
        Step::Release { nth, share } => release_one(nth, share),
        Step::PayGuards { model: nth, judges, each } => {
            let judges: Vec<_> = judges.into_iter().map(|who| WHO[who]).collect();
            let paid = Rewards::pay_guards(&model(nth), &judges, each);
            assert!(paid <= each * judges.len() as Amount);
            paid > 0
        }
        Step::SetAside { model: nth, sealed } => {
            *deltas += 1;
            set_aside(DeltaId(*deltas), &model(nth), sealed)
        }
        Step::PayPanel { nth, judges, each } => pay_panel(nth, judges, each),
        other => take_around(other),
    }
}

fn sum_of(pot: Option<Pot<AccountId>>) -> Amount {
    pot.into_iter().flat_map(|pot| pot.parts).map(|(_, part)| part).sum()
}

/// Puts aside what it takes to have a delta judged, and measured if sets are sealed for the model.
fn set_aside(delta: DeltaId, model: &BlockId, sealed: bool) -> bool {
    let judged_on = JudgedOn::get();
    if sealed {
        JudgedOn::set(None);
    }
    let needs_sets = JudgedOn::get().is_none();
    let has_enough = Rewards::set_aside_for_judging(delta, model);
    JudgedOn::set(judged_on);
    let judging = sum_of(Judging::<Test>::get(delta));
    let measuring = sum_of(Measuring::<Test>::get(delta));
    let fits = match (has_enough, needs_sets) {
        (false, _) => (judging, measuring) == (0, 0),
        // No budget pays for what is judged on nothing that was admitted.
        (true, true) => (judging, measuring) == (COST, MEASURING),
        (true, false) => [0, COST].contains(&judging) && measuring == 0,
    };
    assert!(fits, "{judging} and {measuring} are put aside");
    has_enough
}

/// Pays those who measured a model for a delta. There is as much for them as is put aside for it,
/// and the rest stays aside.
fn pay_measuring(judges: Vec<usize>, each: Amount) -> bool {
    let Some((delta, pot)) = Measuring::<Test>::iter().next() else { return false };
    let model = pot.model;
    let aside = sum_of(Some(pot));
    let judges: Vec<_> = judges.into_iter().map(|who| WHO[who]).collect();
    let is_sponsored = !Rewards::draws_for_judging(&model);
    let can_be_paid = !judges.contains(&NOBODY);
    Rewards::measure(&model, delta);
    let case = Case::Sealed { model, period: 0, set: 0 };
    let paid = Rewards::pay_panel(&case, &model, &judges, each);
    let wanted = each * judges.len() as Amount;
    assert!(paid <= wanted);
    if is_sponsored && can_be_paid && wanted <= aside {
        assert_eq!(paid, wanted, "{delta:?} was measured for less than was put aside");
    }
    let left = sum_of(Measuring::<Test>::get(delta));
    assert_eq!(left, aside.saturating_sub(paid), "{delta:?} has lost what was put aside");
    assert_eq!(Measured::<Test>::get(model), (left > 0).then_some(delta));
    TIMES.with_borrow_mut(|all| *all.entry("measured").or_default() += 1);
    true
}

/// The reward of a delta that was to be measured is released, or has lapsed.
fn end_measuring(share: u32) -> bool {
    let Some(delta) = Measuring::<Test>::iter_keys().next() else { return false };
    assert_eq!(Rewards::release(delta, share), 0, "no reward was put aside for it");
    assert_eq!(Measuring::<Test>::get(delta), None);
    true
}

/// Pays those who judged a delta. There is as much for them as was put aside.
fn pay_panel(nth: usize, judges: Vec<usize>, each: Amount) -> bool {
    let Some((delta, pot)) = Judging::<Test>::iter().nth(nth) else { return false };
    let judges: Vec<_> = judges.into_iter().map(|who| WHO[who]).collect();
    let is_sponsored = !Rewards::draws_for_judging(&pot.model);
    let can_be_paid = !judges.contains(&NOBODY);
    let paid = Rewards::pay_panel(&Case::Delta(delta), &pot.model, &judges, each);
    let wanted = each * judges.len() as Amount;
    assert!(paid <= wanted);
    if is_sponsored && can_be_paid && wanted <= COST {
        assert_eq!(paid, wanted, "{delta:?} was judged for less than was put aside");
    }
    assert_eq!(Judging::<Test>::get(delta), None);
    true
}

fn leave(nth: usize) -> bool {
    let all = Sponsors::<Test>::iter()
        .flat_map(|(model, all)| all.into_iter().map(move |one| (model, one.account, one.leaves)));
    let Some((model, account, leaves)) = all.collect::<Vec<_>>().get(nth).copied() else {
        return false;
    };
    Clock::exited();
    run(u64::from(leaves.unwrap_or(0).saturating_sub(now())));
    Rewards::withdraw_sponsorship(signed(account), model).is_ok()
}

fn claim_soon(nth: usize) -> bool {
    let Some((period, provider)) = Fees::<Test>::iter_keys().nth(nth) else { return false };
    Clock::exited();
    if period == current().number {
        next_period();
    }
    claim(period, provider.0).is_ok()
}

fn release_one(nth: usize, share: u32) -> bool {
    let Some(delta) = Reserves::<Test>::iter_keys().nth(nth) else { return false };
    let reserved = Rewards::reserved_for(delta).expect("it is put aside");
    assert!(Rewards::release(delta, share) <= reserved);
    assert_eq!(Rewards::release(delta, share), 0, "it was paid twice");
    true
}

/// What happens beside the calls.
fn take_around(step: Step) -> bool {
    match step {
        Step::Settle { provider, paid, standing } => {
            Standing::set(standing);
            let kind = if provider == 5 { JobKind::Train } else { JobKind::Infer };
            Rewards::settled(ProviderId(provider), kind, paid);
        }
        Step::Succeed { model: nth } => Rewards::note_success(&model(nth)),
        Step::FreeJudging { nth } => {
            let Some(delta) = Judging::<Test>::iter_keys().nth(nth) else { return false };
            Rewards::free_judging(delta);
        }
        Step::PayMeasuring { judges, each } => return pay_measuring(judges, each),
        Step::EndMeasuring { share } => return end_measuring(share),
        Step::Publish { model: nth } => Rewards::published(&model(nth)),
        Step::Rules(rules) => CurrentRules::set(rules),
        Step::JudgedOn(set) => JudgedOn::set(set.map(data)),
        Step::Own { provider, who } => Owners::mutate(|owners| {
            match who {
                Some(who) => owners.insert(ProviderId(provider), WHO[who]),
                None => owners.remove(&ProviderId(provider)),
            };
        }),
        Step::Stop => Clock::entered(),
        Step::Resume => Clock::exited(),
        Step::Blocks(blocks) => run(blocks),
        Step::FullBlocks(blocks) => (0..blocks).for_each(|_| full_block()),
        _ => return false,
    }
    true
}

thread_local! {
    /// How often each thing happened.
    static TIMES: RefCell<BTreeMap<&'static str, u32>> = const { RefCell::new(BTreeMap::new()) };
}

/// Reckons by what the chain told what each period may mint, and what it minted: rewards and data
/// by the period that they were put aside in, judging by when it was paid, serving by when it was
/// done. None mints more, for anything.
fn reckon() {
    let (mut budgets, mut minted) = (BTreeMap::new(), BTreeMap::<u32, Sums>::new());
    let mut period = 0;
    let mut aside: BTreeMap<DeltaId, (u32, Amount, Amount)> = BTreeMap::new();
    let mut add = |period: u32, cause, amount| minted.entry(period).or_default().add(cause, amount);
    let mut issued = Sums::default();
    for event in events() {
        let name = match event {
            Event::PeriodBegan { period: number, budgets: all, .. } => {
                budgets.insert(number, all);
                period = number;
                "began"
            }
            Event::Reserved { delta, amount, data } => {
                aside.insert(delta, (period, amount, data));
                "reserved"
            }
            Event::Released { delta, paid, data } => {
                let (period, amount, most) = aside.remove(&delta).expect("it was put aside");
                assert!(paid <= amount && data <= most);
                // Sponsors pay nothing for data, and what they pay is not minted.
                if SPONSORED.with_borrow(|all| all.contains(&delta)) {
                    assert_eq!(data, 0);
                } else {
                    add(period, Cause::Learning, paid);
                    add(period, Cause::Data, data);
                    issued.add(Cause::Learning, paid);
                    issued.add(Cause::Data, data);
                }
                "released"
            }
            Event::Granted { period, amount, .. } => {
                add(period, Cause::Inference, amount);
                issued.add(Cause::Inference, amount);
                "granted"
            }
            Event::JudgesPaid { .. } => "judged",
            Event::PeriodRetired { .. } => "retired",
            Event::Withdrawn { .. } => "withdrawn",
            Event::NoticeGiven { .. } => "noticed",
            _ => continue,
        };
        TIMES.with_borrow_mut(|all| *all.entry(name).or_default() += 1);
    }
    let counted = Issued::<Test>::get();
    // Events do not say who paid those who judge.
    assert_eq!(Sums { validation: counted.validation, ..issued }, counted);
    let most: Amount = budgets.values().map(|sums: &Sums| sums.validation).sum();
    assert!(counted.validation <= most);
    for (period, minted) in minted {
        for cause in [Cause::Inference, Cause::Learning, Cause::Data] {
            // What came free of earlier periods may be more than it began with.
            let carried = Ledgers::<Test>::get(period).map(|ledger| ledger.budgets);
            let budget = carried.unwrap_or_else(|| GROWN.with_borrow(|all| all[&period]));
            assert!(minted.of(cause) <= budget.of(cause), "period {period} minted {minted:?}");
        }
    }
}

thread_local! {
    static SPONSORED: RefCell<Vec<DeltaId>> = const { RefCell::new(Vec::new()) };
    /// The budgets of each period, as they were last.
    static GROWN: RefCell<BTreeMap<u32, Sums>> = const { RefCell::new(BTreeMap::new()) };
}

/// Takes down what events do not say.
fn observe() {
    GROWN.with_borrow_mut(|all| {
        all.extend(Ledgers::<Test>::iter().map(|(period, ledger)| (period, ledger.budgets)));
    });
    let by_sponsors = Reserves::<Test>::iter()
        .filter(|(_, reserve)| matches!(reserve.payer, Payer::Sponsors(_)))
        .map(|(delta, _)| delta);
    SPONSORED.with_borrow_mut(|all| all.extend(by_sponsors));
}

fn sequence(steps: Vec<Step>) {
    SPONSORED.with_borrow_mut(Vec::clear);
    GROWN.with_borrow_mut(BTreeMap::clear);
    execute(|| {
        JudgingCost::set(COST);
        MeasuringCost::set(MEASURING);
        let mut deltas = 0;
        for step in steps {
            // A call that is refused leaves what was checked before: its changes are undone.
            if take(step, &mut deltas) {
                check();
                observe();
            }
        }
        reckon();
    });
}

#[test]
fn invariants_should_hold_whatever_is_called() {
    let count = 400;
    let config = Config { cases: count, ..Default::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let steps = prop::collection::vec(steps(), CALLS);
    let result = runner.run(&steps, |steps| {
        sequence(steps);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // Sequences in which nothing ever comes of anything would prove nothing.
    let times = TIMES.with_borrow(Clone::clone);
    println!("{times:?}");
    let kinds = [
        "began",
        "reserved",
        "released",
        "granted",
        "judged",
        "measured",
        "retired",
        "withdrawn",
        "noticed",
    ];
    for kind in kinds {
        let times = times.get(kind).copied().unwrap_or_default();
        assert!(times >= count / 10, "{kind} came {times} times");
    }
}
