//! From a request to a seed.

use crate::{
    types::{xor, DrawSeed, Stage, Window, WindowSeed},
    *,
};
use cairn_protocol::{id::Seed, preimage::Statement};
use cairn_seams::{Beacon, Subject, Ticket};
use frame_support::{
    defensive,
    traits::{DefensiveSaturating, Get},
};

impl<T: Config> Beacon for Pallet<T> {
    fn request(subject: Subject) -> Ticket {
        let now = T::Clock::now();
        let mut window = Windows::<T>::get(now).unwrap_or_else(|| Self::new_window(now));
        window.tickets = window.tickets.defensive_saturating_add(1);
        Windows::<T>::insert(now, window);
        Ticket { subject, requested_at: now }
    }

    fn delay() -> Height {
        Self::window_length().saturating_add(1)
    }

    /// A window closes at the end of a block, so its seed can be read in the next one.
    fn ready_at(ticket: &Ticket) -> Height {
        let due = Windows::<T>::get(ticket.requested_at)
            .map_or(ticket.requested_at.saturating_add(Self::window_length()), |window| window.due);
        due.saturating_add(1)
    }

    fn seed(ticket: &Ticket) -> Option<Seed> {
        match Windows::<T>::get(ticket.requested_at)?.stage {
            Stage::Closed { seed } => {
                let draw = DrawSeed { window: seed, subject: ticket.subject };
                Some(draw.digest(&Self::genesis()))
            }
            Stage::Announced | Stage::Open { .. } => None,
        }
    }

    fn release(ticket: Ticket) {
        Windows::<T>::mutate_exists(ticket.requested_at, |slot| {
            if let Some(window) = slot {
                window.tickets = window.tickets.saturating_sub(1);
                if window.tickets == 0 {
                    *slot = None;
                }
            }
        });
    }
}

impl<T: Config> Pallet<T> {
    fn new_window(now: Height) -> Window {
        // A pallet may ask at the end of a block, after this one has recorded it.
        let stage = match BlockTrace::<T>::get() {
            Some(trace) if trace.recorded >= now => Stage::Open { before: trace.sum },
            _ => Stage::Announced,
        };
        Window { tickets: 0, due: now.saturating_add(Self::window_length()), stage }
    }

    /// Records a block that the clock ran at the end of, and closes the windows it completes.
    pub(crate) fn record_block(block: Option<(T::AccountId, Seed)>) {
        let now = T::Clock::now();
        let mut trace = match BlockTrace::<T>::get() {
            // A height is recorded once: a window whose blocks could change would have two seeds.
            Some(trace) if trace.recorded >= now => return,
            known => known.unwrap_or_else(|| TraceOf::<T>::before(now)),
        };
        let genesis = Self::genesis();
        trace.record(now, block, &genesis);
        Windows::<T>::mutate_extant(now, |window| {
            window.stage = Stage::Open { before: trace.sum };
        });
        Self::close_windows(&mut trace, &genesis);
        BlockTrace::<T>::put(trace);
    }

    /// Goes on from the oldest window that is open, in the order of requests. Whoever asked
    /// earlier has at least the authors of whoever asked later, so nobody waits for another's.
    fn close_windows(trace: &mut TraceOf<T>, genesis: &Digest) {
        let reach = trace.reach(Self::authors_needed());
        let (mut closings, mut gaps) = (T::MaxClosings::get(), T::MaxGaps::get());
        // The last height may yet be asked at, by a pallet that comes later in this block.
        while trace.next < trace.recorded {
            let window = Windows::<T>::get(trace.next);
            let budget = if window.is_some() { &mut closings } else { &mut gaps };
            let Some(left) = budget.checked_sub(1) else { return };
            *budget = left;
            match window {
                Some(Window { due, .. }) if due > trace.recorded || trace.next >= reach => return,
                Some(window) => Self::close(trace, window, genesis),
                None => {}
            }
            trace.next = trace.next.saturating_add(1);
        }
    }

    /// Closes the window of the trace's next height with the blocks recorded so far.
    fn close(trace: &TraceOf<T>, window: Window, genesis: &Digest) {
        let Stage::Open { before } = window.stage else {
            // Every height is recorded before its window is due.
            defensive!("a window is due that was never opened, or is closed already");
            return;
        };
        let (requested_at, closed_at) = (trace.next, trace.recorded);
        let seed = WindowSeed {
            requested_at,
            closed_at,
            blocks: xor(trace.sum, &before),
            mix: ContributedMix::<T>::get().at(closed_at),
        }
        .digest(genesis);
        Windows::<T>::insert(requested_at, Window { stage: Stage::Closed { seed }, ..window });
        Self::deposit_event(Event::WindowClosed { requested_at, closed_at, seed });
    }

    /// How many different authors a window needs: never more than there are, never none.
    fn authors_needed() -> u32 {
        T::MinAuthors::get().min(T::BlockVrf::active_authors()).min(T::MaxAuthors::get()).max(1)
    }
}
