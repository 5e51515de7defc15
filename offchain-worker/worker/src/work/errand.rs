//! Work that no task asks for: what a panel judges, and what is to be kept of a model.

use super::{Asked, Kept, Opens, Progress, Seat, Work};
use cairn_order::{engines, Want};
use cairn_protocol::{
    id::{ContentId, Digest, File, Height, PanelId, ProviderId},
    job::{Inline, Job, JobKind, Payload, Policy, Requirements, Terms},
    learning::{
        brief::{Brief, Subject, MOST_CHANGE},
        committee::{Panel, Progress as SeatProgress},
    },
    lifecycle::panel::Stage,
    profile::DeviceClass,
};
use cairn_sdk::{Keeping, Wanted};
use codec::Encode;
use std::sync::Arc;

/// Blocks to come by a file in that nobody keeps any more, where the chain names none.
const LOST_BLOCKS: Height = 600;

/// A brief, and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Errand {
    pub brief: Arc<Brief>,
    pub aim: Aim,
    /// Blocks that it had when this process first saw it.
    pub blocks: Height,
}

/// What is wanted of a brief.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Aim {
    /// What a guard says of it.
    Opinion,
    /// The component with the delta laid on it, which is called so.
    Candidate(File),
}

impl Errand {
    /// As a process is asked for it.
    pub fn want(&self) -> Want {
        match self.aim {
            Aim::Opinion => Want::Opinion,
            Aim::Candidate(_) => Want::Candidate,
        }
    }

    /// What others like it have in common, so that they take as much memory.
    pub fn like(&self) -> ContentId {
        match self.aim {
            Aim::Opinion => self.brief.bundle.id,
            Aim::Candidate(file) => file.id,
        }
    }

    /// What tells it from all others.
    pub fn digest(&self) -> Digest {
        *blake3::hash(&self.brief.encode()).as_bytes()
    }

    /// The files that it takes, where these are those of the model's bundle, if that was to be had.
    /// What nobody would look at for its length is not among them.
    pub fn files(&self, bundle: &[File]) -> Vec<File> {
        // Some of the bundle's describe the model. Which, is read elsewhere, so that all go along.
        let mut files = match self.aim {
            Aim::Opinion => self.brief.files(),
            Aim::Candidate(_) => {
                let records = self.brief.source.file();
                self.brief.files().into_iter().filter(|file| *file != records).collect()
            }
        };
        files.extend_from_slice(bundle);
        files.retain(|file| !self.is_too_large(file, bundle));
        files
    }

    /// Whether it is the delta, and has more bytes than one of any component has.
    fn is_too_large(&self, file: &File, bundle: &[File]) -> bool {
        let Subject::Delta { component, artifact, .. } = &self.brief.subject else { return false };
        let mut parts = self.brief.parts.iter();
        let part = parts.find(|part| part.component == *component).map(|part| part.file.bytes);
        let base = part.or_else(|| bundle.iter().map(|file| file.bytes).max());
        let most = base.map(|bytes| bytes.saturating_mul(MOST_CHANGE));
        file == artifact && most.is_some_and(|most| file.bytes > most)
    }

    /// The terms of a job like it, which asks for so much memory.
    pub fn terms(&self, memory_mib: u32) -> Terms {
        let job = Job {
            kind: JobKind::Evaluate,
            model: Some(self.brief.model),
            engine: engines::exact(),
            input: Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: self.brief.seed,
            units: u64::MAX,
            sampled: false,
        };
        Terms {
            job,
            policy: Policy::Replicated,
            redundancy: 1,
            requirements: Requirements { memory_mib, ..Requirements::any(DeviceClass::Cpu) },
            reward: 0,
            tip: 0,
            match_by: 0,
            work_blocks: self.blocks,
            seal: None,
            output_bytes: Inline::bound() as u32,
            auditable: false,
        }
    }
}

