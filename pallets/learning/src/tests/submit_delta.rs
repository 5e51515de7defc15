use super::mock::*;
use crate::{types::*, Artifacts, Error, Event};
use cairn_protocol::{
    dag::{BlockKind, Header},
    id::{BlockId, ContentId, DeltaId},
    learning::limits::{Limits, TooMuch},
};
use cairn_seams::Authors as _;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, DispatchResult};

/// Commits to a header long enough before it is handed in.
fn refused(header: Header<AccountId>) -> DispatchError {
    if commit(&header).is_ok() {
        run(5);
    }
    submit(&header).expect_err("it is refused")
}

fn submit_as(who: AccountId, header: &Header<AccountId>) -> DispatchResult {
    Learning::submit_delta(signed(who), Box::new(header.clone()), SALT)
}

#[test]
fn submit_delta_should_put_stakes_aside_and_ask_for_guards() {
    execute(|| {
        let header = header(CAROL, A, 20);
        let id = hand_in(std::slice::from_ref(&header))[0];
        assert_eq!(stage(id), (Stage::Judging, None));
        let delta = delta(id);
        let stakes = Stakes { bond: BOND, deposit: DEPOSIT, block: BLOCK_DEPOSIT };
        assert_eq!((delta.stakes, delta.submitted), (stakes, now()));
        // The commitment is done with.
        assert_eq!(held(CAROL), BOND + DEPOSIT + BLOCK_DEPOSIT);
        assert_eq!(crate::Commitments::<Test>::iter().count(), 0);
        let panel = panel_of(id);
        let event = Event::DeltaSubmitted { delta: id, author: CAROL, place: place(A), panel };
        System::assert_last_event(event.into());
        assert_eq!(Learning::queue_of(MODEL, component(A)), [id]);
        assert_eq!(Learning::delta_view(id).unwrap().block, header.id());
    });
}

#[test]
fn an_author_should_be_pending_until_its_delta_is_judged_and_kept() {
    execute(|| {
        assert!(!Learning::is_pending(&CAROL));
        let id = handed_in();
        assert!(Learning::is_pending(&CAROL) && !Learning::is_pending(&DAVE));
        judge(id, better);
        assert!(Learning::is_pending(&CAROL));
        keep(id);
        assert!(!Learning::is_pending(&CAROL));
    });
}

#[test]
fn submit_delta_should_come_too_late_for_a_copy() {
    execute(|| {
        let original = header(CAROL, A, 20);
        assert_ok!(commit(&original));
        run(5);
        // Dave sees it when it is handed in, and commits at once.
        let copy = Header { author: DAVE, ..original.clone() };
        assert_ok!(commit(&copy));
        assert_noop!(submit_as(DAVE, &copy), Error::<Test>::CommittedTooLate);
        // Nor can he use what Carol committed to.
        assert_noop!(submit_as(DAVE, &original), Error::<Test>::NotTheAuthor);
        let id = submit(&original).expect("it is hers");
        run(5);
        assert_noop!(submit_as(DAVE, &copy), Error::<Test>::PendingAlready);
        lay(id);
        let copy = Header { author: DAVE, ..header(CAROL, A, 20) };
        assert_noop!(submit_as(DAVE, &copy), Error::<Test>::LaidAlready);
    });
}

#[test]
fn submit_delta_should_fail_when_the_commitment_does_not_fit() {
    execute(|| {
        let header = header(CAROL, A, 20);
        let fails = |error: Error<Test>| {
            assert_noop!(submit_as(CAROL, &header), error);
        };
        fails(Error::NotCommitted);
        assert_ok!(commit(&header));
        run(4);
        fails(Error::CommittedTooLate);
        run(1);
        let other_salt = Learning::submit_delta(signed(CAROL), Box::new(header.clone()), [6; 32]);
        assert_eq!(other_salt, Err(Error::<Test>::NotCommitted.into()));
        let elsewhere = super::mock::header(CAROL, B, 20);
        assert_noop!(submit_as(CAROL, &elsewhere), Error::<Test>::CommittedElsewhere);
        run(45);
        assert_eq!(now(), 51);
        run(1);
        fails(Error::CommitmentExpired);
    });
}

