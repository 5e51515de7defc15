//! What there is to do, as the chain has it.

pub(crate) mod errand;

use cairn_protocol::{
    audit::record::{Audit, Member, Progress as AuditProgress},
    challenge::Challenge,
    id::{Amount, DeltaId, Digest, File, Height, PanelId, ProviderId, TaskId},
    job::{Policy, Terms},
    lifecycle::{audit::Stage as AuditStage, Stage},
    profile::DeviceClass,
    result::Output,
    task::{Progress as SeatProgress, Task},
    view::TaskView,
};
use codec::{Decode, Encode};
use std::{fmt, sync::Arc};

pub use errand::{Aim, Errand};

/// What a provider is to a task, a panel or a delta.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Part {
    /// It does the job.
    #[codec(index = 0)]
    Worker,
    /// It has done the job, and shows in an audit how it came to its result.
    #[codec(index = 1)]
    Witness,
    /// It does the job once more, to see whether the result is right.
    #[codec(index = 2)]
    Guard,
    /// It is on a panel, and says what comes of a brief.
    #[codec(index = 3)]
    Judge,
    /// It is to hold what a component becomes by a delta.
    #[codec(index = 4)]
    Keeper,
}

/// One piece of work of one provider, under a name that no other has on its chain.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Seat {
    /// Of the task; of the panel where it judges, and of the delta where it keeps.
    pub number: u64,
    pub part: Part,
    /// The round that it was drawn in, of workers or of guards.
    pub round: u16,
    /// Its registration as it was then; 0 where the chain does not say.
    pub generation: u32,
}

/// What the chain knows of how far it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// Waits for a key to the payload.
    Locked,
    Working,
    Committed(Digest),
    Revealed,
}

/// What the chain takes now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opens {
    Commits,
    Reveals,
    Nothing,
}

/// A piece of work as it stood after a block.
#[derive(Clone, Debug)]
pub struct Work {
    pub seat: Seat,
    pub progress: Progress,
    pub opens: Opens,
    /// The last height of what it waits for.
    pub due: Height,
    /// What it is paid for the whole of it.
    pub offered: Amount,
    /// The block after which it stood so.
    pub block: u64,
    pub terms: Arc<Terms>,
    /// What it is about where it is no task's job. The terms are those that a job like it would
    /// have, so that it waits, and is done, as any other.
    pub errand: Option<Errand>,
}

/// A result of this provider's, made or about to be, that its requester may still want; or what it
/// keeps of a model.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    pub seat: Seat,
    /// What of it is to be shown now.
    pub asked: Option<Asked>,
}

/// Chunks that are to be shown: of a result that its requester could not fetch, as is said, or of
/// what is kept of a model.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    pub file: File,
    /// In ascending order.
    pub chunks: Vec<u64>,
}

/// What concerns the chain's view of the provider itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// What it is registered as, whatever it was measured to be.
    pub class: DeviceClass,
    /// When it last said that it is there.
    pub heartbeat: Option<Height>,
    /// It was called and was not there.
    pub missed: bool,
    /// It serves no more, and nobody waits for it.
    pub leaving: bool,
}

/// All there is to do after a block.
#[derive(Clone, Debug)]
pub struct Turn {
    pub block: u64,
    /// The market's time.
    pub now: Height,
    pub works: Vec<Work>,
    /// Results that are not to be thrown away.
    pub kept: Vec<Kept>,
    /// Open challenges that it is a member of.
    pub challenges: Vec<(u64, Challenge)>,
    /// None where the registration is gone.
    pub standing: Option<Standing>,
}

impl Seat {
    /// That of a worker, as the task's record has it.
    fn at_task<A>(task: TaskId, record: &Task<A>, provider: ProviderId) -> Option<Self> {
        let seat = record.seat(provider)?;
        let (round, generation) = (seat.round, seat.generation);
        Some(Self { number: task.0, part: Part::Worker, round, generation })
    }

    /// Of a guard on a panel.
    pub fn on_panel(panel: PanelId, round: u16) -> Self {
        Self { number: panel.0, part: Part::Judge, round, generation: 0 }
    }

    /// Of whoever keeps what comes of a delta.
    pub fn keeper(delta: DeltaId) -> Self {
        Self { number: delta.0, part: Part::Keeper, round: 0, generation: 0 }
    }

    /// The task, where it has a part in one.
    pub fn task(&self) -> TaskId {
        TaskId(self.number)
    }

    /// The panel, where it judges.
    pub fn panel(&self) -> PanelId {
        PanelId(self.number)
    }

    /// The delta, where it keeps what comes of it.
    pub fn delta(&self) -> DeltaId {
        DeltaId(self.number)
    }

    /// What its name begins with among others, and what it is called to people.
    fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self.part {
            Part::Worker => ("", "task", "worker"),
            Part::Witness => ("witness-", "task", "witness"),
            Part::Guard => ("guard-", "task", "guard"),
            Part::Judge => ("judge-", "panel", "judge"),
            Part::Keeper => ("keep-", "delta", "keeper"),
        }
    }

    /// What a transaction about it is called in the outbox.
    pub fn purpose(&self, what: &str) -> String {
        let Self { number, round, generation, .. } = self;
        let (prefix, ..) = self.words();
        format!("{prefix}{what}:{number}:{round}:{generation}")
    }
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, about, part) = self.words();
        write!(f, "{about} {}, {part}, round {}", self.number, self.round)
    }
}

