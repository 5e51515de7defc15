use super::{
    checkpoint::Origin, lock::Lock, log, log::Log, Lessons, Report, Settings, TrainError, Trainer,
};
use crate::parts::Named;
use burn::module::Module;
use indicatif::ProgressBar;
use std::{fs, path::PathBuf};

/// Where a run is kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// Has `checkpoint.safetensors`, `loss.jsonl` and `run.lock`.
    pub folder: PathBuf,
    /// Steps between checkpoints.
    pub every: u64,
}

/// Learning from the first step to the last, also over several processes.
pub struct Run<M> {
    trainer: Trainer<M>,
    kept: Option<Kept>,
    pub(super) bar: ProgressBar,
}

/// What a run is kept by.
struct Kept {
    store: Store,
    lock: Lock,
    log: Log,
    from: Origin,
}

impl<M: Module + Named> Run<M> {
    /// Begins, or goes on from what is in the store. The model has to be the one that the run
    /// began with, also where there is a checkpoint: what was learned is a change of it. A store
    /// that another run writes to is refused.
    pub fn open(
        model: M,
        settings: Settings,
        lessons: &impl Lessons<M>,
        store: Option<Store>,
    ) -> Result<Self, TrainError> {
        lessons.check(&model)?;
        let from = store.as_ref().map(|_| Origin::of(&model, lessons)).transpose()?;
        let mut trainer = Trainer::new(model, settings)?;
        let kept = match store.zip(from) {
            None => None,
            Some((store, from)) => {
                let fail = |source| TrainError::File { path: store.folder.clone(), source };
                fs::create_dir_all(&store.folder).map_err(fail)?;
                let lock = Lock::take(&store.folder)?;
                trainer.resume(&store.checkpoint(), &from)?;
                let log = Log::open(store.folder.join("loss.jsonl"), trainer.done())?;
                Some(Kept { store, lock, log, from })
            }
        };
        let bar = log::bar(trainer.settings().steps, trainer.done());
        Ok(Self { trainer, kept, bar })
    }

    pub fn trainer(&self) -> &Trainer<M> {
        &self.trainer
    }

    /// What keeps other runs from its store, where it has one. Whoever writes there after the run
    /// keeps it until then.
    pub fn lock(&self) -> Option<Lock> {
        self.kept.as_ref().map(|kept| kept.lock.clone())
    }

    pub fn into_trainer(self) -> Trainer<M> {
        self.bar.finish();
        self.trainer
    }

    /// One step; none is left after the last.
    pub fn step(&mut self, lessons: &impl Lessons<M>) -> Result<Option<Report>, TrainError> {
        let steps = self.trainer.settings().steps;
        if self.trainer.done() >= steps {
            return Ok(None);
        }
        let report = self.trainer.step(lessons)?;
        if let Some(Kept { store, log, from, .. }) = &mut self.kept {
            log.write(&report)?;
            if report.step == steps || report.step % store.every.max(1) == 0 {
                self.trainer.save(&store.checkpoint(), from)?;
            }
        }
        self.bar.set_message(format!("loss {:.4}", report.loss));
        self.bar.inc(1);
        Ok(Some(report))
    }

    /// All steps that are left, and the trainer after them.
    pub fn finish(mut self, lessons: &impl Lessons<M>) -> Result<Trainer<M>, TrainError> {
        while self.step(lessons)?.is_some() {}
        Ok(self.into_trainer())
    }
}

impl Store {
    /// The file that a run goes on from.
    pub fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint.safetensors")
    }
}
