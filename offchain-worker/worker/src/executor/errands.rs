//! What panels are to be told, and what is to be kept of a model: the files that it takes, and what
//! comes of it.
//!
//! ```text
//! brief ──▶ its files, as far as there are any ──▶ cairn-job ──┬▶ opinion ──▶ journal
//!                                                              └▶ component ──▶ store, archive
//! ```

use super::{perform::text, shared::Charge, together::opened, Executor};
use crate::{
    artifacts::Missing,
    job::{self, Trouble},
    journal::Made,
    scheduler::{Assignment, BLOCK},
    work::{Aim, Errand, Seat, Work},
};
use cairn_order::{engines, Fault, Judging, Product};
use cairn_protocol::{
    bundle::Bundle,
    failure::Failure,
    id::{ContentId, File},
    learning::evaluation::Opinion,
    result::{Answer, Output},
};
use cairn_sandbox::Profile;
use cairn_store::NodeId;
use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};
use tempfile::{NamedTempFile, TempDir};
use tracing::{debug, info, warn};

type Result<T> = std::result::Result<T, Trouble>;

/// The files of one errand, as they are put to a process.
struct Gathering<'a> {
    seat: Seat,
    near: &'a [NodeId],
    /// Whether what is missing may still come.
    is_patient: bool,
}

impl Executor {
    /// A file that is to be kept, where it need not be made: it is here, or somebody has it.
    pub(super) async fn brought(&self, work: &Work) -> Option<Made> {
        let Some(Errand { aim: Aim::Candidate(file), .. }) = &work.errand else { return None };
        match self.artifacts.bring_kept(&work.seat, file).await {
            Ok(()) => Some(held(file)),
            Err(missing) => {
                debug!("{} is made here: {missing}", work.seat);
                None
            }
        }
    }

    /// Fetches what it takes to look at a brief, and says where that lies.
    pub(super) fn prepare_errand(
        &self,
        one: &Assignment,
        errand: &Errand,
        near: &[NodeId],
        folder: &Path,
        until: Instant,
    ) -> Result<(Charge, Vec<File>, TempDir)> {
        self.sandbox.admit(Profile::Cpu)?;
        self.disk.check()?;
        let left = until.saturating_duration_since(Instant::now());
        let is_patient = waits(left, errand);
        let gathering = Gathering { seat: one.work.seat, near, is_patient };
        let bundle = self.listed(&gathering, errand)?;
        let list = bundle.as_ref().map(|bundle| bundle.files.as_slice()).unwrap_or_default();
        let wanted = errand.files(list);
        self.check_room(errand, &wanted, one.memory_mib)?;
        let files = self.had(&gathering, wanted)?;
        let desk = self.artifacts.desk_in(folder, &files)?;
        let judging = Judging {
            brief: (*errand.brief).clone(),
            want: errand.want(),
            store: text(desk.path())?,
            // What is derived from the model is in the scratch folder.
            cache: String::new(),
            threads: self.threads,
        };
        Ok((Charge::Brief(judging), files, desk))
    }

