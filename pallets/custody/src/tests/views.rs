use super::mock::*;
use crate::types::*;

#[test]
fn keepings_of_should_say_what_a_provider_keeps_and_has_to_show() {
    execute(|| {
        assert_eq!(Custody::wanted(), []);
        let all = crowd(3);
        ask();
        assert_eq!(Custody::wanted(), [(DELTA, file(), Some(now() + RULES.gather))]);
        assert_eq!(Custody::keepings_of(all[0]), []);
        all.iter().for_each(|one| attest(*one));
        assert_eq!(Custody::wanted(), []);
        let holds = Keeping { delta: DELTA, file: file(), asked: None };
        assert_eq!(Custody::keepings_of(all[0]), std::slice::from_ref(&holds));
        let keeper = asked();
        for one in all {
            let keeping = &Custody::keepings_of(one)[0];
            assert_eq!(keeping.asked.is_some(), one == keeper);
            assert_eq!(Keeping { asked: None, ..keeping.clone() }, holds);
        }
        assert_eq!(Custody::keep_of(DELTA), Some(keep()));
    });
}