impl Work {
    /// What a guard has to do on a panel; nothing if it has no seat there.
    pub fn on_panel<A>(
        panel: PanelId,
        record: &Panel<A>,
        provider: ProviderId,
        errand: Errand,
        memory_mib: u32,
        block: u64,
    ) -> Option<Self> {
        let taken = record.seat(provider)?;
        Some(Self {
            seat: Seat::on_panel(panel, record.round),
            progress: match taken.progress {
                SeatProgress::Working => Progress::Working,
                SeatProgress::Committed(commitment) => Progress::Committed(commitment),
                SeatProgress::Revealed(_) => Progress::Revealed,
            },
            opens: match record.stage {
                Stage::Commits => Opens::Commits,
                Stage::Reveals => Opens::Reveals,
                Stage::Drawing | Stage::Window => Opens::Nothing,
            },
            due: record.due,
            offered: 0,
            block,
            terms: Arc::new(errand.terms(memory_mib)),
            errand: Some(errand),
        })
    }

    /// What whoever could keep a file has to do: to come by it, and to say that it has it.
    pub fn of_keeper(
        wanted: &Wanted,
        errand: Errand,
        memory_mib: u32,
        now: Height,
        block: u64,
    ) -> Self {
        Self {
            seat: Self::keeper_seat(wanted),
            progress: Progress::Working,
            opens: Opens::Commits,
            due: Self::keeper_due(wanted, now),
            offered: 0,
            block,
            terms: Arc::new(errand.terms(memory_mib)),
            errand: Some(errand),
        }
    }

    /// Up to when a file is to be come by.
    pub fn keeper_due(wanted: &Wanted, now: Height) -> Height {
        wanted.due.unwrap_or(now.saturating_add(LOST_BLOCKS))
    }

    /// Who is wanted once more, since all others are gone, is so by another name.
    pub fn keeper_seat(wanted: &Wanted) -> Seat {
        let round = u16::from(wanted.due.is_none());
        Seat { round, ..Seat::keeper(wanted.delta) }
    }

    /// What tells it from all others under its name: of a task its terms, else what it is about.
    pub fn digest(&self) -> Digest {
        match &self.errand {
            Some(errand) => errand.digest(),
            None => *blake3::hash(&self.terms.encode()).as_bytes(),
        }
    }
}

impl Kept {
    /// A file that the chain knows this provider to keep.
    pub fn of_model(keeping: &Keeping) -> Self {
        let asked = keeping.asked.as_ref();
        Self {
            seat: Seat::keeper(keeping.delta),
            asked: asked.map(|(chunks, _)| Asked { file: keeping.file, chunks: chunks.clone() }),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::journal::Step;
    use cairn_protocol::{
        id::BlockId,
        learning::{
            evaluation::Opinion,
            model::{Component, Part, Parts},
            source::Source,
        },
        result::{Answer, Output},
        spec::Records,
    };

    pub fn file(name: u8, bytes: u64) -> File {
        File { id: ContentId([name; 32]), bytes }
    }

    pub fn component() -> Component {
        b"trunk".to_vec().try_into().unwrap()
    }

    /// A delta of 40 bytes for a component of 10, which is at most one that is looked at.
    pub fn brief() -> Brief {
        let part = Part { component: component(), file: file(3, 10) };
        Brief {
            model: BlockId([9; 32]),
            bundle: file(1, 300),
            judge: ContentId([2; 32]),
            parts: Parts::try_from(vec![part]).unwrap(),
            subject: Subject::Delta {
                component: component(),
                artifact: file(4, 40),
                base: ContentId([3; 32]),
            },
            source: Source::Records(Records { file: file(5, 8_000), record_bytes: 8 }),
            count: 64,
            threshold: 10_000,
            attempts: 0,
            seed: [7; 32],
        }
    }

    pub fn errand() -> Errand {
        Errand { brief: Arc::new(brief()), aim: Aim::Opinion, blocks: 40 }
    }

    /// That this came of it.
    pub fn said(opinion: &Opinion) -> Step {
        let output = Output::Inline(opinion.encode().try_into().unwrap());
        let answer = Answer { engine: engines::exact(), output, fingerprint: None, units: 1 };
        Step::Made { answer, trace: [1; 32] }
    }

    /// Awaited of a guard until then, in this round.
    pub fn judging(panel: u64, round: u16, due: Height) -> Work {
        let errand = errand();
        Work {
            seat: Seat::on_panel(PanelId(panel), round),
            progress: Progress::Working,
            opens: Opens::Commits,
            due,
            offered: 0,
            block: 7,
            terms: Arc::new(errand.terms(0)),
            errand: Some(errand),
        }
    }
}

#[cfg(test)]
mod tests;
