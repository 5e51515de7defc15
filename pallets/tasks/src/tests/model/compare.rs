//! The chain and the model, step by step.

use super::{
    calls::Call,
    dice::Dice,
    reference::{Account, Drawn, Progress as Come, Provider, Task as Expected, World, COMPLAINT},
    second_operator, FULL, SECONDS,
};
use crate::{tests::mock::*, types::*, Error, Event, HoldReason};
use cairn_protocol::{
    id::{Amount, Height, ProviderId, TaskId},
    lifecycle::{Act, Actor, Condition, When, MOVES, RULES},
    profile::Role,
};
use cairn_seams::Clock as _;
use frame_support::{
    assert_ok,
    dispatch::DispatchResult,
    traits::{fungible::InspectHold, OnFinalize, OnIdle, OnInitialize},
    weights::Weight,
};
use std::collections::BTreeMap;

/// What was compared.
#[derive(Debug, Default)]
pub struct Counts {
    pub steps: u32,
    /// By call, and whether it was accepted.
    pub calls: BTreeMap<(&'static str, bool), u32>,
    /// By its place among the lifecycle's.
    pub moves: [u32; MOVES.len()],
    /// How often somebody was let act by each of its rules.
    pub rules: [u32; RULES.len()],
}

impl Counts {
    pub fn include(&mut self, more: Self) {
        self.steps += more.steps;
        for (call, count) in more.calls {
            *self.calls.entry(call).or_default() += count;
        }
        for (sum, count) in self.moves.iter_mut().zip(more.moves) {
            *sum += count;
        }
        for (sum, count) in self.rules.iter_mut().zip(more.rules) {
            *sum += count;
        }
    }

    /// How often a task went from one stage to another, which most steps do not bring about.
    pub fn moved(&self) -> u32 {
        self.moves.iter().sum()
    }
}

/// The chain, which is around, and its model.
pub struct Pair {
    pub world: World,
    pub counts: Counts,
    /// Blocks without room for tasks since the last that had some.
    full: u32,
}

impl Pair {
    /// A market with more than one registration of some owners, a requester linked to an owner, two
    /// owners linked to each other, and at times nobody to take a creator's share or the
    /// treasury's.
    pub fn open(dice: &mut Dice) -> Self {
        let signed = RuntimeOrigin::signed;
        for n in 0..SECONDS {
            let roles = [Role::Compute].into_iter().collect();
            let (owner, operator) = (owner(ProviderId(n)), second_operator(n));
            let what = Box::new(profile(1_000 + n));
            assert_ok!(Providers::register(signed(owner), operator, what, roles, 20_000));
            assert_ok!(Providers::heartbeat(signed(operator), ProviderId(PROVIDERS + n)));
        }
        let friends = (owner(ProviderId(6)), owner(ProviderId(7)));
        let linked = vec![(BOB, owner(ProviderId(5))), friends];
        for (one, other) in &linked {
            assert_ok!(Providers::link_account(signed(*one), *other, true));
            assert_ok!(Providers::link_account(signed(*other), *one, true));
        }
        for account in [TREASURY, CREATOR] {
            if dice.once_in(4) {
                assert_ok!(Balances::transfer_all(signed(account), BOB, false));
            }
        }
        let first = (0..PROVIDERS).map(|n| (owner(ProviderId(n)), operator(ProviderId(n))));
        let second = (0..SECONDS).map(|n| (owner(ProviderId(n)), second_operator(n)));
        let providers = first.chain(second).zip(0..).map(|((owner, operator), n)| {
            (ProviderId(n), Provider { owner, operator, left: false, available: true })
        });
        let providers: BTreeMap<_, _> = providers.collect();
        let people = providers.values().flat_map(|one| [one.owner, one.operator]);
        let people = people.chain([ALICE, BOB, TREASURY, CREATOR]);
        let world = World {
            block: 1,
            stopped: None,
            lost: 0,
            submitted: 0,
            tasks: BTreeMap::new(),
            free: people.map(|account| (account, free(account))).collect(),
            providers,
            linked,
            treasury: TREASURY,
            creator: CREATOR,
            moves: [0; MOVES.len()],
        };
        Self { world, counts: Counts::default(), full: 0 }
    }

    pub fn operated_by(&self, who: Account) -> Option<ProviderId> {
        let mut all = self.world.providers.iter();
        all.find(|(_, provider)| provider.operator == who).map(|(id, _)| *id)
    }

