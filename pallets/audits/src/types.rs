//! What is stored of audits, and what governance may tune.

use alloc::vec::Vec;
use cairn_protocol::{
    audit::{Finding, Report, Shares},
    id::{Amount, Digest, Height, ProviderId},
    job::{JobKind, Policy, Requirements, MAX_REDUNDANCY},
    share::Ppm,
};
use cairn_seams::{Brief, Ticket, FAILED_AT_MOST};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// What everything stored or shown here derives.
macro_rules! stored {
    ($($item:item)*) => {$(
        #[derive(
            Clone,
            Debug,
            Decode,
            DecodeWithMemTracking,
            Encode,
            Eq,
            MaxEncodedLen,
            PartialEq,
            TypeInfo,
        )]
        $item
    )*};
}

/// Guards of one audit, at most; a protocol bound, as that of workers.
pub const MAX_GUARDS: u32 = MAX_REDUNDANCY as u32;
/// What guards are judged by: how they evaluate.
pub const KIND: JobKind = JobKind::Evaluate;
/// Guards that are not drawn again for one audit: all of three draws.
pub const EXCLUDED: u32 = 3 * MAX_GUARDS;

pub type AuditOf<T> = Audit<<T as frame_system::Config>::AccountId>;

stored! {
    /// A result that is looked at again, or may be.
    pub struct Audit<AccountId> {
        pub requester: AccountId,
        pub policy: Policy,
        pub requirements: Requirements,
        pub sealed: bool,
        /// Blocks that the work takes at most.
        pub work_blocks: Height,
        pub reward: Amount,
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

    /// What an audit waits for.
    #[derive(Copy)]
    pub enum Stage {
        /// The seed of its draw. Once the lot fell, it need not fall again.
        #[codec(index = 0)]
        Drawing { ticket: Ticket, fell: bool },
        /// Sealed: its guards wait for the requester's keys.
        #[codec(index = 1)]
        Keys,
        /// Guards compute, and commit to what they found; workers, to their traces.
        #[codec(index = 2)]
        Commits,
        /// Nobody can commit any more, so findings may be known.
        #[codec(index = 3)]
        Reveals,
        /// Everything is known, and whoever planted the result may say so.
        #[codec(index = 4)]
        Unmasking,
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

    /// A provider's licence to plant false results.
    #[derive(Copy)]
    pub struct Licence {
        /// Revoked, it is kept as long as notes of it are.
        pub valid: bool,
        /// Notes that are kept.
        pub notes: u32,
        /// Since when results it planted are counted, and how many were paid for.
        pub since: Height,
        pub paid: u32,
    }

    /// That something was noted before it happened. What, its digest says to whoever made it.
    pub struct Note<AccountId> {
        /// Of whom the deposit is held.
        pub depositor: AccountId,
        pub deposit: Amount,
        pub noted: Height,
    }

    /// What governance may tune of audits.
    #[derive(Copy)]
    pub struct Rules {
        pub shares: Shares,
        pub draws: Draws,
        pub clocks: Clocks,
        pub pay: Pay,
        pub plants: Plants,
    }

    /// Who looks.
    #[derive(Copy)]
    pub struct Draws {
        /// Guards of an audit, where the task does not say how many; nine at most.
        pub guards: u8,
        /// Providers looked at for them.
        pub sample: u8,
        /// How often they are drawn again where too few could be, or were silent at an outcome.
        pub again: u8,
    }

    /// Times, in blocks of the market's clock.
    #[derive(Copy)]
    pub struct Clocks {
        /// For the requester of a sealed task to post keys.
        pub keys: Height,
        /// To commit, beside the time that the work takes.
        pub commit: Height,
        pub reveal: Height,
        /// For whoever planted a result to say so.
        pub unmask: Height,
    }

    /// What guards get together, as a share of the reward that they guard.
    #[derive(Copy)]
    pub struct Pay {
        pub guards: Ppm,
        /// Where it is them who measure what the task is paid for.
        pub outcome: Ppm,
    }

    /// Results that are known to be false.
    #[derive(Copy)]
    pub struct Plants {
        /// Held for each note.
        pub deposit: Amount,
        /// Blocks after which a note is worth nothing.
        pub note_life: Height,
        /// What a planter gets for a result that was audited.
        pub reward: Amount,
        /// How often it gets it in so many blocks.
        pub paid: u32,
        pub day: Height,
    }
}

impl Rules {
    /// How long an audit takes once its first seed is there, if seeds, which take so many blocks,
    /// are in time and blocks have room.
    pub fn longest(&self, work: Height, sealed: bool, outcome: bool, seed: Height) -> Height {
        let keys = if sealed { self.clocks.keys } else { 0 };
        // Each stage is left in the block after its last.
        let look = keys
            .saturating_add(self.clocks.to_commit(work))
            .saturating_add(self.clocks.reveal)
            .saturating_add(self.clocks.unmask)
            .saturating_add(4);
        let again = Height::from(self.draws.again);
        let seeds = again.saturating_mul(seed.saturating_add(1));
        let looks = if outcome { again.saturating_add(1) } else { 1 };
        seeds.saturating_add(look.saturating_mul(looks))
    }
}

impl Clocks {
    /// Blocks for guards to do work again that takes so many, and commit.
    fn to_commit(&self, work: Height) -> Height {
        self.commit.saturating_add(work)
    }
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
    /// Of what was agreed on at that height, and which waits for a seed.
    pub fn of(brief: Brief<AccountId>, begun: Height, ticket: Ticket) -> Self {
        let claim = match (brief.policy, brief.fingerprint) {
            (Policy::Tolerance { .. }, Some(print)) => Finding::Fingerprint(print),
            _ => Finding::Answer(brief.answer),
        };
        let workers = brief.workers.into_iter().map(Member::working).collect();
        Self {
            requester: brief.requester,
            policy: brief.policy,
            requirements: brief.requirements,
            sealed: brief.sealed,
            work_blocks: brief.work_blocks,
            reward: brief.reward,
            redundancy: brief.redundancy,
            contested: brief.contested,
            claim,
            answer: brief.answer,
            begun,
            round: 1,
            stage: Stage::Drawing { ticket, fell: false },
            due: begun,
            next: begun,
            workers: BoundedVec::truncate_from(workers),
            others: BoundedVec::truncate_from(brief.others),
            guards: Default::default(),
            drawn: 0,
            rejected: 0,
            excluded: Default::default(),
        }
    }

    /// Those whose word is for or against the result: whoever had a seat when it was agreed on.
    pub fn witnesses(&self) -> impl Iterator<Item = ProviderId> + '_ {
        let seats = MAX_GUARDS as usize;
        let workers = self.workers.iter().map(|worker| worker.provider);
        workers.chain(self.others.iter().rev().copied()).take(seats)
    }

    pub fn is_outcome(&self) -> bool {
        matches!(self.policy, Policy::Outcome { .. })
    }

    /// Blocks for guards to do the work again, and commit.
    pub fn commit_blocks(&self, clocks: &Clocks) -> Height {
        clocks.to_commit(self.work_blocks)
    }

    /// Whether workers show their traces. Of training nobody knows how it was done.
    pub fn asks_workers(&self) -> bool {
        !self.is_outcome()
    }

    /// A guard or a worker.
    pub fn member_mut(&mut self, provider: ProviderId) -> Option<&mut Member> {
        let asks = self.asks_workers();
        self.guards
            .iter_mut()
            .chain(self.workers.iter_mut().filter(|_| asks))
            .find(|member| member.provider == provider)
    }

    pub fn guard_mut(&mut self, provider: ProviderId) -> Option<&mut Member> {
        self.guards.iter_mut().find(|guard| guard.provider == provider)
    }

    /// Guards, and the workers who are asked as well.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.guards.iter().chain(self.workers.iter().filter(|_| self.asks_workers()))
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
}

impl Licence {
    /// With one more planted result; and whether it is paid for.
    pub fn planted(&self, now: Height, plants: &Plants) -> (Self, bool) {
        let new_day = now >= self.since.saturating_add(plants.day);
        let today = if new_day { Self { since: now, paid: 0, ..*self } } else { *self };
        if today.paid >= plants.paid {
            return (today, false);
        }
        (Self { paid: today.paid.saturating_add(1), ..today }, true)
    }
}
