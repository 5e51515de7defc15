//! Audits on the whole runtime: a lot falls, guards and the worker show what they found, and the
//! result is paid or not.

use cairn_protocol::{
    audit::{
        record::{Audit, AuditWaitsFor},
        Finding, Report,
    },
    id::{Digest, ProviderId, TaskId},
    job::Terms,
    lifecycle::{audit::Stage as AuditStage, Stage},
    preimage::{AuditCommitment, PlantCommitment, Statement},
    result::Answer,
    share::WHOLE,
};
use cairn_runtime::{
    configs::parameters::market as parameters, units::UNITS, Audits, Balance, Balances, Parameters,
    Providers, Runtime, RuntimeEvent, RuntimeOrigin, RuntimeParameters, Treasury,
};
use cairn_runtime_tests::{market::*, Chain};
use frame_support::traits::{fungible::Mutate, Get};
use pallet_cairn_audits::{
    types::{Draws, Rules},
    Call, Event,
};

/// What each of three guards gets where a worker was offered three CRN, and every result is looked
/// at: of that at most 42.72 % for all of them, so that nobody gains by looking at its own.
const GUARD_PAY: Balance = 4_272 * UNITS / 10_000;

/// Five who work and guard, a treasury that can pay, and a lot that falls on every result.
fn audited_market() -> Chain {
    market_of_guards(3)
}

/// The same where so many guards look.
fn market_of_guards(guards: u8) -> Chain {
    let mut chain = guarded_market();
    chain.state(|| {
        let rules = <parameters::AuditRules as Get<Rules>>::get();
        let rules = Rules {
            shares: cairn_protocol::audit::Shares { alone: WHOLE, ..rules.shares },
            draws: Draws { guards, ..rules.draws },
            ..rules
        };
        let parameter = parameters::Parameters::AuditRules(parameters::AuditRules, Some(rules));
        Parameters::set_parameter(RuntimeOrigin::root(), RuntimeParameters::Market(parameter))
            .expect("root may");
        Balances::mint_into(&Treasury::account_id(), 1_000 * UNITS).expect("the supply has room");
    });
    chain
}

fn submit_auditable(chain: &mut Chain) -> TaskId {
    let terms = Terms { auditable: true, reward: 3 * UNITS, ..terms(chain, 1) };
    submit(chain, terms)
}

/// A delivered task, its worker, and the guards who were drawn to look at it.
fn delivered(chain: &mut Chain) -> (TaskId, ProviderId, Vec<ProviderId>) {
    let id = submit_auditable(chain);
    wait_for(chain, id, Stage::Assigned);
    let worker = deliver(chain, id)[0];
    let guards = drawn(chain, id);
    assert!(guards.len() == 3 && !guards.contains(&worker), "{guards:?}");
    (id, worker, guards)
}

fn audit(chain: &mut Chain, id: TaskId) -> Option<Audit<cairn_runtime::AccountId>> {
    chain.state(|| pallet_cairn_audits::Audits::<Runtime>::get(id))
}

fn drawn(chain: &mut Chain, id: TaskId) -> Vec<ProviderId> {
    assert_eq!(task(chain, id).stage, Stage::Audited);
    for _ in 0..60 {
        let audit = audit(chain, id).expect("it is under way");
        if !audit.guards.is_empty() {
            return audit.guards.iter().map(|guard| guard.provider).collect();
        }
        chain.block(vec![]);
    }
    panic!("no guards were drawn");
}

/// What the worker said, or something else.
fn report(chain: &mut Chain, same: bool) -> Report {
    let answer = answer().gist(&chain.state(Audits::genesis));
    let found = if same { answer } else { [1; 32] };
    Report { finding: Finding::Answer(found), trace: [8; 32] }
}

/// A free call of a provider's operator.
fn send(chain: &mut Chain, provider: ProviderId, call: Call<Runtime>) {
    let before = chain.free(operator(provider));
    chain.submit(operator(provider), call).expect("it is in time, and what was committed to");
    assert_eq!(chain.free(operator(provider)), before);
}

fn commit(chain: &mut Chain, id: TaskId, provider: ProviderId, report: &Report) {
    let genesis = chain.state(Audits::genesis);
    let round = audit(chain, id).expect("it is under way").round;
    let (answer, trace) = (report.digest(&genesis), report.trace);
    let opened = AuditCommitment { task: id, round, provider, answer, trace, salt: SALT };
    send(chain, provider, Call::commit { task: id, commitment: opened.digest(&genesis) });
}

