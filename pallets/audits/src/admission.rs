//! Who may do what with an audit now. The lifecycle's rules decide, here and nowhere else.

use crate::{pallet::*, types::*};
use cairn_protocol::{
    id::TaskId,
    lifecycle::audit::{Act, Refusal},
};
use cairn_seams::{Beacon, Clock, Registry};
use frame_support::ensure;

/// Why somebody may not act, in the pallet's words.
impl<T> From<Refusal> for Error<T> {
    fn from(reason: Refusal) -> Self {
        match reason {
            Refusal::WrongStage => Self::WrongStage,
            Refusal::TooLate => Self::TooLate,
            Refusal::TooEarly => Self::TooEarly,
            Refusal::NotTheRequester => Self::NotTheRequester,
            Refusal::NotAnOperator => Self::NotAnOperator,
            Refusal::NotTakingPart => Self::NotTakingPart,
        }
    }
}

impl<T: Config> Pallet<T> {
    /// An audit in which somebody may do that now.
    pub(crate) fn open(id: TaskId, act: Act, who: &T::AccountId) -> Result<AuditOf<T>, Error<T>> {
        Self::admit(id, act, who).map(|(audit, _)| audit)
    }

    /// An audit in which somebody may do that now as a guard or a worker, and as which one.
    pub(crate) fn open_part(
        id: TaskId,
        act: Act,
        operator: &T::AccountId,
    ) -> Result<(AuditOf<T>, Member), Error<T>> {
        let (audit, member) = Self::admit(id, act, operator)?;
        Ok((audit, member.ok_or(Error::<T>::NotTakingPart)?))
    }

    fn admit(
        id: TaskId,
        act: Act,
        who: &T::AccountId,
    ) -> Result<(AuditOf<T>, Option<Member>), Error<T>> {
        ensure!(!T::Clock::is_stopped(), Error::<T>::ChainStopped);
        let audit = Audits::<T>::get(id).ok_or(Error::<T>::UnknownAudit)?;
        let seeded = |ticket: &Ticket| T::Beacon::seed(ticket).is_some();
        let member = audit.admit(act, who, T::Clock::now(), seeded, T::Registry::operated_by)?;
        let member = member.cloned();
        Ok((audit, member))
    }
}