    pub fn is_seated(&self, id: u64, provider: ProviderId) -> bool {
        let task = self.world.tasks.get(&id);
        task.is_some_and(|task| task.seats.iter().any(|seat| seat.provider == provider))
    }

    /// Counts a step after which both are in the same state.
    pub fn same(&mut self, what: &'static str, accepted: bool) {
        self.counts.steps += 1;
        *self.counts.calls.entry((what, accepted)).or_default() += 1;
        compare_tasks(&self.world);
        compare_money(&self.world);
        compare_work(&self.world);
    }

    pub fn call(&mut self, who: Account, call: Call) {
        let (now, tasks) = (self.world.now(), &self.world.tasks);
        let stood = call.act().and_then(|(act, id)| Some((act, tasks.get(&id)?.clone())));
        let (expected, done) = (call.expected(who, &mut self.world), call.made(who));
        if expected != done.is_ok() {
            panic!("the model says {expected} and the chain {done:?}: {call:?} of {who}");
        }
        if let Some((act, task)) = stood {
            self.compare_rule(who, act, &task, now, done);
        }
        self.same(call.name(), expected);
    }

    /// Whoever was let act on a task, as it stood then, is whom the rule names, in its time;
    /// whoever was not was told what is so.
    fn compare_rule(
        &mut self,
        who: Account,
        act: Act,
        task: &Expected,
        now: Height,
        done: DispatchResult,
    ) {
        let rule = RULES.iter().position(|rule| (rule.stage, rule.act) == (task.stage, act));
        let own = self.operated_by(who);
        let has_seat = own.is_some_and(|own| task.seats.iter().any(|seat| seat.provider == own));
        let (late, asked) = (now > task.due, task.requester == who);
        let say = || format!("{act:?} of {who} at {now}: {done:?}, {task:?}");
        let Err(refused) = done else {
            let nth = rule.unwrap_or_else(|| panic!("no rule allows {}", say()));
            let right = match RULES[nth].actor {
                Actor::Requester => asked,
                Actor::Worker => has_seat,
                Actor::Anyone => true,
            };
            assert!(right, "the rule names another: {}", say());
            assert_eq!(RULES[nth].when == When::Overdue, late, "another time: {}", say());
            let nothing_done = task.seats.is_empty() && !task.is_contradicted();
            let free = RULES[nth].condition == Condition::Always || nothing_done;
            assert!(free, "a seat is taken, or results were shown: {}", say());
            self.counts.rules[nth] += 1;
            return;
        };
        let takes_seat =
            matches!(act, Act::RejectKey | Act::Commit | Act::Decline | Act::Reveal | Act::Show);
        let reasons: [(Error<Test>, bool); 8] = [
            (Error::WrongStage, rule.is_none()),
            (Error::ResultsShown, act == Act::Cancel && task.is_contradicted()),
            (Error::SeatTaken, act == Act::Cancel && !task.seats.is_empty()),
            (Error::TooLate, late && act != Act::Poke),
            (Error::TooEarly, !late && act == Act::Poke),
            (Error::NotTheRequester, !asked && !takes_seat),
            (Error::NotAnOperator, own.is_none() && takes_seat),
            // Keys and complaints are about a seat, too.
            (Error::NotAssigned, !takes_seat || (own.is_some() && !has_seat)),
        ];
        for (reason, is_so) in reasons {
            assert!(is_so || refused != reason.into(), "that is not so: {}", say());
        }
    }