fn reveal(chain: &mut Chain, id: TaskId, provider: ProviderId, report: Report) {
    send(chain, provider, Call::reveal { task: id, report, salt: SALT });
}

/// The worker shows its trace, and each guard what it found.
fn all_report(chain: &mut Chain, id: TaskId, worker: ProviderId, found: &[(ProviderId, bool)]) {
    let own = (worker, true);
    for (provider, same) in found.iter().chain([&own]) {
        let report = report(chain, *same);
        commit(chain, id, *provider, &report);
    }
    for (provider, same) in found.iter().chain([&own]) {
        let report = report(chain, *same);
        reveal(chain, id, *provider, report);
    }
}

fn pending(chain: &mut Chain, provider: ProviderId) -> Balance {
    chain.state(|| Providers::card(provider)).expect("it is registered").pending
}

#[test]
fn a_result_should_be_paid_when_guards_find_it_again() {
    let mut chain = audited_market();
    let (id, worker, guards) = delivered(&mut chain);
    let before: Vec<_> = guards.iter().map(|guard| chain.free(operator(*guard))).collect();
    let worker_before = chain.free(operator(worker));
    let found: Vec<_> = guards.iter().map(|guard| (*guard, true)).collect();
    all_report(&mut chain, id, worker, &found);
    wait_for(&mut chain, id, Stage::Window);
    assert!(audit(&mut chain, id).is_none());
    for (guard, before) in guards.iter().zip(before) {
        assert_eq!(chain.free(operator(*guard)), before + GUARD_PAY);
    }
    wait_for(&mut chain, id, Stage::Settled);
    assert_eq!(chain.free(operator(worker)), worker_before + 24 * UNITS / 10);
}

#[test]
fn a_result_should_be_refunded_and_punished_when_guards_find_another() {
    let mut chain = audited_market();
    let before = chain.free(REQUESTER);
    let (id, worker, guards) = delivered(&mut chain);
    let found: Vec<_> = guards.iter().map(|guard| (*guard, *guard == guards[0])).collect();
    all_report(&mut chain, id, worker, &found);
    wait_for(&mut chain, id, Stage::Refunded);
    // Half of its bond; and two of three were enough.
    assert_eq!(pending(&mut chain, worker), 500 * UNITS);
    for guard in guards {
        assert_eq!(pending(&mut chain, guard), 0);
    }
    // All came back but what the transaction cost, and the deposit comes when it is pruned.
    let deposit = task(&mut chain, id).deposit;
    assert!(before - chain.free(REQUESTER) - deposit < UNITS);
}

/// A task of three, one of whom contradicts the others and is outvoted; and what the only guard
/// finds, if it says something.
fn outvoted(guard: Option<bool>) -> (Chain, TaskId, ProviderId) {
    let mut chain = market_of_guards(1);
    let terms = Terms { auditable: true, reward: 9 * UNITS, ..terms(&mut chain, 3) };
    let id = submit(&mut chain, terms);
    wait_for(&mut chain, id, Stage::Assigned);
    let liar = task(&mut chain, id).seats[0].provider;
    let said = |one: ProviderId| {
        let units = if one == liar { 99 } else { 100 };
        Answer { units, ..answer() }
    };
    let workers = deliver_as(&mut chain, id, said);
    let guards = drawn(&mut chain, id);
    assert!(guards.len() == 1 && !workers.contains(&guards[0]), "{guards:?}");
    let agreed = workers.into_iter().filter(|one| *one != liar).map(|one| (one, true));
    let found: Vec<_> = agreed.chain(guard.map(|same| (guards[0], same))).collect();
    for (provider, same) in &found {
        let report = report(&mut chain, *same);
        commit(&mut chain, id, *provider, &report);
    }
    while audit(&mut chain, id).is_some_and(|audit| audit.stage == AuditStage::Commits) {
        chain.block(vec![]);
    }
    for (provider, same) in found {
        let report = report(&mut chain, same);
        reveal(&mut chain, id, provider, report);
    }
    (chain, id, liar)
}

