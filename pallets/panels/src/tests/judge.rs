use super::mock::*;
use crate::Event;
use cairn_protocol::{
    id::ContentId,
    learning::{
        evaluation::{DeltaFlaw, Opinion},
        panel::Outcome,
    },
};

#[test]
fn a_panel_should_pay_those_who_said_what_was_decided() {
    execute(|| {
        let guards = drawn();
        all_say_by_place(|place| if place == 1 { measured(2) } else { measured(1) });
        run(15);
        assert!(Heard::get().is_empty(), "it can be challenged until then");
        run(2);
        assert_eq!(heard(), (true, Outcome::Decided(measured(1))));
        let right = [guards[0], guards[2]];
        assert_eq!(Paid::get(), right.map(|guard| (owner(guard), 700)));
        let paid = Event::Paid { panel: PANEL, guards: right.to_vec(), amount: 1_400 };
        System::assert_has_event(paid.into());
        let outcome = Outcome::Decided(measured(1));
        System::assert_last_event(Event::Judged { panel: PANEL, case: CASE, outcome }.into());
        assert!(right.iter().all(|guard| score(*guard).accuracy > 500_000));
        assert!(score(guards[1]).accuracy < 500_000);
        // It loses nothing else.
        assert_eq!(pending(guards[1]), 0);
        assert!(guards.iter().all(|guard| Providers::card(*guard).unwrap().engagements == 0));
    });
}

#[test]
fn guards_should_be_able_to_say_that_there_is_nothing_to_measure() {
    let opinions = [
        unavailable(),
        Opinion::Unavailable(ContentId([9; 32])),
        Opinion::Flawed(DeltaFlaw::WrongShape),
    ];
    for opinion in opinions {
        execute(|| {
            drawn();
            all_say_by_place(|_| opinion);
            expire();
            assert_eq!(heard(), (true, Outcome::Decided(opinion)));
            assert_eq!(Paid::get().len(), 3);
        });
    }
}

#[test]
fn no_guard_should_leave_before_it_is_judged() {
    use frame_support::{assert_noop, assert_ok};
    execute(|| {
        let guards = drawn();
        all_say_by_place(|_| measured(1));
        let origin = || signed(owner(guards[0]));
        assert_ok!(Providers::leave(origin(), guards[0]));
        (0..30).for_each(|_| full_block());
        let engaged = pallet_cairn_providers::Error::<Test>::Engaged;
        assert_noop!(Providers::withdraw(origin(), guards[0]), engaged);
        run(2);
        assert_eq!(Paid::get().len(), 3);
        assert_ok!(Providers::withdraw(origin(), guards[0]));
    });
}
