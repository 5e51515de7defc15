//! The record of a panel of guards: what is known of it while it is under way, what may be done
//! with it as it stands, and how clients see it.

use crate::{
    beacon::Ticket,
    id::{Digest, Height, ProviderId},
    learning::{
        evaluation::Opinion,
        panel::{needed, Case, MOST_GUARDS},
    },
    lifecycle::panel::{Act, Actor, Refusal, Stage},
    wire::wire,
};
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};

/// Guards of one panel, at most.
pub const MAX_GUARDS: u32 = MOST_GUARDS as u32;
/// Guards that are not drawn again for one panel: all of three draws.
pub const EXCLUDED: u32 = 3 * MAX_GUARDS;
/// Accounts that may have no guard on a panel, beside those that are linked to them.
pub const BARRED: u32 = 32;

wire! {
    /// Guards who judge a case.
    pub struct Panel<AccountId> {
        pub case: Case,
        /// These accounts, and whoever is one party with them, have no guard on it.
        pub barred: BoundedVec<AccountId, ConstU32<BARRED>>,
        pub opened: Height,
        pub stage: Stage,
        /// Of the seed that it waits for, if it does.
        pub ticket: Option<Ticket>,
        /// Up to when this stage lasts.
        pub due: Height,
        /// When the chain looks at it next.
        pub next: Height,
        /// Of how many samples it has been asked; part of what guards commit to.
        pub round: u16,
        /// How many seats it has.
        pub size: u8,
        /// How many seeds were asked for.
        pub draws: u16,
        /// How often guards may still be drawn again where too few are fit, or some are silent.
        pub spare: u8,
        pub guards: BoundedVec<Seat, ConstU32<MAX_GUARDS>>,
        /// Those who were silent.
        pub excluded: BoundedVec<ProviderId, ConstU32<EXCLUDED>>,
        /// What enough of them say.
        pub decided: Option<Opinion>,
    }

    /// A guard on a panel.
    #[derive(Copy)]
    pub struct Seat {
        pub guard: ProviderId,
        pub progress: Progress,
    }

    /// How far it has come.
    #[derive(Copy)]
    pub enum Progress {
        #[codec(index = 0)]
        Working,
        #[codec(index = 1)]
        Committed(Digest),
        #[codec(index = 2)]
        Revealed(Opinion),
    }
}

/// A panel, and what it waits for.
#[derive(Clone, Debug, Eq, PartialEq, codec::Decode, codec::Encode, scale_info::TypeInfo)]
pub struct PanelView {
    pub case: Case,
    pub opened: Height,
    pub stage: Stage,
    /// Up to when it waits for that.
    pub due: Height,
    /// Part of what guards commit to.
    pub round: u16,
    /// How many seats it has, of which some may be vacant.
    pub size: u8,
    pub guards: Vec<Seat>,
    pub decided: Option<Opinion>,
    pub waits_for: PanelWaitsFor,
}

/// Who has to act, that a panel goes on.
#[derive(Clone, Debug, Eq, PartialEq, codec::Decode, codec::Encode, scale_info::TypeInfo)]
pub enum PanelWaitsFor {
    /// Nobody: it goes on by itself.
    #[codec(index = 0)]
    Chain,
    /// These guards, to commit.
    #[codec(index = 1)]
    Commitments(Vec<ProviderId>),
    /// These guards, to reveal.
    #[codec(index = 2)]
    Reveals(Vec<ProviderId>),
}

/// What a guard is to do next on a panel.
#[derive(Clone, Copy, Debug, Eq, PartialEq, codec::Decode, codec::Encode, scale_info::TypeInfo)]
pub enum Duty {
    /// To look, and to commit to what it finds.
    #[codec(index = 0)]
    Commit,
    #[codec(index = 1)]
    Reveal,
}

impl Seat {
    pub fn working(guard: ProviderId) -> Self {
        Self { guard, progress: Progress::Working }
    }

    /// What it revealed.
    pub fn opinion(&self) -> Option<Opinion> {
        match self.progress {
            Progress::Revealed(opinion) => Some(opinion),
            Progress::Working | Progress::Committed(_) => None,
        }
    }

