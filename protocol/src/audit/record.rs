//! The record of an audit: what is known of it while it is under way, what may be done with it as
//! it stands, and how clients see it.

use super::{retraced, Finding, Report};
use crate::{
    beacon::Ticket,
    id::{Amount, Digest, Height, ProviderId},
    job::{Policy, Requirements, MAX_REDUNDANCY},
    lifecycle::audit::{Act, Actor, Refusal, Stage},
    task::FAILED_AT_MOST,
    wire::wire,
};
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};

/// Guards of one audit, at most, as many as workers.
pub const MAX_GUARDS: u32 = MAX_REDUNDANCY as u32;
/// Guards that are not drawn again for one audit: all of three draws.
pub const EXCLUDED: u32 = 3 * MAX_GUARDS;

wire! {
    /// A result that is looked at again, or may be.
    pub struct Audit<AccountId> {
        pub requester: AccountId,
        pub policy: Policy,
        pub requirements: Requirements,
        pub sealed: bool,
        /// Blocks that the work takes at most.
        pub work_blocks: Height,
        /// What each worker was offered.
        pub offered: Amount,
        pub redundancy: u8,
        pub contested: bool,
        /// What the workers said, and how it is compared.
        pub claim: Finding,
        /// The gist of it.
        pub answer: Digest,
        /// When the result was agreed on.
        pub begun: Height,
        /// How often guards were drawn for it, or are to be.
        pub round: u16,
        pub stage: Stage,
        /// Of the seed that it waits for, if it does.
        pub ticket: Option<Ticket>,
        /// The lot fell on it, and need not fall again.
        pub fell: bool,
        /// Up to when this stage lasts.
        pub due: Height,
        /// When the chain looks at it next.
        pub next: Height,
        pub workers: BoundedVec<Member, ConstU32<MAX_GUARDS>>,
        /// Those who worked at it and failed, or said something else.
        pub others: BoundedVec<ProviderId, ConstU32<FAILED_AT_MOST>>,
        pub guards: BoundedVec<Member, ConstU32<MAX_GUARDS>>,
        /// How many guards were drawn in this round.
        pub drawn: u8,
        /// How many of them could not open the payload.
        pub rejected: u8,
        /// Those who were silent in a round before.
        pub excluded: BoundedVec<ProviderId, ConstU32<EXCLUDED>>,
    }

    /// A provider that takes part.
    pub struct Member {
        pub provider: ProviderId,
        pub progress: Progress,
    }

    /// How far it has come.
    pub enum Progress {
        /// Has no key to the payload yet.
        #[codec(index = 0)]
        Locked,
        #[codec(index = 1)]
        Working,
        #[codec(index = 2)]
        Committed(Digest),
        #[codec(index = 3)]
        Revealed(Report),
    }
}

/// An audit, and what it waits for.
#[derive(Clone, Debug, Eq, PartialEq, codec::Decode, codec::Encode, scale_info::TypeInfo)]
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
#[derive(Clone, Debug, Eq, PartialEq, codec::Decode, codec::Encode, scale_info::TypeInfo)]
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

impl Member {
    pub fn working(provider: ProviderId) -> Self {
        Self { provider, progress: Progress::Working }
    }

    /// What it revealed.
    pub fn report(&self) -> Option<&Report> {
        match &self.progress {
            Progress::Revealed(report) => Some(report),
            Progress::Locked | Progress::Working | Progress::Committed(_) => None,
        }
    }
}