#[test]
fn who_is_outvoted_should_be_punished_when_guards_find_what_the_others_did() {
    let (mut chain, id, liar) = outvoted(Some(true));
    assert_eq!(pending(&mut chain, liar), 0);
    wait_for(&mut chain, id, Stage::Window);
    // A twentieth of its bond: what it said was believed by nobody.
    assert_eq!(pending(&mut chain, liar), 50 * UNITS);
    let paid: Vec<_> = task(&mut chain, id).seats.iter().map(|seat| seat.provider).collect();
    let before: Vec<_> = paid.iter().map(|one| chain.free(operator(*one))).collect();
    wait_for(&mut chain, id, Stage::Settled);
    for (one, before) in paid.iter().zip(before) {
        assert_eq!(pending(&mut chain, *one), 0);
        assert_eq!(chain.free(operator(*one)), before + 36 * UNITS / 10);
    }
}

#[test]
fn who_is_outvoted_should_not_be_punished_when_guards_are_silent_or_find_otherwise() {
    for (found, end) in [(None, Stage::Window), (Some(false), Stage::Refunded)] {
        let (mut chain, id, one) = outvoted(found);
        wait_for(&mut chain, id, end);
        assert_eq!(pending(&mut chain, one), 0, "{found:?}");
    }
}

#[test]
fn a_result_should_be_paid_when_guards_are_silent() {
    let mut chain = audited_market();
    let (id, worker, guards) = delivered(&mut chain);
    let own = report(&mut chain, true);
    commit(&mut chain, id, worker, &own);
    while audit(&mut chain, id).expect("it is under way").stage == AuditStage::Commits {
        chain.block(vec![]);
    }
    reveal(&mut chain, id, worker, own);
    wait_for(&mut chain, id, Stage::Window);
    for guard in guards {
        assert_eq!(pending(&mut chain, guard), 5 * UNITS);
    }
    assert_eq!(pending(&mut chain, worker), 0);
    wait_for(&mut chain, id, Stage::Settled);
}

#[test]
fn guards_should_be_punished_when_they_agree_to_what_was_planted() {
    let mut chain = audited_market();
    let salt: Digest = [4; 32];
    // The worker's accomplice notes, before the worker shows it, what it will say.
    let planter = ProviderId(0);
    chain.state(|| Audits::license(RuntimeOrigin::root(), planter)).expect("root may");
    let id = loop {
        let id = submit_auditable(&mut chain);
        wait_for(&mut chain, id, Stage::Assigned);
        if task(&mut chain, id).seats[0].provider != planter {
            break id;
        }
        deliver(&mut chain, id);
    };
    let worker = task(&mut chain, id).seats[0].provider;
    let genesis = chain.state(Audits::genesis);
    let answer = answer().gist(&genesis);
    let note = PlantCommitment { planter, task: id, worker, answer, salt };
    chain.submit(operator(planter), Call::plant { note: note.digest(&genesis) }).expect("licensed");
    deliver(&mut chain, id);
    let guards = drawn(&mut chain, id);
    assert!(!guards.contains(&planter));

    let found: Vec<_> = guards.iter().map(|guard| (*guard, *guard != guards[0])).collect();
    all_report(&mut chain, id, worker, &found);
    let before = chain.free(operator(planter));
    chain.submit(REQUESTER, Call::unmask { task: id, planter, salt }).expect("it was noted");
    assert_eq!(task(&mut chain, id).stage, Stage::Refunded);
    let unmasked = Event::Unmasked { task: id, planter, paid: UNITS };
    assert!(chain.events().contains(&RuntimeEvent::Audits(unmasked)));
    assert!(chain.free(operator(planter)) > before);
    assert_eq!(pending(&mut chain, guards[0]), 0);
    for guard in &guards[1..] {
        assert_eq!(pending(&mut chain, *guard), 200 * UNITS);
    }
    assert_eq!(pending(&mut chain, worker), 0);
}

#[test]
fn clients_should_be_told_who_has_to_act_in_an_audit() {
    let mut chain = audited_market();
    let (id, worker, guards) = delivered(&mut chain);
    let view = chain.state(|| Audits::audit_of(id)).expect("it is under way");
    assert_eq!((&view.guards, &view.workers), (&guards, &vec![worker]));
    let mut all = guards;
    all.push(worker);
    assert_eq!(view.waits_for, AuditWaitsFor::Commitments(all));
}
