//! A register that gives out no work.

use cairn_protocol::{
    fault::Fault,
    id::{ProviderId, Seed},
    profile::{Candidate, DeviceClass},
};
use cairn_seams::{Lane, Prospect, Registry, Survey};
use std::marker::PhantomData;

/// Whom a register knows: nobody, unless a test says so.
pub trait Known<AccountId: Clone> {
    fn candidate(_: ProviderId, _: Lane) -> Option<Candidate> {
        None
    }

    fn serves(_: ProviderId, _: Lane) -> bool {
        false
    }

    fn owner(_: ProviderId) -> Option<AccountId> {
        None
    }

    fn operated_by(_: &AccountId) -> Option<ProviderId> {
        None
    }

    fn names(account: &AccountId) -> Vec<AccountId> {
        vec![account.clone()]
    }

    fn names_of(_: ProviderId) -> Vec<AccountId> {
        vec![]
    }

    fn kin(names: Vec<AccountId>) -> Vec<AccountId> {
        names
    }
}

/// A register of those whom `Who` knows. Nobody is drawn from it, works, or is at fault.
pub struct Register<Who>(PhantomData<Who>);

impl<AccountId: Clone + PartialEq, Who: Known<AccountId>> Registry<AccountId> for Register<Who> {
    fn sample(_: Lane, _: DeviceClass, _: u32, _: &Seed) -> Vec<Prospect<AccountId>> {
        vec![]
    }

    fn survey(_: Lane, _: DeviceClass, _: u32, _: &Seed) -> Survey<AccountId> {
        Survey { field: vec![], absent: 0, pool: 0, weaker: 0 }
    }

    fn candidate(provider: ProviderId, lane: Lane) -> Option<Candidate> {
        Who::candidate(provider, lane)
    }

    fn serves(provider: ProviderId, lane: Lane) -> bool {
        Who::serves(provider, lane)
    }

    fn owner(provider: ProviderId) -> Option<AccountId> {
        Who::owner(provider)
    }

    fn operated_by(operator: &AccountId) -> Option<ProviderId> {
        Who::operated_by(operator)
    }

    fn generation(_: ProviderId) -> u32 {
        0
    }

    fn names(account: &AccountId) -> Vec<AccountId> {
        Who::names(account)
    }

    fn names_of(provider: ProviderId) -> Vec<AccountId> {
        Who::names_of(provider)
    }

    fn kin(names: Vec<AccountId>) -> Vec<AccountId> {
        Who::kin(names)
    }

    fn begin_work(_: ProviderId) {}

    fn end_work(_: ProviderId) {}

    fn engage(_: ProviderId) {}

    fn disengage(_: ProviderId) {}

    fn engagements(_: ProviderId) -> u32 {
        0
    }

    fn penalise(_: ProviderId, _: Fault, _: u64) {}
}