    /// Ends a block, which has room for tasks or has not, and begins the next.
    pub fn block(&mut self, room: bool) {
        let room = room || self.full >= FULL;
        System::reset_events();
        let number = System::block_number();
        if room {
            AllPalletsWithSystem::on_idle(number, Weight::from_parts(u64::MAX / 2, u64::MAX / 2));
            let (settled, drawn) = told();
            self.world.idle(&settled, &drawn);
        }
        self.full = match self.world.stopped {
            // Nothing is served, and no height passes.
            Some(_) => self.full,
            None if room => 0,
            None => self.full + 1,
        };
        AllPalletsWithSystem::on_finalize(number);
        System::set_block_number(number + 1);
        AllPalletsWithSystem::on_initialize(number + 1);
        self.world.block += 1;
        self.same(if room { "block" } else { "full block" }, true);
    }
}

/// The tasks that this block settled, and the draws it made.
fn told() -> (Vec<u64>, Vec<Drawn>) {
    let (mut settled, mut drawn) = (Vec::new(), Vec::new());
    for record in System::events() {
        match record.event {
            RuntimeEvent::Tasks(Event::Settled { task, .. }) => settled.push(task.0),
            RuntimeEvent::Tasks(Event::Assigned { task, round, providers, due }) => {
                drawn.push(Drawn { task: task.0, round, providers, due });
            }
            _ => {}
        }
    }
    (settled, drawn)
}

fn compare_tasks(world: &World) {
    assert_eq!(Clock::now(), world.now(), "the height");
    assert_eq!(crate::Submitted::<Test>::get(), world.submitted);
    let mut kept: Vec<_> = crate::Tasks::<Test>::iter().collect();
    kept.sort_unstable_by_key(|(id, _)| *id);
    assert!(kept.iter().map(|(id, _)| id.0).eq(world.tasks.keys().copied()), "the tasks kept");
    for ((id, task), expected) in kept.iter().zip(world.tasks.values()) {
        compare_task(*id, task, expected);
    }
}

fn compare_task(id: TaskId, task: &Task<AccountId>, expected: &Expected) {
    let asked = (task.redundancy, task.reassigned, task.accusers);
    let at = (task.stage, task.due, asked, task.acknowledged);
    let wanted = (
        expected.stage,
        expected.due,
        (expected.redundancy, expected.reassigned, expected.accusers),
        expected.acknowledged,
    );
    assert_eq!(at, wanted, "{id:?}: {task:?}, {expected:?}");
    let escrow = task.escrow;
    let work = escrow.reward + escrow.tip;
    let held = (work, escrow.fee, escrow.reserve, escrow.price, task.deposit);
    let Expected { earned, fee, reserve, price, deposit, .. } = *expected;
    let wanted = (earned, fee, reserve, price, deposit);
    assert_eq!(held, wanted, "{id:?}");
    let open = crate::Complaints::<Test>::get(id).and_then(|all| all.open);
    let open = open.map(|open| (open.against, open.asked, open.rest));
    let wanted = expected.complaint.map(|open| (open.against, open.asked, open.rest));
    assert_eq!(open, wanted, "{id:?}");
    assert_eq!(task.excluded.as_slice(), expected.excluded.as_slice(), "{id:?}");
    assert_eq!(task.outvoted.as_slice(), expected.outvoted.as_slice(), "{id:?}");
    let seats = task.seats.iter().map(|seat| (seat.provider, come(seat.progress)));
    let wanted = expected.seats.iter().map(|seat| (seat.provider, as_seen(seat.progress)));
    assert!(seats.eq(wanted), "{id:?}: {task:?}, {expected:?}");
}

fn come(progress: Progress) -> &'static str {
    match progress {
        Progress::Locked => "locked",
        Progress::Working => "working",
        Progress::Committed(_) => "committed",
        Progress::Revealed => "revealed",
    }
}

fn as_seen(progress: Come) -> &'static str {
    match progress {
        Come::Locked => "locked",
        Come::Working => "working",
        Come::Committed(_) => "committed",
        Come::Revealed(_) => "revealed",
    }
}

/// What everyone may spend, and what is held of everyone for tasks.
fn compare_money(world: &World) {
    let mut held: BTreeMap<Account, (Amount, Amount, Amount)> = BTreeMap::new();
    for task in world.tasks.values() {
        let (escrow, deposit, complaint) = held.entry(task.requester).or_default();
        *escrow += task.earned + task.fee + task.reserve + task.price;
        *complaint += task.complaint.map_or(0, |_| COMPLAINT);
        *deposit += task.deposit;
    }
    for (account, expected) in &world.free {
        assert_eq!(free(*account), *expected, "what {account} may spend");
        let on_hold = |reason: HoldReason| Balances::balance_on_hold(&reason.into(), account);
        let on_hold = (
            on_hold(HoldReason::Escrow),
            on_hold(HoldReason::Deposit),
            on_hold(HoldReason::Complaint),
        );
        let expected = held.get(account).copied().unwrap_or_default();
        assert_eq!(on_hold, expected, "what is held of {account}");
    }
}

fn compare_work(world: &World) {
    for provider in world.providers.keys() {
        let record = pallet_cairn_providers::Providers::<Test>::get(provider);
        let record = record.expect("nobody withdraws");
        let work = (record.load as usize, record.engagements as usize);
        let expected = (world.load(*provider), world.engagements(*provider));
        assert_eq!(work, expected, "the work of {provider:?}");
    }
}
