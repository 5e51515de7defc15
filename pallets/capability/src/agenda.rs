//! When each challenge is looked at, and what becomes of it then.

use crate::{types::*, *};
use alloc::vec::Vec;
use cairn_protocol::id::Height;
use cairn_seams::Clock;
use frame_support::{
    traits::{Defensive, Get},
    weights::WeightMeter,
};

impl<T: Config> Pallet<T> {
    /// Has a challenge looked at after it is due, and at no other time. Whether there was room.
    pub(crate) fn schedule(challenge: ChallengeId, due: Height) -> bool {
        Agenda::<T>::mutate(|agenda| {
            if let Some(known) = agenda.iter_mut().find(|known| known.challenge == challenge) {
                known.due = due;
                return true;
            }
            agenda.try_push(Appointment { challenge, due }).is_ok()
        })
    }

    pub(crate) fn unschedule(challenge: ChallengeId) {
        Agenda::<T>::mutate(|agenda| agenda.retain(|known| known.challenge != challenge));
    }

    /// Moves on what is due, as far as the block has room.
    pub(crate) fn serve(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::serve()).is_err() || T::Clock::is_stopped() {
            return;
        }
        let now = T::Clock::now();
        let due: Vec<ChallengeId> = Agenda::<T>::get()
            .iter()
            .filter(|known| now > known.due)
            .map(|known| known.challenge)
            .take(T::ServedPerBlock::get() as usize)
            .collect();
        for id in due {
            if meter.try_consume(T::WeightInfo::judge()).is_err() {
                return;
            }
            match Challenges::<T>::get(id).defensive() {
                Some(challenge) => Self::look_at(id, challenge),
                None => Self::unschedule(id),
            }
        }
    }

    fn look_at(id: ChallengeId, mut challenge: Challenge) {
        if Self::close_commits(id, &mut challenge) {
            Self::schedule(id, challenge.due);
            Challenges::<T>::insert(id, challenge);
        } else {
            Self::judge(id, &challenge);
        }
    }

    /// Opens the reveals of a challenge whose time to commit is over, if there is something to
    /// compare. They last as long however late they are opened.
    pub(crate) fn close_commits(id: ChallengeId, challenge: &mut Challenge) -> bool {
        let over = challenge.stage == Stage::Commits && T::Clock::now() > challenge.due;
        let closes = over && challenge.committed() >= AGREEING;
        if closes {
            Self::open_reveals(id, challenge, challenge.due);
        }
        closes
    }

    /// From here on answers may be known.
    pub(crate) fn open_reveals(id: ChallengeId, challenge: &mut Challenge, closed_at: Height) {
        challenge.stage = Stage::Reveals;
        challenge.due = closed_at.saturating_add(T::RevealBlocks::get());
        Self::deposit_event(Event::RevealsOpened { challenge: id, due: challenge.due });
    }
}