#[test]
fn submit_delta_should_fail_when_the_header_is_none_of_a_delta() {
    execute(|| {
        let good = header(CAROL, A, 20);
        assert_ok!(commit(&good));
        run(5);
        let many = vec![BlockId([1; 32]); 2].try_into().unwrap();
        let empty = cairn_protocol::id::File { bytes: 0, ..good.artifact };
        let cases = [
            (Header { kind: BlockKind::Expert, ..good.clone() }, Error::<Test>::NotADelta),
            (Header { version: 2, ..good.clone() }, Error::UnknownVersion),
            (Header { model: None, ..good.clone() }, Error::OfNothing),
            (Header { component: Default::default(), ..good.clone() }, Error::OfNothing),
            (Header { parents: many, ..good.clone() }, Error::NotOnOne),
            (Header { parents: Default::default(), ..good.clone() }, Error::NotOnOne),
            (Header { artifact: empty, ..good.clone() }, Error::NoArtifact),
            (Header { gain: 0, ..good.clone() }, Error::ClaimsNoGain),
            (Header { author: DAVE, ..good.clone() }, Error::NotTheAuthor),
        ];
        for (header, error) in cases {
            assert_noop!(submit_as(CAROL, &header), error);
        }
        let parents = vec![BlockId([1; 32])].try_into().unwrap();
        assert_noop!(submit_as(CAROL, &Header { parents, ..good }), UNKNOWN_PARENT);
        let large = cairn_protocol::id::File { id: ContentId([21; 32]), bytes: 10_001 };
        let header = Header { artifact: large, ..header(CAROL, A, 21) };
        assert_eq!(refused(header), Error::<Test>::TooLarge.into());
    });
}

#[test]
fn submit_delta_should_fail_when_nobody_would_judge_or_pay() {
    execute(|| {
        let of_other = Header { model: Some(OTHER), ..header(CAROL, A, 20) };
        assert_eq!(refused(of_other), Error::<Test>::NoValidationSet.into());
        Pays::set(false);
        assert_eq!(refused(header(CAROL, A, 21)), Error::<Test>::NobodyPays.into());
        Pays::set(true);
        Affords::set(false);
        assert_eq!(refused(header(CAROL, A, 21)), Error::<Test>::NobodyPays.into());
        assert!(known().aside.is_empty());
        Affords::set(true);
        assert_ok!(commit(&header(CAROL, A, 22)));
        Curators::set(vec![CAROL]);
        run(5);
        assert_eq!(submit(&header(CAROL, A, 22)), Err(Error::<Test>::Barred.into()));
    });
}

#[test]
fn submit_delta_should_fail_when_judging_takes_too_much() {
    execute(|| {
        let header = header(CAROL, A, 20);
        assert_ok!(commit(&header));
        run(5);
        let too_much = || Learning::preview(MODEL, component(A)).expect("it is judged").too_much;
        // Two components, and 256 examples, which are more than are drawn now.
        let enough = Limits { model: 8_000, sample: 16_384, fuel: 256_000 };
        let cases = [
            (Limits { model: 7_999, ..enough }, TooMuch::Model { most: 7_999, have: 8_000 }),
            (Limits { sample: 16_383, ..enough }, TooMuch::Sample { most: 16_383, have: 16_384 }),
            (Limits { fuel: 255_999, ..enough }, TooMuch::Fuel { most: 255_999, have: 256_000 }),
        ];
        for (limits, reason) in cases {
            LearningRules::set(Rules { limits, ..RULES });
            assert_noop!(submit_as(CAROL, &header), Error::<Test>::TooMuchToJudge);
            assert_eq!(too_much(), Some(reason));
        }
        LearningRules::set(Rules { limits: enough, ..RULES });
        assert_eq!(too_much(), None);
        assert_ok!(submit(&header));
    });
}

