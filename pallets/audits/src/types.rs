//! What is stored beside the record of an audit, and what governance may tune.

use cairn_protocol::{
    audit::{Finding, Shares},
    id::{Amount, Height},
    job::{JobKind, Policy},
    share::Ppm,
};
use cairn_seams::Brief;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::BoundedVec;
use scale_info::TypeInfo;

pub use cairn_protocol::{
    audit::record::{Audit, Member, Progress, MAX_GUARDS},
    beacon::Ticket,
    lifecycle::audit::Stage,
};

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

/// What guards are judged by: how they evaluate.
pub const KIND: JobKind = JobKind::Evaluate;
pub type AuditOf<T> = Audit<<T as frame_system::Config>::AccountId>;

stored! {
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
        /// How often they are drawn again where too few could be, or were silent at an outcome;
        /// never once as many were silent as are noted.
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

    /// What guards get together, as a share of what a worker is offered: they do the same work.
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
    pub fn to_commit(&self, work_blocks: Height) -> Height {
        self.commit.saturating_add(work_blocks)
    }
}

/// The audit of what was agreed on at that height, which waits for a seed.
pub fn audit_of<AccountId>(
    brief: Brief<AccountId>,
    begun: Height,
    ticket: Ticket,
) -> Audit<AccountId> {
    let claim = match (brief.policy, brief.fingerprint) {
        (Policy::Tolerance { .. }, Some(print)) => Finding::Fingerprint(print),
        _ => Finding::Answer(brief.answer),
    };
    let workers = brief.workers.into_iter().map(Member::working).collect();
    Audit {
        requester: brief.requester,
        policy: brief.policy,
        requirements: brief.requirements,
        sealed: brief.sealed,
        work_blocks: brief.work_blocks,
        offered: brief.offered,
        redundancy: brief.redundancy,
        contested: brief.contested,
        claim,
        answer: brief.answer,
        begun,
        round: 1,
        stage: Stage::Drawing,
        ticket: Some(ticket),
        fell: false,
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
