//! What clients ask before they call. Nothing here is asked by the chain itself.

use crate::pallet::*;
use cairn_protocol::{audit::record::AuditView, id::TaskId};

impl<T: Config> Pallet<T> {
    /// The audit of a task, if one is under way.
    pub fn audit_of(task: TaskId) -> Option<AuditView> {
        Audits::<T>::get(task).map(|audit| audit.view())
    }
}
