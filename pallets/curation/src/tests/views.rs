use super::mock::*;
use crate::types::*;

#[test]
fn views_should_show_sets_and_what_their_trial_waits_for() {
    execute(|| {
        assert_eq!(Curation::trial_view(MODEL, 1), None);
        assert_eq!(Curation::sets_of(MODEL, 1), []);
        running(700);
        let goes_on = TrialView { stage: Stage::Running, due: None, sets: 3, gain: 700 };
        assert_eq!(Curation::trial_view(MODEL, 1), Some(goes_on));
        end_period();
        let due = Some(trial(MODEL, 1).unwrap().due);
        let reveals = TrialView { stage: Stage::Reveals, due, sets: 3, gain: 700 };
        assert_eq!(Curation::trial_view(MODEL, 1), Some(reveals));
        let sets = Curation::sets_of(MODEL, 1);
        let curators: Vec<_> = sets.iter().map(|view| (view.set, view.sealed.curator)).collect();
        assert_eq!(curators, [(0, ALICE), (1, BOB), (2, CAROL)]);
        assert_eq!(Curation::set_view(MODEL, 1, 1), sets.get(1).cloned());
        assert_eq!(Curation::set_view(MODEL, 1, 3), None);
    });
}

#[test]
fn curator_view_should_show_what_is_at_stake() {
    execute(|| {
        commit(ALICE, MODEL, 1);
        CurrentRules::mutate(|rules| rules.curators.bond = 2 * BOND);
        let expected = CuratorView { bond: BOND, need: 2 * BOND, sets: 1 };
        assert_eq!(Curation::curator_view(&ALICE), Some(expected));
        assert_eq!(Curation::curator_view(&EVE), None);
    });
}