impl<AccountId> Audit<AccountId> {
    /// Those whose word is for or against the result: whoever had a seat when it was agreed on.
    pub fn witnesses(&self) -> impl Iterator<Item = ProviderId> + '_ {
        let seats = MAX_GUARDS as usize;
        let workers = self.workers.iter().map(|worker| worker.provider);
        workers.chain(self.others.iter().rev().copied()).take(seats)
    }

    pub fn is_outcome(&self) -> bool {
        matches!(self.policy, Policy::Outcome { .. })
    }

    /// Whether workers show their traces. Of training nobody knows how it was done.
    pub fn asks_workers(&self) -> bool {
        !self.is_outcome()
    }

    pub fn guard(&self, provider: ProviderId) -> Option<&Member> {
        self.guards.iter().find(|guard| guard.provider == provider)
    }

    /// Guards, and the workers who are asked as well.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.guards.iter().chain(self.workers.iter().filter(|_| self.asks_workers()))
    }

    /// Notes how far a guard or a worker has come.
    pub fn advance(&mut self, provider: ProviderId, progress: Progress) {
        let mut all = self.guards.iter_mut().chain(self.workers.iter_mut());
        if let Some(member) = all.find(|member| member.provider == provider) {
            member.progress = progress;
        }
    }

    /// What guards revealed.
    pub fn reports(&self) -> Vec<(ProviderId, Report)> {
        let report = |guard: &Member| Some((guard.provider, guard.report()?.clone()));
        self.guards.iter().filter_map(report).collect()
    }

    /// Workers who are asked and show nothing.
    pub fn silent(&self) -> Vec<ProviderId> {
        let asked = self.workers.iter().filter(|_| self.asks_workers());
        asked.filter(|one| one.report().is_none()).map(|one| one.provider).collect()
    }

    /// What the workers claim. Where traces are compared there is one worker.
    pub fn claimed(&self) -> Report {
        let shown = self.workers.iter().find_map(Member::report);
        let trace = shown.map(|report| report.trace).unwrap_or_default();
        Report { finding: self.claim.clone(), trace }
    }

    /// Whether a guard came to the claim by the trace that the worker showed. All commit before
    /// anything is shown, so whoever did not do the job does not know it, and the claim is not
    /// false on purpose.
    pub fn is_retraced(&self) -> bool {
        let claim = self.claimed();
        let shown = self.workers.iter().any(|worker| worker.report().is_some());
        let found = |guard: &Member| {
            guard.report().is_some_and(|report| retraced(self.policy, &claim, report))
        };
        shown && self.guards.iter().any(found)
    }

    /// Who has to act.
    pub fn waits_for(&self) -> AuditWaitsFor {
        let those = |waits: fn(&Progress) -> bool| -> Vec<ProviderId> {
            let members = self.members().filter(|member| waits(&member.progress));
            members.map(|member| member.provider).collect()
        };
        match self.stage {
            Stage::Drawing => AuditWaitsFor::Chain,
            Stage::Keys => AuditWaitsFor::Keys(those(|it| *it == Progress::Locked)),
            Stage::Commits => AuditWaitsFor::Commitments(those(|it| *it == Progress::Working)),
            Stage::Reveals => {
                AuditWaitsFor::Reveals(those(|it| matches!(it, Progress::Committed(_))))
            }
            Stage::Unmasking => AuditWaitsFor::Unmasking,
        }
    }

    /// It as clients see it.
    pub fn view(&self) -> AuditView {
        let names = |members: &[Member]| members.iter().map(|member| member.provider).collect();
        AuditView {
            begun: self.begun,
            round: self.round,
            guards: names(&self.guards),
            workers: names(&self.workers),
            due: self.due,
            waits_for: self.waits_for(),
        }
    }
}

