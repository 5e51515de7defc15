use super::mock::*;
use crate::*;
use cairn_protocol::{id::ProviderId, job::JobKind};
use cairn_seams::Reputation as _;
use frame_support::assert_storage_noop;

/// Neither praise nor blame from this requester counts.
fn assert_counts_nothing(requester: AccountId) {
    for seen in [RIGHT, WRONG] {
        let observe = || Reputation::observe_for(WORKER, JobKind::Infer, seen, &requester);
        assert_storage_noop!(observe());
    }
}

#[test]
fn observe_for_should_count_when_the_requester_is_a_stranger() {
    execute(|| {
        Declared::set(vec![(owner_of(WORKER), 1), (STRANGER, owner_of(OTHER))]);
        Reputation::observe_for(WORKER, JobKind::Wasm, RIGHT, &STRANGER);
        assert_eq!(events(), [observed(WORKER, JobKind::Wasm, 555_555)]);
        Reputation::observe_for(WORKER, JobKind::Wasm, WRONG, &operator_of(OTHER));
        assert_eq!(events(), [observed(WORKER, JobKind::Wasm, 381_642)]);
    });
}

#[test]
fn observe_for_should_end_as_observe_when_the_requester_is_a_stranger() {
    execute(|| {
        Reputation::observe(OTHER, JobKind::Wasm, RIGHT);
        Reputation::observe_for(WORKER, JobKind::Wasm, RIGHT, &STRANGER);
        let record = |provider| Records::<Test>::get(provider, JobKind::Wasm);
        assert_eq!(record(WORKER), record(OTHER));
    });
}

#[test]
fn observe_for_should_do_nothing_when_the_requester_is_the_owner_or_the_operator() {
    execute(|| {
        assert_counts_nothing(owner_of(WORKER));
        assert_counts_nothing(operator_of(WORKER));
    });
}

#[test]
fn observe_for_should_do_nothing_when_the_requester_declared_a_link() {
    execute(|| {
        Declared::set(vec![(STRANGER, owner_of(WORKER))]);
        assert_counts_nothing(STRANGER);
        Declared::set(vec![(owner_of(WORKER), STRANGER)]);
        assert_counts_nothing(STRANGER);
    });
}

#[test]
fn observe_for_should_do_nothing_when_the_requester_operates_for_a_linked_owner() {
    execute(|| {
        Declared::set(vec![(owner_of(WORKER), owner_of(OTHER))]);
        assert_counts_nothing(owner_of(OTHER));
        assert_counts_nothing(operator_of(OTHER));
    });
}

#[test]
fn observe_for_should_do_nothing_when_nothing_was_seen_or_nobody_is_registered() {
    execute(|| {
        let observe = |provider, seen| {
            Reputation::observe_for(provider, JobKind::Infer, seen, &STRANGER);
        };
        assert_storage_noop!(observe(WORKER, NOTHING));
        assert_storage_noop!(observe(ProviderId(77), RIGHT));
    });
}