#[test]
fn submit_delta_should_fail_when_the_author_cannot_pay() {
    execute(|| {
        let header = header(CAROL, A, 20);
        assert_ok!(commit(&header));
        run(5);
        let left = BOND + DEPOSIT + BLOCK_DEPOSIT + 100;
        let spare = free(CAROL) - left + 10;
        let send = |amount| Balances::transfer_keep_alive(signed(CAROL), BOB, amount);
        assert_ok!(send(spare + 1));
        assert_noop!(submit_as(CAROL, &header), Error::<Test>::NotEnoughBalance);
        assert_ok!(Balances::transfer_keep_alive(signed(BOB), CAROL, 1));
        assert_ok!(submit(&header));
    });
}

#[test]
fn submit_delta_should_fail_when_the_artifact_was_tried_on_this_head() {
    execute(|| {
        let id = handed_in();
        judge(id, no_better);
        assert_eq!(stage(id), (Stage::Rejected, Some(Reason::NotBetter)));
        let again = || header(DAVE, A, 20);
        assert_eq!(refused(again()), Error::<Test>::TriedAlready.into());
        // It is another delta on another component, and on another head.
        assert_ok!(commit(&header(ERIN, B, 20)));
        run(5);
        assert_ok!(submit(&header(ERIN, B, 20)));
        tower(A, 30, 1);
        assert_ok!(submit(&again()));
    });
}

/// One of Carol's that everyone has seen, and that nobody found wanting. Dave commits to it as soon
/// as he may.
fn lapsed() -> DeltaId {
    let id = handed_in();
    assert_ok!(commit(&header(DAVE, A, 20)));
    judge(id, better);
    run(u64::from(delta(id).due - now()) + 2);
    assert_eq!(stage(id), (Stage::Lapsed, Some(Reason::NotKept)));
    id
}

#[test]
fn submit_delta_should_fail_for_a_copy_of_what_lapsed() {
    execute(|| {
        LearningRules::mutate(|rules| rules.terms.life = 200);
        lapsed();
        let kept = DispatchError::from(Error::<Test>::KeptForItsAuthor);
        assert_noop!(submit_as(DAVE, &header(DAVE, A, 20)), kept);
        // It is another delta on another component.
        assert_ok!(commit(&header(ERIN, B, 20)));
        run(5);
        assert_ok!(submit(&header(ERIN, B, 20)));
        // Its author has the time to commit anew.
        assert_ok!(commit(&header(CAROL, A, 20)));
        run(5);
        lay(submit(&header(CAROL, A, 20)).expect("it is hers"));
        assert_noop!(submit_as(DAVE, &header(DAVE, A, 20)), Error::<Test>::LaidAlready);
    });
}

#[test]
fn submit_delta_should_take_what_lapsed_from_anyone_when_its_author_does_not_come() {
    execute(|| {
        LearningRules::mutate(|rules| rules.terms.life = 200);
        lapsed();
        let Some(Taken::Reserved { until, .. }) = Artifacts::<Test>::iter_values().next() else {
            panic!("it is kept for Carol")
        };
        run(u64::from(until - now()) - 5);
        assert_ok!(Learning::withdraw_commit(signed(DAVE), digest(DAVE, ContentId([20; 32]))));
        assert_ok!(commit(&header(DAVE, A, 20)));
        run(5);
        assert_noop!(submit_as(DAVE, &header(DAVE, A, 20)), Error::<Test>::KeptForItsAuthor);
        run(1);
        lay(submit(&header(DAVE, A, 20)).expect("it is anyone's"));
    });
}

