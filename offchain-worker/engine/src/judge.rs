//! What a change of a model is worth. Guards judge by this, and whoever has learned something checks
//! it by the same before handing it in.
//!
//! ```text
//! Brief ──▶ files ──▶ model ──┬─▶ baseline ───▶ losses ─┬─▶ sum tree ──▶ Opinion::Measured
//!             │               └─▶ candidate ──▶ losses ─┘
//!             │                      │ delta ✕ ──▶ Opinion::Flawed
//!             └ ✕ ──▶ Opinion::Unavailable
//! ```
//!
//! An opinion is a function of the brief, and of which of its files are to be had: everyone comes to
//! the same, by any number of threads, and whatever was judged before. What only this machine lacks
//! is an error and never an opinion.
//!
//! A delta is laid on a component in memory, and only the tensors that it changes are copied: the
//! rest of the model lies in files that stay mapped for the next one. A baseline that was measured on
//! the same sample is not measured again.

mod candidate;
mod drawn;
mod error;
mod model;
mod recent;

pub use drawn::{Maker, Ready, Unmade};
pub use error::JudgeError;

use crate::exact::{self, ExactError};
use cairn_artifact::{
    cache::Cache,
    store::{Held, Store},
};
use cairn_kernel::run::{self, Alone, Crew, Job, Plan};
use cairn_protocol::{
    chunk::content,
    id::{ContentId, Digest, File},
    learning::{
        brief::{Brief, Subject},
        evaluation::{DeltaFlaw, Evaluation, Opinion},
        model::{content_of, Parts},
        sample,
        source::Source,
        sums::{self, Leaf},
    },
    spec::TOKEN_BYTES,
};
use candidate::Laid;
use codec::Encode;
use drawn::Drawn;
use error::Stop;
use model::{Frame, Opened};
use recent::Recent;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What is kept: the models before and after, with what was opened for the one before.
const MODELS: usize = 3;
const FILES: usize = 4;
/// Each has at most 2^14 losses.
const BASELINES: usize = 8;
const OPINIONS: usize = 16;
/// Records that are in memory at once.
const AT_ONCE: usize = 64;

/// Where the files of a brief lie, and where what is derived of them may be put.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub store: &'a Path,
    pub cache: &'a Path,
}

/// What a brief came to.
#[derive(Clone, Debug)]
pub struct Judged {
    pub opinion: Opinion,
    /// What the tree of sums is over; none where nothing was measured.
    pub leaves: Arc<[Leaf]>,
    /// Tokens that were foretold, by one of the two.
    pub tokens: u64,
}

/// Judges, and keeps some of what the next brief may need too.
pub struct Judge<'a> {
    crew: &'a dyn Crew,
    maker: &'a dyn Maker,
    models: Recent<ContentId, Arc<Opened>>,
    files: Recent<ContentId, Arc<Held>>,
    baselines: Recent<ContentId, Arc<[One]>>,
    opinions: Recent<ContentId, Judged>,
}

/// What was lost on one record.
#[derive(Clone, Copy, Debug)]
struct One {
    micro_nats: u64,
    /// Over what was lost token by token.
    trace: Digest,
}

/// What is measured, ready to run.
struct Run<'p> {
    baseline: Option<Plan<'p>>,
    candidate: Plan<'p>,
}

/// The folders of one brief.
struct Desk {
    store: Store,
    cache: PathBuf,
}

impl<'a> Judge<'a> {
    /// The crew computes, and the maker runs modules that make records.
    pub fn new(crew: &'a dyn Crew, maker: &'a dyn Maker) -> Self {
        Self {
            crew,
            maker,
            models: Recent::of(MODELS),
            files: Recent::of(FILES),
            baselines: Recent::of(BASELINES),
            opinions: Recent::of(OPINIONS),
        }
    }

    /// What is to be said of a brief.
    pub fn judge(&mut self, brief: &Brief, place: Place<'_>) -> Result<Judged, JudgeError> {
        let name = content(&brief.encode());
        if let Some(judged) = self.opinions.get(&name) {
            return Ok(judged);
        }
        let judged = match self.found(brief, &Desk::at(place)) {
            Ok(judged) => judged,
            Err(Stop::Said(opinion)) => Judged::without(opinion),
            Err(Stop::Fault(fault)) => return Err(fault),
        };
        // What was missing may be there the next time.
        if !matches!(judged.opinion, Opinion::Unavailable(_)) {
            self.opinions.put(name, judged.clone());
        }
        Ok(judged)
    }

