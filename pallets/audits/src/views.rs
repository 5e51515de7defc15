//! What clients ask before they call. Nothing here is asked by the chain itself.

use crate::{pallet::*, types::*};
use alloc::vec::Vec;
use cairn_protocol::id::{Height, ProviderId, TaskId};
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// An audit, and what it waits for.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct AuditView {
    /// When the result was agreed on.
    pub begun: Height,
    /// How often guards were drawn, or are to be; part of what they commit to.
    pub round: u16,
    pub guards: Vec<ProviderId>,
    pub workers: Vec<ProviderId>,
    /// Up to when it waits for that.
    pub due: Height,
    pub waits_for: AuditWaitsFor,
}

/// Who has to act, that an audit goes on.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub enum AuditWaitsFor {
    /// Nobody: it goes on by itself.
    #[codec(index = 0)]
    Chain,
    /// The requester, to post keys for these.
    #[codec(index = 1)]
    Keys(Vec<ProviderId>),
    /// These guards and workers, to commit.
    #[codec(index = 2)]
    Commitments(Vec<ProviderId>),
    /// These guards and workers, to reveal.
    #[codec(index = 3)]
    Reveals(Vec<ProviderId>),
    /// The requester, if it knows that the result was planted.
    #[codec(index = 4)]
    Unmasking,
}

impl<T: Config> Pallet<T> {
    /// The audit of a task, if one is under way.
    pub fn audit_of(task: TaskId) -> Option<AuditView> {
        let audit = Audits::<T>::get(task)?;
        let those = |waits: fn(&Progress) -> bool| -> Vec<ProviderId> {
            let members = audit.members().filter(|member| waits(&member.progress));
            members.map(|member| member.provider).collect()
        };
        let waits_for = match audit.stage {
            Stage::Drawing { .. } => AuditWaitsFor::Chain,
            Stage::Keys => AuditWaitsFor::Keys(those(|it| *it == Progress::Locked)),
            Stage::Commits => AuditWaitsFor::Commitments(those(|it| *it == Progress::Working)),
            Stage::Reveals => {
                AuditWaitsFor::Reveals(those(|it| matches!(it, Progress::Committed(_))))
            }
            Stage::Unmasking => AuditWaitsFor::Unmasking,
        };
        let names = |members: &[Member]| members.iter().map(|member| member.provider).collect();
        Some(AuditView {
            begun: audit.begun,
            round: audit.round,
            guards: names(&audit.guards),
            workers: names(&audit.workers),
            due: audit.due,
            waits_for,
        })
    }
}
