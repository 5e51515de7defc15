use super::mock::*;
use crate::types::*;
use cairn_protocol::{id::PanelId, learning::panel::Outcome};

fn duties(n: usize) -> Vec<(PanelId, Duty, u32)> {
    Panels::panels_of(guards()[n])
}

#[test]
fn views_should_say_who_must_act() {
    execute(|| {
        crowd(3);
        open(CASE);
        assert_eq!(Panels::panel_view(PanelId(9)), None);
        let waits_for = || Panels::panel_view(PANEL).expect("it is under way").waits_for;
        assert_eq!(waits_for(), PanelWaitsFor::Chain);
        run(SEED);
        let all = guards();
        assert_eq!(waits_for(), PanelWaitsFor::Commitments(all.clone()));
        assert_eq!(duties(0), [(PANEL, Duty::Commit, panel().due)]);
        commit(all[0], &measured(1));
        assert_eq!(duties(0), []);
        assert_eq!(waits_for(), PanelWaitsFor::Commitments(all[1..].to_vec()));
        all[1..].iter().for_each(|one| commit(*one, &measured(1)));
        assert_eq!(duties(0), [(PANEL, Duty::Reveal, panel().due)]);
        reveal(all[0], &measured(1));
        assert_eq!(duties(0), []);
        assert_eq!(waits_for(), PanelWaitsFor::Reveals(all[1..].to_vec()));
        all[1..].iter().for_each(|one| reveal(*one, &measured(1)));
        let view = Panels::panel_view(PANEL).expect("it is under way");
        assert_eq!(view.waits_for, PanelWaitsFor::Chain);
        assert_eq!((view.case, view.opened, view.round, view.size), (CASE, 1, 1, 3));
        assert_eq!((view.stage, view.due), (Stage::Window, now() + 15));
        assert_eq!(view.decided, Some(measured(1)));
        assert!(view.guards.iter().all(|seat| seat.opinion() == Some(measured(1))));
        expire();
        assert_eq!(heard().1, Outcome::Decided(measured(1)));
        assert_eq!((Panels::panel_view(PANEL), Panels::brief_of(PANEL)), (None, None));
    });
}
