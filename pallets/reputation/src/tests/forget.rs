use super::mock::*;
use crate::*;
use cairn_protocol::job::JobKind;
use cairn_seams::Reputation as _;
use frame_support::assert_storage_noop;

#[test]
fn forget_should_remove_every_kind_of_one_provider_when_it_is_gone() {
    execute(|| {
        for kind in JobKind::ALL {
            Reputation::observe(WORKER, kind, RIGHT);
        }
        Reputation::observe(OTHER, JobKind::Train, RIGHT);
        events();

        Registered::set(vec![OTHER]);
        Reputation::forget(WORKER);
        assert_eq!(events(), [Event::Forgotten { provider: WORKER }]);
        let left: Vec<_> = Records::<Test>::iter_keys().collect();
        assert_eq!(left, [(OTHER, JobKind::Train)]);
        assert_eq!(Reputation::standing(WORKER, JobKind::Infer), 500_000);
    });
}

#[test]
fn forget_should_do_nothing_when_nothing_is_known() {
    execute(|| {
        assert_storage_noop!(Reputation::forget(WORKER));
    });
}
