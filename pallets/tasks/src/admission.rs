//! Who may do what with a task now. The lifecycle's rules decide, here and nowhere else.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::TaskId,
    lifecycle::{Act, Refusal},
};
use cairn_seams::{Clock, Registry};
use frame_support::ensure;

/// Why somebody may not act, in the pallet's words.
impl<T> From<Refusal> for Error<T> {
    fn from(reason: Refusal) -> Self {
        match reason {
            Refusal::WrongStage => Self::WrongStage,
            Refusal::SeatTaken => Self::SeatTaken,
            Refusal::ResultsShown => Self::ResultsShown,
            Refusal::TooLate => Self::TooLate,
            Refusal::TooEarly => Self::TooEarly,
            Refusal::NotTheRequester => Self::NotTheRequester,
            Refusal::NotAnOperator => Self::NotAnOperator,
            Refusal::NotAssigned => Self::NotAssigned,
        }
    }
}

impl<T: Config> Pallet<T> {
    /// A task with which somebody may do that now.
    pub(crate) fn open(id: TaskId, act: Act, who: &T::AccountId) -> Result<TaskOf<T>, Error<T>> {
        Self::admit(id, act, who).map(|(task, _)| task)
    }

    /// A task with which somebody may do that now as one of its workers, and the worker's seat.
    pub(crate) fn open_seat(
        id: TaskId,
        act: Act,
        operator: &T::AccountId,
    ) -> Result<(TaskOf<T>, Seat), Error<T>> {
        let (task, seat) = Self::admit(id, act, operator)?;
        Ok((task, seat.ok_or(Error::<T>::NotAssigned)?))
    }

    fn admit(
        id: TaskId,
        act: Act,
        who: &T::AccountId,
    ) -> Result<(TaskOf<T>, Option<Seat>), Error<T>> {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let task = Tasks::<T>::get(id).ok_or(Error::<T>::UnknownTask)?;
        let asked = || TermsOf::<T>::get(id).map_or(0, |terms| terms.redundancy);
        let seat = task.admit(act, who, T::Clock::now(), T::Registry::operated_by, asked)?;
        Ok((task, seat))
    }
}
