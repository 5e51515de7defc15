use super::mock::*;
use crate::*;
use cairn_protocol::{
    job::JobKind,
    reputation::{Average, Observation, Record, Score, PIECE},
};
use cairn_seams::Reputation as _;
use frame_support::assert_storage_noop;

#[test]
fn card_should_be_empty_when_nothing_is_known() {
    execute(|| {
        Reputation::observe(OTHER, JobKind::Infer, RIGHT);
        assert!(Reputation::card(WORKER).is_empty());
    });
}

#[test]
fn card_should_show_the_faded_record_and_its_worth_when_time_has_passed() {
    execute(|| {
        let judged = Observation { accurate: Some(true), timely: Some(false), available: None };
        Reputation::observe(WORKER, JobKind::Evaluate, judged);
        HandClock::pass(1_000);
        assert_storage_noop!(Reputation::card(WORKER));
        let entry = Entry {
            kind: JobKind::Evaluate,
            record: Record {
                accuracy: Average { right: PIECE / 2, wrong: 0, updated: 1_000 },
                timeliness: Average { right: 0, wrong: PIECE * 2, updated: 1_000 },
                availability: Average { right: 0, wrong: 0, updated: 1_000 },
            },
            score: Score {
                // (4 + 1/2) / (8 + 1/2), 4 / (8 + 2), and the mean of these and the prior.
                accuracy: 529_411,
                timeliness: 400_000,
                availability: 500_000,
                standing: 476_470,
                volume: 1,
            },
        };
        assert_eq!(Reputation::card(WORKER).into_inner(), [entry]);
        assert_eq!(Reputation::standing(WORKER, JobKind::Evaluate), 476_470);
    });
}

#[test]
fn card_should_name_every_kind_in_order_when_all_are_known() {
    execute(|| {
        for kind in JobKind::ALL.into_iter().rev() {
            Reputation::observe(WORKER, kind, RIGHT);
        }
        let kinds: Vec<_> = Reputation::card(WORKER).iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, JobKind::ALL);
    });
}
