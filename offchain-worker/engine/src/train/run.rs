use super::{log, log::Log, Lessons, Report, Settings, TrainError, Trainer};
use burn::module::Module;
use indicatif::ProgressBar;
use std::{fs, path::PathBuf};

/// Where a run is kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// Has `checkpoint.safetensors` and `loss.jsonl`.
    pub folder: PathBuf,
    /// Steps between checkpoints.
    pub every: u64,
}

/// Learning from the first step to the last, also over several processes.
pub struct Run<M> {
    trainer: Trainer<M>,
    store: Option<(Store, Log)>,
    about: String,
    bar: ProgressBar,
}

impl<M: Module> Run<M> {
    /// Begins, or goes on from what is in the store. The model has to be the one that the run
    /// began with, or any of its shape where there is a checkpoint.
    pub fn open(
        model: M,
        settings: Settings,
        lessons: &impl Lessons<M>,
        store: Option<Store>,
    ) -> Result<Self, TrainError> {
        lessons.check(&model)?;
        let about = lessons.about();
        let mut trainer = Trainer::new(model, settings)?;
        let store = match store {
            None => None,
            Some(store) => {
                let fail = |source| TrainError::File { path: store.folder.clone(), source };
                fs::create_dir_all(&store.folder).map_err(fail)?;
                trainer.resume(&store.checkpoint(), &about)?;
                let log = Log::open(store.folder.join("loss.jsonl"), trainer.done())?;
                Some((store, log))
            }
        };
        let bar = log::bar(trainer.settings().steps, trainer.done());
        Ok(Self { trainer, store, about, bar })
    }

    pub fn trainer(&self) -> &Trainer<M> {
        &self.trainer
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
        if let Some((store, log)) = &mut self.store {
            log.write(&report)?;
            if report.step == steps || report.step % store.every.max(1) == 0 {
                self.trainer.save(&store.checkpoint(), &self.about)?;
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
    fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint.safetensors")
    }
}