    pub fn is_working(&self) -> bool {
        self.progress == Progress::Working
    }

    pub fn has_committed(&self) -> bool {
        matches!(self.progress, Progress::Committed(_))
    }
}

impl<AccountId> Panel<AccountId> {
    pub fn seat(&self, guard: ProviderId) -> Option<&Seat> {
        self.guards.iter().find(|seat| seat.guard == guard)
    }

    /// Notes how far a guard has come.
    pub fn advance(&mut self, guard: ProviderId, progress: Progress) {
        if let Some(seat) = self.guards.iter_mut().find(|seat| seat.guard == guard) {
            seat.progress = progress;
        }
    }

    /// How many seats are vacant.
    pub fn vacant(&self) -> u8 {
        self.size.saturating_sub(u8::try_from(self.guards.len()).unwrap_or(u8::MAX))
    }

    /// Whether those who have committed could decide by themselves.
    pub fn could_decide(&self) -> bool {
        self.guards.iter().filter(|seat| seat.has_committed()).count() >= needed(self.size.into())
    }

    /// What guards revealed.
    pub fn opinions(&self) -> Vec<(ProviderId, Opinion)> {
        self.guards.iter().filter_map(|seat| Some((seat.guard, seat.opinion()?))).collect()
    }

    /// What a guard is to do now, if anything.
    pub fn duty(&self, guard: ProviderId) -> Option<Duty> {
        let seat = self.seat(guard)?;
        match self.stage {
            Stage::Commits => seat.is_working().then_some(Duty::Commit),
            Stage::Reveals => seat.has_committed().then_some(Duty::Reveal),
            Stage::Drawing | Stage::Window => None,
        }
    }

    /// Who has to act.
    pub fn waits_for(&self) -> PanelWaitsFor {
        let guards = || self.guards.iter().map(|seat| seat.guard);
        let those = |duty| guards().filter(|guard| self.duty(*guard) == Some(duty)).collect();
        match self.stage {
            Stage::Drawing | Stage::Window => PanelWaitsFor::Chain,
            Stage::Commits => PanelWaitsFor::Commitments(those(Duty::Commit)),
            Stage::Reveals => PanelWaitsFor::Reveals(those(Duty::Reveal)),
        }
    }

    /// It as clients see it.
    pub fn view(&self) -> PanelView {
        PanelView {
            case: self.case,
            opened: self.opened,
            stage: self.stage,
            due: self.due,
            round: self.round,
            size: self.size,
            guards: self.guards.to_vec(),
            decided: self.decided,
            waits_for: self.waits_for(),
        }
    }