    /// The model's list of files; none where it is not to be had, or is none: a process that is
    /// given the brief says so alike everywhere.
    fn listed(&self, gathering: &Gathering<'_>, errand: &Errand) -> Result<Option<Bundle>> {
        let bundle = errand.brief.bundle;
        if job::check_bundle(&bundle).is_err() {
            return Ok(None);
        }
        let had = self.had(gathering, vec![bundle])?;
        if had.is_empty() {
            return Ok(None);
        }
        let path = self.artifacts.fetch(&bundle, gathering.near)?;
        match job::read_bundle(&path) {
            Ok(list) => Ok(Some(list)),
            Err(Trouble::Fault(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Those of the files that are to be had. What nobody has is waited for as long as there is
    /// time for it.
    fn had(&self, gathering: &Gathering<'_>, files: Vec<File>) -> Result<Vec<File>> {
        let Gathering { seat, near, is_patient } = gathering;
        self.artifacts.pin(seat, &files)?;
        let mut had = Vec::with_capacity(files.len());
        for file in files {
            let wanted = || self.stops.goes_on(seat);
            match self.artifacts.fetch_while(&file, near, wanted) {
                Ok(None) => return Err(Trouble::Stopped),
                Ok(Some(_)) => {
                    self.metrics.gave(file.bytes);
                    had.push(file);
                }
                Err(missing) if !is_lost(&missing) => return Err(missing.into()),
                Err(missing) if *is_patient => {
                    return Err(Trouble::later(Failure::MissingArtifact, missing));
                }
                Err(missing) => warn!("{seat} is looked at without it: {missing}"),
            }
        }
        Ok(had)
    }

    /// Refuses what takes more memory than it was given here. The next time it is given that.
    fn check_room(&self, errand: &Errand, files: &[File], have: u64) -> Result<()> {
        // Of the records no more is in memory than is drawn.
        let records = errand.brief.source.file();
        let held = files.iter().filter(|file| **file != records);
        let bytes = held.fold(0u64, |sum, file| sum.saturating_add(file.bytes));
        let need = bytes.div_ceil(1 << 20);
        if need <= have {
            return Ok(());
        }
        self.sizes.note(errand.like(), need);
        let words = format!("its files have {need} MiB, and it was given {have}");
        Err(Trouble::later(Failure::TooLargeForDevice, words))
    }

    /// What took more memory than its files is given twice as much the next time.
    pub(super) fn learn_size<T>(&self, one: &Assignment, result: &Result<T>) {
        let (Some(errand), Err(Trouble::Fault(fault))) = (&one.work.errand, result) else { return };
        if fault.failure == Failure::OutOfMemory {
            self.sizes.note(errand.like(), one.memory_mib.saturating_mul(2));
        }
    }

    /// What is made of what a process says.
    pub(super) fn receive_errand(
        &self,
        work: &Work,
        errand: &Errand,
        made: &cairn_order::Made,
        scratch: &Path,
    ) -> Result<Made> {
        match errand.aim {
            Aim::Opinion => {
                let made = self.answer(work, made, scratch)?;
                let opinion = job::check_opinion(&made.answer, &errand.brief)?;
                self.metrics.judged(name(&opinion));
                info!("{}: {opinion:?}", work.seat);
                Ok(made)
            }
            Aim::Candidate(file) => self.receive_candidate(work, &file, made, scratch),
        }
    }

    /// Puts a component that was made here to the others, if it is the one that is wanted. The
    /// process that wrote it goes on, so what is looked at is a copy.
    fn receive_candidate(
        &self,
        work: &Work,
        file: &File,
        made: &cairn_order::Made,
        scratch: &Path,
    ) -> Result<Made> {
        let Product::Scratch(name) = &made.product else {
            return Err(Fault::new(Failure::Internal, "it gave no file, which it was to").into());
        };
        let unread = |reason: io::Error| Trouble::later(job::of_disk(&reason), reason);
        let (path, _) = job::product(scratch, name)?;
        let copy = NamedTempFile::new_in(&self.disk.scratch).map_err(unread)?;
        let mut from = opened(&path).map_err(unread)?;
        io::copy(&mut from, &mut copy.as_file()).map_err(unread)?;
        // Nothing is published that was not asked for.
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(copy.reopen().map_err(unread)?).map_err(unread)?;
        let id = ContentId(*hasher.finalize().as_bytes());
        if id != file.id {
            let words = "it made another component than the one that is wanted";
            return Err(Fault::new(Failure::Internal, words).into());
        }
        // Of a process that goes on for long, what it wrote would be added up.
        fs::remove_file(&path).map_err(unread)?;
        let published = self.artifacts.publish_file(copy.path())?;
        self.artifacts.keep_model(&work.seat, &published)?;
        Ok(held(&published))
    }
}

/// A component that is here now.
fn held(file: &File) -> Made {
    let output = Output::Artifact { id: file.id, bytes: file.bytes };
    let answer = Answer { engine: engines::exact(), output, fingerprint: None, units: 0 };
    Made { answer, trace: file.id.0 }
}

/// Whether more than half of the time is left, in which what is missing may still come.
fn waits(left: Duration, errand: &Errand) -> bool {
    left > BLOCK.saturating_mul(errand.blocks) / 2
}

/// Whether nobody has a file, or what is called so is something else.
fn is_lost(missing: &Missing) -> bool {
    matches!(missing, Missing::Absent { .. } | Missing::Length { .. } | Missing::Content { .. })
}

/// As it is counted.
fn name(opinion: &Opinion) -> &'static str {
    match opinion {
        Opinion::Measured(_) => "measured",
        Opinion::Unavailable(_) => "unavailable",
        Opinion::Flawed(_) => "flawed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::errand::testing::errand;

    #[test]
    fn waits_should_end_when_half_of_the_time_is_over() {
        // 40 blocks.
        assert!(waits(Duration::from_secs(21), &errand()));
        assert!(!waits(Duration::from_secs(20), &errand()));
    }

    #[test]
    fn is_lost_should_hold_of_what_nobody_has_and_not_of_a_full_disk() {
        let id = ContentId([1; 32]);
        assert!(is_lost(&Missing::Absent { id, tried: String::new() }));
        assert!(is_lost(&Missing::Length { id, need: 1, have: 2 }));
        assert!(is_lost(&Missing::Content { id }));
        assert!(!is_lost(&Missing::Full { need: 1, have: 0 }));
    }
}