impl Kept {
    /// The seat of a provider whose result is still of use: until it is paid and fetched, or will
    /// not be paid.
    pub fn seat<A>(task: TaskId, record: &Task<A>, provider: ProviderId) -> Option<Seat> {
        let seat = Seat::at_task(task, record, provider)?;
        let is_over = match record.stage {
            Stage::Refunded => true,
            Stage::Settled => record.acknowledged,
            _ => false,
        };
        (!is_over).then_some(seat)
    }
}

impl Asked {
    /// What a provider has to show of what it has revealed; nothing if nobody has complained, or
    /// the lot has not fallen.
    pub fn of<A>(view: &TaskView<A>, provider: ProviderId) -> Option<Self> {
        let complaint = view.complaint.as_ref()?;
        let is_mine = complaint.against == provider && !complaint.chunks.is_empty();
        let (_, answer) = view.answers.iter().find(|(who, _)| *who == provider && is_mine)?;
        match answer.output {
            Output::Artifact { id, bytes } => {
                Some(Self { file: File { id, bytes }, chunks: complaint.chunks.clone() })
            }
            Output::Inline(_) => None,
        }
    }
}

impl Work {
    /// What a provider has to do at a task; nothing if it has no seat there, or all is over.
    pub fn at_task<A>(
        task: TaskId,
        record: &Task<A>,
        provider: ProviderId,
        terms: &Arc<Terms>,
        block: u64,
    ) -> Option<Self> {
        let taken = record.seat(provider).filter(|_| !record.stage.is_end())?;
        Some(Self {
            seat: Seat::at_task(task, record, provider)?,
            progress: match taken.progress {
                SeatProgress::Locked => Progress::Locked,
                SeatProgress::Working => Progress::Working,
                SeatProgress::Committed(commitment) => Progress::Committed(commitment),
                SeatProgress::Revealed => Progress::Revealed,
            },
            opens: match record.stage {
                Stage::Assigned => Opens::Commits,
                Stage::Committed => Opens::Reveals,
                _ => Opens::Nothing,
            },
            due: record.due,
            offered: terms.offered(),
            block,
            terms: Arc::clone(terms),
            errand: None,
        })
    }

    /// What a provider has to do in an audit; nothing if it takes no part.
    pub fn in_audit<A>(
        task: TaskId,
        record: &Audit<A>,
        provider: ProviderId,
        terms: &Arc<Terms>,
        block: u64,
    ) -> Option<Self> {
        let is_guard = record.guard(provider).is_some();
        let mut members = record.members();
        let member: &Member = members.find(|member| member.provider == provider)?;
        let part = if is_guard { Part::Guard } else { Part::Witness };
        Some(Self {
            seat: Seat { number: task.0, part, round: record.round, generation: 0 },
            progress: match &member.progress {
                AuditProgress::Locked => Progress::Locked,
                AuditProgress::Working => Progress::Working,
                AuditProgress::Committed(commitment) => Progress::Committed(*commitment),
                AuditProgress::Revealed(_) => Progress::Revealed,
            },
            opens: match record.stage {
                AuditStage::Commits => Opens::Commits,
                AuditStage::Reveals => Opens::Reveals,
                _ => Opens::Nothing,
            },
            due: record.due,
            offered: record.offered,
            block,
            terms: Arc::clone(terms),
            errand: None,
        })
    }

    /// Whether the chain waits for a commitment to a result.
    pub fn is_awaited(&self) -> bool {
        self.progress == Progress::Working && self.opens == Opens::Commits
    }

    /// Whether it is to measure what another provider learnt, and not to learn anew.
    pub fn measures(&self) -> bool {
        self.seat.part == Part::Guard && matches!(self.terms.policy, Policy::Outcome { .. })
    }

    /// What it is paid for a unit.
    pub fn reward(&self) -> Amount {
        self.offered.checked_div(self.terms.job.units.into()).unwrap_or(0)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use cairn_protocol::{
        id::EngineId,
        job::{Job, JobKind, Payload, Policy, Requirements},
    };

    /// A module on a few bytes, for one worker.
    pub fn terms() -> Terms {
        Terms {
            job: Job {
                kind: JobKind::Wasm,
                model: None,
                engine: EngineId([1; 32]),
                input: Payload::Inline(Default::default()),
                parameters: Default::default(),
                seed: [3; 32],
                units: 100,
                sampled: false,
            },
            policy: Policy::Replicated,
            redundancy: 1,
            requirements: Requirements::any(DeviceClass::Cpu),
            reward: 1_000,
            tip: 0,
            match_by: 100,
            work_blocks: 50,
            seal: None,
            output_bytes: 16,
            auditable: true,
        }
    }

    pub fn seat(task: u64) -> Seat {
        Seat { number: task, part: Part::Worker, round: 1, generation: 0 }
    }

    /// Awaited until `due`, at so much a unit.
    pub fn work(task: u64, due: Height, reward: Amount) -> Work {
        let terms = Arc::new(terms());
        Work {
            seat: seat(task),
            progress: Progress::Working,
            opens: Opens::Commits,
            due,
            offered: reward * Amount::from(terms.job.units),
            block: 7,
            terms,
            errand: None,
        }
    }
}

#[cfg(test)]
mod tests;