    /// Whether somebody may do this now, as [`crate::lifecycle::panel::RULES`] has it. `seeded`
    /// says whether a seed is there, and `operated` names the provider that the account operates,
    /// each where that matters. Gives the seat of whoever acts as a guard.
    pub fn admit(
        &self,
        act: Act,
        now: Height,
        seeded: impl FnOnce(&Ticket) -> bool,
        operated: impl FnOnce() -> Option<ProviderId>,
    ) -> Result<Option<&Seat>, Refusal> {
        let seeded = || self.ticket.as_ref().is_some_and(seeded);
        let rule = self.stage.allows(act, self.due, now, seeded)?;
        match rule.actor {
            Actor::Anyone => Ok(None),
            Actor::Guard => {
                let guard = operated().ok_or(Refusal::NotAnOperator)?;
                self.seat(guard).map(Some).ok_or(Refusal::NotTakingPart)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{ContentId, DeltaId},
        lifecycle::panel::RULES,
    };

    const GUARD: ProviderId = ProviderId(20);
    const OTHER: ProviderId = ProviderId(21);
    const OUTSIDER: ProviderId = ProviderId(22);
    const DUE: Height = 10;
    const OPINION: Opinion = Opinion::Unavailable(ContentId([1; 32]));

    fn panel(stage: Stage) -> Panel<u8> {
        let subject = crate::beacon::Subject { purpose: *b"panel/on", id: 1, nth: 1 };
        let ticket = Ticket { subject, requested_at: 1 };
        Panel {
            case: Case::Delta(DeltaId(1)),
            barred: Default::default(),
            opened: 1,
            stage,
            ticket: (stage == Stage::Drawing).then_some(ticket),
            due: DUE,
            next: DUE,
            round: 1,
            size: 3,
            draws: 1,
            spare: 2,
            guards: vec![Seat::working(GUARD), Seat::working(OTHER)].try_into().unwrap(),
            excluded: Default::default(),
            decided: None,
        }
    }

    #[test]
    fn admit_should_take_whom_the_rule_names() {
        let operators = [Some(GUARD), Some(OUTSIDER), None];
        for (stage, act) in Stage::ALL.into_iter().flat_map(|at| Act::ALL.map(|act| (at, act))) {
            let rule = RULES.iter().find(|rule| (rule.stage, rule.act) == (stage, act));
            for operated in operators {
                let panel = panel(stage);
                let done = [DUE, DUE + 1].map(|now| panel.admit(act, now, |_| true, || operated));
                let expected = rule.is_some_and(|rule| match rule.actor {
                    Actor::Guard => operated == Some(GUARD),
                    Actor::Anyone => true,
                });
                assert_eq!(done.iter().any(Result::is_ok), expected, "{stage:?} {act:?}");
                for seat in done.into_iter().flatten() {
                    let named = (act != Act::Poke).then_some(GUARD);
                    assert_eq!(seat.map(|seat| seat.guard), named, "{stage:?} {act:?}");
                }
            }
        }
    }

    #[test]
    fn admit_should_say_why_not() {
        let of = |stage, act, now, operated| {
            panel(stage).admit(act, now, |_| false, || operated).map(Option::<&Seat>::copied)
        };
        use {Act::*, Stage::*};
        assert_eq!(of(Reveals, Commit, DUE, Some(GUARD)), Err(Refusal::WrongStage));
        assert_eq!(of(Commits, Commit, DUE + 1, Some(GUARD)), Err(Refusal::TooLate));
        assert_eq!(of(Drawing, Poke, DUE + 1, None), Err(Refusal::TooEarly));
        assert_eq!(of(Commits, Commit, DUE, None), Err(Refusal::NotAnOperator));
        assert_eq!(of(Commits, Commit, DUE, Some(OUTSIDER)), Err(Refusal::NotTakingPart));
        let seat = Seat::working(GUARD);
        assert_eq!(of(Commits, Commit, DUE, Some(GUARD)), Ok(Some(seat)));
    }

    #[test]
    fn waits_for_should_name_those_who_are_behind() {
        let mut panel = panel(Stage::Commits);
        assert_eq!(panel.waits_for(), PanelWaitsFor::Commitments(vec![GUARD, OTHER]));
        panel.advance(OTHER, Progress::Committed([1; 32]));
        panel.advance(OUTSIDER, Progress::Committed([1; 32]));
        assert_eq!(panel.waits_for(), PanelWaitsFor::Commitments(vec![GUARD]));
        assert_eq!((panel.duty(GUARD), panel.duty(OTHER)), (Some(Duty::Commit), None));
        panel.stage = Stage::Reveals;
        assert_eq!(panel.waits_for(), PanelWaitsFor::Reveals(vec![OTHER]));
        assert_eq!((panel.duty(GUARD), panel.duty(OTHER)), (None, Some(Duty::Reveal)));
        panel.advance(OTHER, Progress::Revealed(OPINION));
        assert_eq!(panel.waits_for(), PanelWaitsFor::Reveals(vec![]));
        assert_eq!(panel.opinions(), [(OTHER, OPINION)]);
        panel.stage = Stage::Window;
        assert_eq!(panel.view().waits_for, PanelWaitsFor::Chain);
    }

    #[test]
    fn could_decide_should_want_two_thirds_of_all_seats() {
        let mut panel = panel(Stage::Commits);
        assert_eq!(panel.vacant(), 1);
        panel.advance(GUARD, Progress::Committed([1; 32]));
        assert!(!panel.could_decide());
        panel.advance(OTHER, Progress::Committed([1; 32]));
        assert!(panel.could_decide());
        panel.size = 5;
        assert!(!panel.could_decide());
    }
}
