//! Who may do what with a panel now. The lifecycle's rules decide, here and nowhere else.

use crate::{pallet::*, types::*};
use cairn_protocol::{id::PanelId, lifecycle::panel::Refusal};
use cairn_seams::{Beacon, Clock, Registry};
use frame_support::ensure;

/// Why somebody may not act, in the pallet's words.
impl<T> From<Refusal> for Error<T> {
    fn from(reason: Refusal) -> Self {
        match reason {
            Refusal::WrongStage => Self::WrongStage,
            Refusal::TooLate => Self::TooLate,
            Refusal::TooEarly => Self::TooEarly,
            Refusal::NotAnOperator => Self::NotAnOperator,
            Refusal::NotTakingPart => Self::NotTakingPart,
        }
    }
}

impl<T: Config> Pallet<T> {
    /// A panel that anyone may move on now.
    pub(crate) fn open_overdue(id: PanelId) -> Result<PanelOf<T>, Error<T>> {
        Self::admit(id, Act::Poke, || None).map(|(panel, _)| panel)
    }

    /// A panel in which somebody may do that now as a guard, and as which one.
    pub(crate) fn open_seat(
        id: PanelId,
        act: Act,
        operator: &T::AccountId,
    ) -> Result<(PanelOf<T>, Seat), Error<T>> {
        let (panel, seat) = Self::admit(id, act, || T::Registry::operated_by(operator))?;
        Ok((panel, seat.ok_or(Error::<T>::NotTakingPart)?))
    }

    fn admit(
        id: PanelId,
        act: Act,
        operated: impl FnOnce() -> Option<cairn_protocol::id::ProviderId>,
    ) -> Result<(PanelOf<T>, Option<Seat>), Error<T>> {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let panel = Panels::<T>::get(id).ok_or(Error::<T>::UnknownPanel)?;
        let seeded = |ticket: &Ticket| T::Beacon::seed(ticket).is_some();
        let seat = panel.admit(act, T::Clock::now(), seeded, operated)?.copied();
        Ok((panel, seat))
    }
}
