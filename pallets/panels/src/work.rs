//! Guards commit, then show what they committed to.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::{
    fault::Fault,
    id::{Digest, PanelId},
    learning::{
        evaluation::Opinion,
        panel::{larger, tally, Outcome, Tally},
    },
    preimage::{OpinionCommitment, Statement},
    reputation::Observation,
};
use cairn_seams::{Clock, Registry, Reputation};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
    /// What binds statements to this chain.
    pub fn genesis() -> Digest {
        let hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut digest = Digest::default();
        digest.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }

    pub(crate) fn do_commit(
        operator: T::AccountId,
        id: PanelId,
        commitment: Digest,
    ) -> DispatchResult {
        let (mut panel, Seat { guard, progress }) = Self::open_seat(id, Act::Commit, &operator)
            .map_err(|error| Self::why_closed(&operator, id, error))?;
        ensure!(progress == Progress::Working, Error::<T>::CommittedAlready);
        panel.advance(guard, Progress::Committed(commitment));
        Self::deposit_event(Event::Committed { panel: id, guard, commitment });
        if panel.guards.iter().all(Seat::has_committed) {
            Self::open_reveals(id, panel, Turn::Committed);
        } else {
            Panels::<T>::insert(id, panel);
        }
        Ok(())
    }

    /// Whoever has committed hears that before it hears that the stage is another.
    fn why_closed(operator: &T::AccountId, id: PanelId, error: Error<T>) -> Error<T> {
        let seat = || {
            let guard = T::Registry::operated_by(operator)?;
            Panels::<T>::get(id)?.seat(guard).copied()
        };
        match error {
            Error::WrongStage if seat().is_some_and(|seat| !seat.is_working()) => {
                Error::CommittedAlready
            }
            other => other,
        }
    }

    pub(crate) fn open_reveals(id: PanelId, mut panel: PanelOf<T>, turn: Turn) {
        Self::enter(id, &mut panel, turn, T::Rules::get().clocks.reveal);
        let due = panel.due;
        Panels::<T>::insert(id, panel);
        Self::deposit_event(Event::RevealsOpened { panel: id, due });
    }

    /// The time to commit is over: guards who have not are replaced. Nothing was shown, so the
    /// sample stays the same.
    pub(crate) fn close_commits(id: PanelId, mut panel: PanelOf<T>) {
        // What so many could not do in time may be more than anyone can, and whoever asks for it
        // risks nothing.
        let fault = panel.could_decide().then_some(Fault::Silent);
        Self::dismiss(id, &mut panel, Seat::is_working, fault);
        if Self::may_draw_again(&panel) {
            let seats = panel.vacant();
            Self::draw_again(id, &mut panel, Turn::Vacated);
            Panels::<T>::insert(id, panel);
            Self::deposit_event(Event::Vacated { panel: id, seats });
        } else if panel.could_decide() {
            Self::open_reveals(id, panel, Turn::Committed);
        } else {
            Self::end(id, panel, Turn::Exhausted, Outcome::NobodyFit);
        }
    }

    pub(crate) fn do_reveal(
        operator: T::AccountId,
        id: PanelId,
        opinion: Opinion,
        salt: Digest,
    ) -> DispatchResult {
        let (mut panel, Seat { guard, progress }) = Self::open_seat(id, Act::Reveal, &operator)?;
        let commitment = match progress {
            Progress::Committed(commitment) => commitment,
            Progress::Revealed(_) => return Err(Error::<T>::RevealedAlready.into()),
            // Nobody is left at this stage who has not committed.
            Progress::Working => return Err(Error::<T>::NotTheCommitment.into()),
        };
        let genesis = Self::genesis();
        // It names the guard, so that a commitment copied from another one opens for nobody.
        let opened = OpinionCommitment {
            panel: id,
            round: panel.round,
            provider: guard,
            opinion: opinion.digest(&genesis),
            salt,
        };
        ensure!(opened.digest(&genesis) == commitment, Error::<T>::NotTheCommitment);
        if let Opinion::Measured(evaluation) = &opinion {
            let answers = Briefs::<T>::get(id).is_some_and(|brief| evaluation.answers(&brief));
            ensure!(answers, Error::<T>::NotAnAnswer);
        }

        panel.advance(guard, Progress::Revealed(opinion));
        T::Registry::end_work(guard);
        Self::deposit_event(Event::Revealed { panel: id, guard, opinion });
        if panel.guards.iter().all(|seat| seat.opinion().is_some()) {
            Self::close_at_once(id, &mut panel);
        }
        Panels::<T>::insert(id, panel);
        Ok(())
    }

    /// Everything is known. The rest is done as if time had run out: it may be dear.
    fn close_at_once(id: PanelId, panel: &mut PanelOf<T>) {
        match Self::tally(panel) {
            Tally::Decided(opinion) => Self::decide(id, panel, opinion),
            Tally::Divided => {
                panel.due = T::Clock::now();
                Self::schedule(id, panel, panel.due);
            }
        }
    }

    fn tally(panel: &PanelOf<T>) -> Tally {
        let opinions: Vec<_> = panel.opinions().into_iter().map(|(_, opinion)| opinion).collect();
        tally(&opinions, panel.size)
    }

    fn decide(id: PanelId, panel: &mut PanelOf<T>, opinion: Opinion) {
        panel.decided = Some(opinion);
        Self::enter(id, panel, Turn::Agreed, T::Rules::get().clocks.window);
        Self::deposit_event(Event::Decided { panel: id, opinion, due: panel.due });
    }

    /// The time to reveal is over: guards who have not leave, and what the others say is compared.
    pub(crate) fn close_reveals(id: PanelId, mut panel: PanelOf<T>) {
        Self::dismiss(id, &mut panel, Seat::has_committed, Some(Fault::Unrevealed));
        if let Tally::Decided(opinion) = Self::tally(&panel) {
            Self::decide(id, &mut panel, opinion);
            return Panels::<T>::insert(id, panel);
        }
        let opinions = panel.opinions();
        let (first, rest) = (opinions.first(), opinions.iter().skip(1));
        let differ = rest.into_iter().any(|(_, one)| first.is_some_and(|(_, other)| one != other));
        let size = larger(panel.size, T::Rules::get().draws.most);
        match (differ, size) {
            (true, Some(size)) => Self::enlarge(id, panel, size),
            (true, None) => Self::end(id, panel, Turn::Divided, Outcome::Divided),
            (false, _) if Self::may_draw_again(&panel) => Self::refill(id, panel),
            (false, _) => Self::end(id, panel, Turn::Exhausted, Outcome::NobodyFit),
        }
    }

    /// Guards differ: more are asked.
    fn enlarge(id: PanelId, mut panel: PanelOf<T>, size: u8) {
        panel.size = size;
        Self::begin_round(id, &mut panel);
        Self::turn(&mut panel, Turn::Enlarged);
        Self::ask_for_seed(id, &mut panel);
        let round = panel.round;
        Panels::<T>::insert(id, panel);
        Self::deposit_event(Event::Enlarged { panel: id, round, size });
    }

    /// Too few have shown what they found: others are asked for the rest.
    fn refill(id: PanelId, mut panel: PanelOf<T>) {
        let seats = panel.vacant();
        Self::begin_round(id, &mut panel);
        Self::draw_again(id, &mut panel, Turn::Vacated);
        Panels::<T>::insert(id, panel);
        Self::deposit_event(Event::Vacated { panel: id, seats });
    }

    /// Opinions are public now, so that newcomers could repeat them. All look at another sample.
    fn begin_round(id: PanelId, panel: &mut PanelOf<T>) {
        panel.round = panel.round.saturating_add(1);
        Briefs::<T>::remove(id);
        for seat in panel.guards.iter_mut() {
            seat.progress = Progress::Working;
            T::Registry::begin_work(seat.guard);
        }
    }

    /// Sends guards home who were late. Their fault, if it is one, costs nobody else.
    fn dismiss(
        id: PanelId,
        panel: &mut PanelOf<T>,
        late: impl Fn(&Seat) -> bool,
        fault: Option<Fault>,
    ) {
        let late: Vec<_> = panel.guards.iter().copied().filter(late).collect();
        for Seat { guard, .. } in late {
            if let Some(fault) = fault {
                let seen = Observation {
                    timely: Some(false),
                    available: Some(false),
                    ..Observation::default()
                };
                T::Reputation::observe(guard, KIND, seen);
                T::Registry::penalise(guard, fault, id.0);
            }
            T::Registry::end_work(guard);
            Self::leave(id, guard);
            panel.guards.retain(|seat| seat.guard != guard);
            // Where the list is full no more are drawn.
            let _ = panel.excluded.try_push(guard);
            Self::deposit_event(Event::Dismissed { panel: id, guard });
        }
    }
}