impl<AccountId: PartialEq> Audit<AccountId> {
    /// Whether somebody may do this now, as [`crate::lifecycle::audit::RULES`] has it. `seeded`
    /// says whether a seed is there, and `operated` looks up the provider that an account
    /// operates, each where that matters. Gives whoever acts as a guard or as a worker.
    pub fn admit(
        &self,
        act: Act,
        who: &AccountId,
        now: Height,
        seeded: impl FnOnce(&Ticket) -> bool,
        operated: impl FnOnce(&AccountId) -> Option<ProviderId>,
    ) -> Result<Option<&Member>, Refusal> {
        let seeded = || self.ticket.as_ref().is_some_and(seeded);
        let rule = self.stage.allows(act, self.due, now, seeded)?;
        let member = match rule.actor {
            Actor::Anyone => return Ok(None),
            Actor::Requester if self.requester == *who => return Ok(None),
            Actor::Requester => return Err(Refusal::NotTheRequester),
            Actor::Guard => self.guard(operated(who).ok_or(Refusal::NotAnOperator)?),
            Actor::Member => {
                let provider = operated(who).ok_or(Refusal::NotAnOperator)?;
                self.members().find(|member| member.provider == provider)
            }
        };
        member.map(Some).ok_or(Refusal::NotTakingPart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lifecycle::audit::RULES, profile::DeviceClass};

    const REQUESTER: u8 = 1;
    /// The operators of a guard, of a worker, and of a provider that is neither.
    const GUARD: u8 = 2;
    const WORKER: u8 = 3;
    const IDLE: u8 = 4;
    const NOBODY: u8 = 5;
    const EVERYONE: [u8; 5] = [REQUESTER, GUARD, WORKER, IDLE, NOBODY];
    const DUE: Height = 10;

    fn provider(who: u8) -> ProviderId {
        ProviderId(10 * u64::from(who))
    }

    fn operated(who: &u8) -> Option<ProviderId> {
        [GUARD, WORKER, IDLE].contains(who).then(|| provider(*who))
    }

    fn member(who: u8, progress: Progress) -> Member {
        Member { provider: provider(who), progress }
    }

    fn audit(stage: Stage, policy: Policy) -> Audit<u8> {
        let ticket = Ticket {
            subject: crate::beacon::Subject { purpose: *b"audit/on", id: 1, nth: 1 },
            requested_at: 1,
        };
        Audit {
            requester: REQUESTER,
            policy,
            requirements: Requirements::any(DeviceClass::Cpu),
            sealed: true,
            work_blocks: 1,
            offered: 1,
            redundancy: 1,
            contested: false,
            claim: Finding::Answer([1; 32]),
            answer: [1; 32],
            begun: 1,
            round: 1,
            stage,
            ticket: (stage == Stage::Drawing).then_some(ticket),
            fell: false,
            due: DUE,
            next: DUE,
            workers: vec![member(WORKER, Progress::Working)].try_into().unwrap(),
            others: Default::default(),
            guards: vec![member(GUARD, Progress::Locked)].try_into().unwrap(),
            drawn: 1,
            rejected: 0,
            excluded: Default::default(),
        }
    }

    const OUTCOME: Policy = Policy::Outcome { target: 1, guards: 3 };

    #[test]
    fn admit_should_take_whom_the_rule_names() {
        for (stage, policy) in
            Stage::ALL.into_iter().flat_map(|at| [(at, Policy::Proven), (at, OUTCOME)])
        {
            for (act, who) in Act::ALL.into_iter().flat_map(|act| EVERYONE.map(|who| (act, who))) {
                let rule = RULES.iter().find(|rule| (rule.stage, rule.act) == (stage, act));
                let audit = audit(stage, policy);
                let done =
                    [DUE, DUE + 1].map(|now| audit.admit(act, &who, now, |_| true, operated));
                let guard = who == GUARD;
                let asked = guard || (who == WORKER && policy == Policy::Proven);
                let expected = rule.is_some_and(|rule| match rule.actor {
                    Actor::Requester => who == REQUESTER,
                    Actor::Guard => guard,
                    Actor::Member => asked,
                    Actor::Anyone => true,
                });
                assert_eq!(done.iter().any(Result::is_ok), expected, "{stage:?} {act:?} {who}");
                for member in done.into_iter().flatten() {
                    let named = matches!(act, Act::RejectKey | Act::Commit | Act::Reveal);
                    let expected = named.then(|| provider(who));
                    assert_eq!(member.map(|one| one.provider), expected, "{act:?} {who}");
                }
            }
        }
    }

    #[test]
    fn admit_should_say_why_not() {
        let of = |stage, act, who, now| {
            let audit = audit(stage, Policy::Proven);
            audit.admit(act, &who, now, |_| false, operated).map(Option::<&Member>::cloned)
        };
        use {Act::*, Stage::*};
        assert_eq!(of(Keys, Commit, GUARD, DUE), Err(Refusal::WrongStage));
        assert_eq!(of(Reveals, Reveal, GUARD, DUE + 1), Err(Refusal::TooLate));
        assert_eq!(of(Reveals, Poke, NOBODY, DUE), Err(Refusal::TooEarly));
        assert_eq!(of(Drawing, Poke, NOBODY, DUE + 1), Err(Refusal::TooEarly));
        assert_eq!(of(Keys, PostKey, GUARD, DUE), Err(Refusal::NotTheRequester));
        assert_eq!(of(Unmasking, Unmask, WORKER, DUE), Err(Refusal::NotTheRequester));
        assert_eq!(of(Commits, Commit, REQUESTER, DUE), Err(Refusal::NotAnOperator));
        assert_eq!(of(Commits, Commit, IDLE, DUE), Err(Refusal::NotTakingPart));
        assert_eq!(of(Commits, RejectKey, WORKER, DUE), Err(Refusal::NotTakingPart));
        assert_eq!(of(Commits, Commit, WORKER, DUE), Ok(Some(member(WORKER, Progress::Working))));
    }

    #[test]
    fn admit_should_look_up_only_what_the_rule_needs() {
        for (stage, act) in Stage::ALL.into_iter().flat_map(|at| Act::ALL.map(|act| (at, act))) {
            let (mut seeds, mut operators) = (0, 0);
            let seeded = |_: &Ticket| {
                seeds += 1;
                true
            };
            let operated = |who: &u8| {
                operators += 1;
                operated(who)
            };
            let _ = audit(stage, Policy::Proven).admit(act, &GUARD, DUE, seeded, operated);
            let named = matches!(act, Act::RejectKey | Act::Commit | Act::Reveal);
            let there = RULES.iter().any(|rule| (rule.stage, rule.act) == (stage, act));
            assert_eq!(operators, u8::from(there && named), "{stage:?} {act:?}");
            assert_eq!(seeds, u8::from(stage == Stage::Drawing && act == Act::Poke));
        }
    }

    #[test]
    fn waits_for_should_name_those_who_are_behind() {
        let mut audit = audit(Stage::Keys, Policy::Proven);
        assert_eq!(audit.waits_for(), AuditWaitsFor::Keys(vec![provider(GUARD)]));
        audit.stage = Stage::Commits;
        assert_eq!(audit.waits_for(), AuditWaitsFor::Commitments(vec![provider(WORKER)]));
        audit.advance(provider(WORKER), Progress::Committed([1; 32]));
        audit.advance(provider(IDLE), Progress::Committed([1; 32]));
        assert_eq!(audit.waits_for(), AuditWaitsFor::Commitments(Vec::new()));
        audit.stage = Stage::Reveals;
        assert_eq!(audit.waits_for(), AuditWaitsFor::Reveals(vec![provider(WORKER)]));
        audit.policy = OUTCOME;
        assert_eq!(audit.waits_for(), AuditWaitsFor::Reveals(Vec::new()));
    }

    #[test]
    fn is_retraced_should_take_the_trace_that_the_worker_showed() {
        let report = |answer, trace| Report { finding: Finding::Answer([answer; 32]), trace };
        let of = |policy, worker: Option<Digest>, guard: Report| {
            let mut audit = audit(Stage::Unmasking, policy);
            audit.advance(provider(GUARD), Progress::Revealed(guard));
            if let Some(trace) = worker {
                audit.advance(provider(WORKER), Progress::Revealed(report(1, trace)));
            }
            audit.is_retraced()
        };
        let (trace, none) = ([7; 32], [0; 32]);
        assert!(of(Policy::Proven, Some(trace), report(1, trace)));
        assert!(!of(Policy::Proven, Some(trace), report(1, none)));
        assert!(!of(Policy::Proven, Some(trace), report(2, trace)));
        // Nothing was shown, which is no trace.
        assert!(!of(Policy::Proven, None, report(1, none)));
        // Who repeats an answer has its trace as well, where there is none to compare.
        assert!(!of(Policy::Replicated, Some(trace), report(1, trace)));
        assert!(!of(Policy::Tolerance { within: 1 }, Some(none), report(1, none)));
    }
}