#[test]
fn what_lapsed_should_be_kept_for_its_author_as_long_as_terms_say_and_no_longer() {
    execute(|| {
        // Records are kept for less than that.
        let clocks = Clocks { record: 100, ..RULES.clocks };
        LearningRules::mutate(|rules| (rules.terms.life, rules.clocks) = (200, clocks));
        lapsed();
        run(195);
        assert_eq!(Artifacts::<Test>::iter().count(), 1);
        run(10);
        assert_eq!((Artifacts::<Test>::iter().count(), held(CAROL)), (0, 0));
    });
}

#[test]
fn what_is_stale_should_be_kept_for_its_author_as_well() {
    execute(|| {
        let id = handed_in();
        judge(id, better);
        publish(MODEL, A);
        keep(id);
        assert_eq!(stage(id), (Stage::Stale, Some(Reason::Superseded)));
        let taken = Artifacts::<Test>::get(place(A), ContentId([20; 32]));
        assert!(matches!(taken, Some(Taken::Reserved { delta, .. }) if delta == id));
    });
}

#[test]
fn submit_delta_should_fail_when_a_party_has_too_many() {
    execute(|| {
        link(CAROL, DAVE);
        hand_in(&[header(CAROL, A, 20), header(CAROL, B, 21), header(DAVE, A, 22)]);
        let too_many = Error::<Test>::TooManyPending.into();
        assert_eq!(refused(header(CAROL, A, 23)), too_many);
        assert_eq!(refused(header(DAVE, B, 24)), too_many);
        assert_ok!(commit(&header(ERIN, A, 25)));
        run(5);
        assert_ok!(submit(&header(ERIN, A, 25)));
    });
}

#[test]
fn submit_delta_should_fail_when_the_queue_is_full() {
    execute(|| {
        let authors = [CAROL, DAVE].into_iter().flat_map(|author| [author; 3]);
        let headers: Vec<_> = authors.zip(20..).map(|(who, n)| header(who, A, n)).collect();
        assert_eq!(hand_in(&headers).len(), 6);
        assert_eq!(refused(header(ERIN, A, 30)), Error::<Test>::QueueFull.into());
        let other = header(ERIN, B, 31);
        assert_ok!(commit(&other));
        run(5);
        assert_eq!(submit(&other), Ok(DeltaId(6)));
    });
}

#[test]
fn no_guard_of_the_author_should_judge_it() {
    for luck in 0..6 {
        execute_with(4, || {
            Luck::set(luck);
            // Carol's own, and one that operates for somebody linked to her.
            link(owner(cairn_protocol::id::ProviderId(0)), CAROL);
            let id = handed_in();
            await_draw(id);
            let panel = Panels::panel_view(panel_of(id)).unwrap();
            assert!(panel.guards.iter().all(|seat| seat.guard.0 > 0));
        });
    }
}

#[test]
fn nothing_should_happen_while_the_chain_is_stopped() {
    use frame_support::traits::SafeModeNotify;
    execute(|| {
        let id = handed_in();
        let header = header(DAVE, A, 21);
        assert_ok!(commit(&header));
        let digest = digest(DAVE, header.artifact.id);
        run(5);
        Clock::entered();
        let stopped = DispatchError::from(Error::<Test>::ChainStopped);
        assert_noop!(commit(&super::mock::header(DAVE, A, 22)), stopped);
        assert_noop!(submit_as(DAVE, &header), stopped);
        assert_noop!(Learning::withdraw_commit(signed(DAVE), digest), stopped);
        assert_noop!(Learning::forget_commit(signed(BOB), DAVE, digest), stopped);
        assert_noop!(Learning::invalidate(RuntimeOrigin::root(), id), stopped);
        let poked = Learning::poke(signed(BOB), id).expect_err("it is stopped");
        assert_eq!(poked.error, stopped);
        run(1_000);
        assert_eq!(stage(id), (Stage::Judging, None));
        Clock::exited();
        assert_ok!(submit(&header));
    });
}
