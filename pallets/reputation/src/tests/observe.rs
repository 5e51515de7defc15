use super::mock::*;
use crate::*;
use cairn_protocol::{
    job::JobKind,
    reputation::{Average, Observation, Record, PIECE},
};
use cairn_seams::Reputation as _;
use frame_support::assert_storage_noop;

#[test]
fn observe_should_store_and_tell_the_standing_when_work_was_judged() {
    execute(|| {
        HandClock::pass(7);
        Reputation::observe(WORKER, JobKind::Infer, RIGHT);
        // (4 + 1) / (8 + 1).
        assert_eq!(events(), [observed(WORKER, JobKind::Infer, 555_555)]);
        let right = Average { right: PIECE, wrong: 0, updated: 7 };
        let record = Record { accuracy: right, timeliness: right, availability: right };
        assert_eq!(Records::<Test>::get(WORKER, JobKind::Infer), record);

        let late = Observation { timely: Some(false), ..NOTHING };
        Reputation::observe(WORKER, JobKind::Infer, late);
        // Late after once in time: (4 + 15/16) / (8 + 15/16 + 4).
        assert_eq!(Reputation::score(WORKER, JobKind::Infer).timeliness, 381_642);
        let standing = (555_555 * 2 + 381_642) / 3;
        assert_eq!(events(), [observed(WORKER, JobKind::Infer, standing)]);
        let later = Records::<Test>::get(WORKER, JobKind::Infer);
        assert_eq!((later.accuracy, later.availability), (right, right));
    });
}

#[test]
fn observe_should_leave_other_kinds_and_providers_alone_when_work_was_judged() {
    execute(|| {
        Reputation::observe(WORKER, JobKind::Infer, WRONG);
        assert_eq!(Reputation::standing(WORKER, JobKind::Infer), 333_333);
        assert_eq!(Reputation::standing(WORKER, JobKind::Embed), 500_000);
        assert_eq!(Reputation::standing(OTHER, JobKind::Infer), 500_000);
        assert_eq!(Records::<Test>::iter().count(), 1);
    });
}

#[test]
fn observe_should_do_nothing_when_nothing_was_seen() {
    execute(|| {
        assert_storage_noop!(Reputation::observe(WORKER, JobKind::Infer, NOTHING));
    });
}

#[test]
fn observe_should_do_nothing_when_the_provider_is_not_registered() {
    execute(|| {
        Registered::set(vec![OTHER]);
        assert_storage_noop!(Reputation::observe(WORKER, JobKind::Infer, RIGHT));
    });
}

#[test]
fn standing_should_near_the_prior_by_half_lives_when_idle() {
    execute(|| {
        for _ in 0..8 {
            Reputation::observe(WORKER, JobKind::Infer, RIGHT);
            Reputation::observe(OTHER, JobKind::Infer, WRONG);
        }
        let both = || [WORKER, OTHER].map(|who| Reputation::standing(who, JobKind::Infer));
        let stored = Records::<Test>::get(WORKER, JobKind::Infer);
        assert_eq!(both(), [743_193, 118_308]);
        HandClock::pass(1_000);
        assert_eq!(both(), [660_670, 191_341]);
        HandClock::pass(1_000);
        assert_eq!(both(), [595_713, 276_768]);
        HandClock::pass(100_000);
        assert_eq!(both(), [500_000, 500_000]);
        // Reading wrote nothing.
        assert_eq!(Records::<Test>::get(WORKER, JobKind::Infer), stored);
    });
}

#[test]
fn standing_should_not_fade_when_time_stands_still() {
    execute(|| {
        Reputation::observe(WORKER, JobKind::Infer, RIGHT);
        IsStopped::set(true);
        HandClock::pass(100_000);
        assert_eq!(Reputation::standing(WORKER, JobKind::Infer), 555_555);
        IsStopped::set(false);
        HandClock::pass(1_000);
        // (4 + 1/2) / (8 + 1/2).
        assert_eq!(Reputation::standing(WORKER, JobKind::Infer), 529_411);
    });
}

#[test]
fn observe_should_add_to_what_has_not_faded_when_time_has_passed() {
    execute(|| {
        Reputation::observe(WORKER, JobKind::Infer, RIGHT);
        HandClock::pass(1_000);
        Reputation::observe(WORKER, JobKind::Infer, RIGHT);
        // Half a result, a 64th of it forgotten, and one: w = 1.4921875; (4 + w) / (8 + w).
        assert_eq!(events().pop(), Some(observed(WORKER, JobKind::Infer, 578_600)));
    });
}

#[test]
fn standing_should_follow_the_rules_when_they_change() {
    execute(|| {
        Reputation::observe(WORKER, JobKind::Infer, RIGHT);
        CurrentRules::set(cairn_protocol::reputation::Rules { prior: 200_000, ..RULES });
        assert_eq!(Reputation::standing(OTHER, JobKind::Infer), 200_000);
        // (1.6 + 1) / 9.
        assert_eq!(Reputation::standing(WORKER, JobKind::Infer), 288_888);
    });
}

#[test]
fn standings_should_be_those_of_each_when_the_rules_are_looked_up_once() {
    execute(|| {
        Reputation::observe(WORKER, JobKind::Infer, WRONG);
        let each = || [WORKER, OTHER].map(|who| Reputation::standing(who, JobKind::Infer));
        let before = each();
        let standing = Reputation::standings(JobKind::Infer);
        assert_eq!([WORKER, OTHER].map(&standing), before);
        CurrentRules::mutate(|rules| rules.prior = 0);
        assert_ne!(each(), before);
        assert_eq!([WORKER, OTHER].map(&standing), before);
    });
}
