use super::mock::*;
use crate::{types::*, Error, Event, Licences, Notes};
use cairn_protocol::{
    audit::{Report, Verdict},
    id::ProviderId,
    job::Policy,
};
use frame_support::{assert_noop, assert_ok};

/// A planted result that was audited by three, of whom the first two did not read it.
fn planted() -> (ProviderId, Vec<ProviderId>) {
    noted(Some(same()), [unread(), unread(), report(3, 3)])
}

/// A result that a planter noted, of which the worker and three guards say that.
fn noted(worker_says: Option<Report>, said: [Report; 3]) -> (ProviderId, Vec<ProviderId>) {
    let (planter, worker) = (planter(), worker());
    assert_ok!(Audits::plant(by(planter), note(planter, worker)));
    run(1);
    crowd(4);
    begin(TASK, brief(Policy::Proven, &[worker]));
    run(SEED);
    let guards = guards();
    let mut reports: Vec<_> = guards.iter().copied().zip(said).collect();
    reports.extend(worker_says.map(|report| (worker, report)));
    all_report(&reports);
    (planter, guards)
}

#[test]
fn unmask_should_catch_the_guards_who_agreed() {
    execute(|| {
        let (planter, guards) = planted();
        let paid = free(TREASURY);
        let planter_had = free(owner(planter));
        assert_ok!(unmask(planter));
        assert_eq!(heard(), (Verdict::Unmasked, vec![]));
        System::assert_has_event(Event::Unmasked { task: TASK, planter, paid: 700 }.into());
        let right = vec![(guards[2], 3_600)];
        System::assert_has_event(Event::Paid { task: TASK, guards: right }.into());
        assert_eq!(free(TREASURY), paid - 3_600 - 700);
        assert_eq!(free(owner(planter)), planter_had + 700);
        for guard in &guards[..2] {
            // A twentieth of the bond.
            assert_eq!(pending(*guard), 5_000);
            assert!(score(*guard).accuracy < 500_000);
        }
        assert_eq!(pending(guards[2]), 0);
        assert!(score(guards[2]).accuracy > 500_000);
        assert_eq!(Notes::<Test>::iter().count(), 0);
        assert_eq!(Licences::<Test>::get(planter).map(|it| (it.notes, it.paid)), Some((0, 1)));
    });
}

#[test]
fn unmask_should_pay_nothing_when_enough_was_planted_today() {
    execute(|| {
        let (planter, _) = planted();
        Licences::<Test>::mutate(planter, |licence| licence.as_mut().unwrap().paid = 2);
        assert_ok!(unmask(planter));
        System::assert_has_event(Event::Unmasked { task: TASK, planter, paid: 0 }.into());
    });
}

#[test]
fn unmask_should_fail_when_a_guard_found_the_worker_s_trace() {
    let judged = |said: [Report; 3], verdict| {
        execute(|| {
            let (planter, guards) = noted(Some(same()), said);
            assert_noop!(unmask(planter), Error::<Test>::FoundAgain);
            conclude();
            assert_eq!(heard(), (verdict, vec![]));
            for guard in guards {
                assert_eq!(pending(guard), 0);
            }
        });
    };
    // The planter lied of a right answer.
    judged([same(), same(), same()], Verdict::Confirmed);
    // One who looked is enough.
    judged([same(), unread(), report(3, 3)], Verdict::Passed);
}

#[test]
fn unmask_should_catch_guards_who_agree_with_one_another_alone() {
    // Whoever does not look can always say the same of the trace as others who do not.
    for worker_says in [Some(same()), None] {
        execute(|| {
            let (planter, guards) = noted(worker_says, [unread(), unread(), unread()]);
            assert_ok!(unmask(planter));
            assert_eq!(heard(), (Verdict::Unmasked, vec![]));
            for guard in guards {
                assert_eq!(pending(guard), 5_000);
            }
        });
    }
}

#[test]
fn unmask_should_catch_whoever_agreed_where_there_is_no_trace_to_find() {
    execute(|| {
        let (planter, worker) = (planter(), worker());
        assert_ok!(Audits::plant(by(planter), note(planter, worker)));
        run(1);
        crowd(4);
        begin(TASK, brief(Policy::Replicated, &[worker]));
        run(SEED);
        let all: Vec<_> = guards().into_iter().chain([worker]).map(|one| (one, same())).collect();
        all_report(&all);
        assert_ok!(unmask(planter));
        assert_eq!(pending(all[0].0), 5_000);
    });
}

#[test]
fn unmask_should_fail_when_it_makes_no_sense() {
    execute(|| {
        let (planter, _) = planted();
        let as_bob = Audits::unmask(signed(BOB), TASK, planter, SALT);
        assert_noop!(as_bob, Error::<Test>::NotTheRequester);
        let wrong_salt = Audits::unmask(signed(ALICE), TASK, planter, [6; 32]);
        assert_noop!(wrong_salt, Error::<Test>::UnknownNote);
        assert_noop!(unmask(ProviderId(1)), Error::<Test>::NotLicensed);
        assert_ok!(Audits::revoke_licence(RuntimeOrigin::root(), planter));
        assert_noop!(unmask(planter), Error::<Test>::NotLicensed);
        (0..16).for_each(|_| full_block());
        assert_noop!(unmask(planter), Error::<Test>::TooLate);
    });
    execute(|| {
        drawn(Policy::Proven);
        assert_noop!(unmask(ProviderId(0)), Error::<Test>::WrongStage);
    });
}

#[test]
fn unmask_should_fail_when_the_result_could_be_known() {
    execute(|| {
        let (planter, worker) = (planter(), worker());
        crowd(4);
        begin(TASK, brief(Policy::Proven, &[worker]));
        // In the same block.
        assert_ok!(Audits::plant(by(planter), note(planter, worker)));
        run(SEED);
        let mut reports: Vec<_> = guards().into_iter().map(|guard| (guard, same())).collect();
        reports.push((worker, same()));
        all_report(&reports);
        assert_noop!(unmask(planter), Error::<Test>::NotedTooLate);
    });
}

#[test]
fn unmask_should_fail_when_the_note_is_too_old() {
    execute(|| {
        let (planter, _) = planted();
        AuditRules::mutate(|rules| rules.plants.note_life = 10);
        assert_noop!(unmask(planter), Error::<Test>::NoteTooOld);
    });
}

#[test]
fn unmask_should_fail_when_nothing_of_the_kind_can_be_planted() {
    // Of several workers others would be harmed.
    execute(|| {
        let planter = planter();
        let workers: Vec<_> = (0..2).map(|_| worker()).collect();
        crowd(3);
        let brief = brief(Policy::Replicated, &workers);
        begin(TASK, cairn_seams::Brief { contested: true, redundancy: 3, ..brief });
        run(SEED);
        let all = guards().into_iter().chain(workers).map(|one| (one, same()));
        all_report(&all.collect::<Vec<_>>());
        assert_noop!(unmask(planter), Error::<Test>::NotPlantable);
    });
    execute(|| {
        let (planter, worker) = (planter(), worker());
        crowd(3);
        begin(TASK, brief(Policy::Outcome { target: 1, guards: 3 }, &[worker]));
        run(SEED);
        let all: Vec<_> = guards().into_iter().map(|guard| (guard, measured(1))).collect();
        all.iter().for_each(|(guard, report)| commit(*guard, report));
        all.iter().for_each(|(guard, report)| reveal(*guard, report));
        assert_eq!(audit().stage, Stage::Unmasking);
        assert_noop!(unmask(planter), Error::<Test>::NotPlantable);
    });
}