    /// Writes the component with the brief's delta laid on it, and says what it is called; or why
    /// there is none. Nothing is measured, and no records are needed.
    pub fn lay(
        &mut self,
        brief: &Brief,
        place: Place<'_>,
        to: &Path,
    ) -> Result<Result<File, Opinion>, JudgeError> {
        match self.laid(brief, &Desk::at(place), to) {
            Ok(file) => Ok(Ok(file)),
            Err(Stop::Said(opinion)) => Ok(Err(opinion)),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }

    /// Writes the records that a brief is measured on, one after another; or says why there are
    /// none. No model is needed.
    pub fn sample(
        &mut self,
        brief: &Brief,
        place: Place<'_>,
        to: &Path,
    ) -> Result<Result<File, Opinion>, JudgeError> {
        match self.sampled(brief, &Desk::at(place), to) {
            Ok(file) => Ok(Ok(file)),
            Err(Stop::Said(opinion)) => Ok(Err(opinion)),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }

    fn sampled(&mut self, brief: &Brief, desk: &Desk, to: &Path) -> Result<File, Stop> {
        desk.need([&brief.source.file()])?;
        if brief.source.check().is_err() {
            return Err(DeltaFlaw::Unmeasurable.into());
        }
        let mut drawn = self.drawn(desk, brief)?;
        let mut bytes = Vec::new();
        for record in sample::records(&brief.source, brief.count, &brief.seed) {
            let tokens = drawn.record(record)?;
            bytes.extend(tokens.iter().flat_map(|token| token.to_le_bytes()));
        }
        let written = fs::write(to, &bytes);
        written.map_err(|reason| JudgeError::File { path: to.to_owned(), reason })?;
        Ok(File { id: content(&bytes), bytes: bytes.len() as u64 })
    }

    fn laid(&mut self, brief: &Brief, desk: &Desk, to: &Path) -> Result<File, Stop> {
        let Subject::Delta { component, artifact, base } = &brief.subject else {
            return Err(JudgeError::NoDelta.into());
        };
        let frame = Frame::read(desk, brief);
        candidate::check_size(brief, frame.as_ref().ok())?;
        desk.need([artifact])?;
        let file = frame?.stands(&brief.parts)?.file(component)?;
        let held = self.file(desk, &file)?;
        let change = candidate::read(&desk.open(artifact)?, base)?;
        Laid::on(&held, &change)?.write(to)
    }

    fn found(&mut self, brief: &Brief, desk: &Desk) -> Result<Judged, Stop> {
        let frame = Frame::read(desk, brief);
        // What is too large nobody fetches, so this comes before what is missing.
        candidate::check_size(brief, frame.as_ref().ok())?;
        desk.need(&brief.files())?;
        let frame = frame?;
        if brief.source.check().is_err() {
            return Err(DeltaFlaw::Unmeasurable.into());
        }
        let before = self.open(desk, brief, &frame, &brief.parts)?;
        match &brief.subject {
            Subject::Heads(parts) => {
                let after = self.open(desk, brief, &frame, parts)?;
                let candidate = after.package.plan()?;
                self.measured(desk, brief, &before, candidate, content_of(parts))
            }
            Subject::Delta { component, artifact, base } => {
                let held = self.file(desk, &before.stands.file(component)?)?;
                let change = candidate::read(&desk.open(artifact)?, base)?;
                let laid = Laid::on(&held, &change)?;
                let name = model::name(component)?;
                let candidate = before.package.plan_with(name, &laid.masters())?;
                self.measured(desk, brief, &before, candidate, laid.file()?.id)
            }
        }
    }

    /// What both lose on the sample.
    fn measured(
        &mut self,
        desk: &Desk,
        brief: &Brief,
        before: &Opened,
        candidate: Plan<'_>,
        name: ContentId,
    ) -> Result<Judged, Stop> {
        let records = sample::records(&brief.source, brief.count, &brief.seed);
        // Of fewer nobody would take what they come to.
        if records.len() as u64 != u64::from(brief.count) {
            return Err(DeltaFlaw::Unmeasurable.into());
        }
        let sampled = (&brief.source, brief.seed, brief.count);
        let key = content(&(model::key(brief, &brief.parts), sampled).encode());
        let known = self.baselines.get(&key);
        let baseline = match known {
            None => Some(before.package.plan()?.for_many(brief.count)),
            Some(_) => None,
        };
        let mut drawn = self.drawn(desk, brief)?;
        let run = Run { baseline, candidate: candidate.for_many(brief.count) };
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for some in records.chunks(AT_ONCE) {
            let some: Vec<Vec<u32>> =
                some.iter().map(|record| drawn.record(*record)).collect::<Result<_, _>>()?;
            let (olds, news) = run.lost(self.crew, &some)?;
            old.extend(olds);
            new.extend(news);
        }
        let baseline = known.unwrap_or_else(|| old.into());
        let leaf = |((record, old), new): ((&u64, &One), &One)| Leaf {
            record: *record,
            baseline: old.micro_nats,
            loss: new.micro_nats,
            trace: content(&[old.trace, new.trace].concat()).0,
        };
        let leaves: Arc<[Leaf]> = records.iter().zip(&*baseline).zip(&new).map(leaf).collect();
        self.baselines.put(key, baseline);
        // Of no records, or such that lose more than there is.
        let tree = sums::tree(&leaves, brief.threshold);
        let tree = tree.map_err(|_| Stop::from(DeltaFlaw::Unmeasurable))?;
        let opinion = Opinion::Measured(Evaluation::of(name, tree.root()));
        let foretold = (brief.source.record_bytes() / TOKEN_BYTES).saturating_sub(1);
        let tokens = u64::from(foretold) * records.len() as u64;
        Ok(Judged { opinion, leaves, tokens })
    }

    /// The model with these components, opened once for as long as it is asked for.
    fn open(
        &mut self,
        desk: &Desk,
        brief: &Brief,
        frame: &Frame,
        parts: &Parts,
    ) -> Result<Arc<Opened>, Stop> {
        let key = model::key(brief, parts);
        if let Some(opened) = self.models.get(&key) {
            return Ok(opened);
        }
        let stands = frame.stands(parts)?;
        desk.need(stands.files())?;
        let cache = Cache::at(&desk.cache)?;
        let package = stands.package(&desk.store, &cache)?;
        let opened = Arc::new(Opened { package, stands });
        self.models.put(key, Arc::clone(&opened));
        Ok(opened)
    }

    /// Where the sample is taken from.
    fn drawn(&mut self, desk: &Desk, brief: &Brief) -> Result<Drawn<'a>, Stop> {
        match &brief.source {
            Source::Records(records) => {
                Ok(Drawn::Set(self.file(desk, &records.file)?, records.record_bytes))
            }
            Source::Generator(generator) => {
                let module = desk.open(&generator.module)?;
                let ready = self.maker.ready(&module, generator, &brief.seed)?;
                Ok(Drawn::Made(ready, generator.record_bytes))
            }
        }
    }

    /// A large file, which is hashed once for as long as it is asked for.
    fn file(&mut self, desk: &Desk, file: &File) -> Result<Arc<Held>, Stop> {
        if let Some(held) = self.files.get(&file.id) {
            return Ok(held);
        }
        desk.need([file])?;
        let held = Arc::new(desk.open(file)?);
        self.files.put(file.id, Arc::clone(&held));
        Ok(held)
    }
}

impl Judged {
    fn without(opinion: Opinion) -> Self {
        Self { opinion, leaves: Arc::default(), tokens: 0 }
    }
}

impl Run<'_> {
    /// What is lost on records, by the baseline where that is not known and by the candidate.
    /// Whole records are shared out, as an operator of a small model is too little to share.
    fn lost(&self, crew: &dyn Crew, records: &[Vec<u32>]) -> Result<(Vec<One>, Vec<One>), Stop> {
        let plans = self.baseline.iter().chain([&self.candidate]);
        let work = plans.flat_map(|plan| records.iter().map(move |record| (plan, record)));
        let work: Vec<_> = work.collect();
        let undone = || Err(ExactError::Run(run::Error::Undone));
        let mut made: Vec<Result<One, ExactError>> = work.iter().map(|_| undone()).collect();
        let jobs = work.into_iter().zip(&mut made);
        let jobs = jobs.map(|((plan, record), made)| -> Job<'_> {
            Box::new(move || *made = One::of(plan, record))
        });
        crew.work(jobs.collect());
        // Of several that failed, the same by any crew.
        let mut old = made.into_iter().collect::<Result<Vec<One>, _>>()?;
        let new = old.split_off(old.len() - records.len());
        Ok((old, new))
    }
}

impl One {
    fn of(plan: &Plan<'_>, record: &[u32]) -> Result<Self, ExactError> {
        let each = exact::each_loss(plan, &Alone, record)?;
        let sum: i64 = each.iter().copied().map(i64::from).sum();
        let bytes: Vec<u8> = each.iter().flat_map(|lost| lost.to_le_bytes()).collect();
        // No loss is negative; one that were would be more than there can be.
        Ok(Self { micro_nats: u64::try_from(sum).unwrap_or(u64::MAX), trace: content(&bytes).0 })
    }
}

impl Desk {
    fn at(place: Place<'_>) -> Self {
        Self { store: Store::existing(place.store), cache: place.cache.to_owned() }
    }

    /// Names the first of these files that is not to be had. One of another length than is said
    /// is none: nobody has the file that is asked for.
    fn need<'f>(&self, files: impl IntoIterator<Item = &'f File>) -> Result<(), Stop> {
        match files.into_iter().find(|file| !self.store.has(file)) {
            None => Ok(()),
            Some(file) => Err(Opinion::Unavailable(file.id).into()),
        }
    }

    fn open(&self, file: &File) -> Result<Held, Stop> {
        Ok(self.store.open_file(file)?)
    }
}
