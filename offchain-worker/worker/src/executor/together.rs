//! Several jobs on one model, done by one process, so that the model is opened once.
//!
//! ```text
//! jobs ──▶ one process ──▶ an outcome for each ──▶ concluded one by one
//!              └ ends without ──▶ each back to the scheduler, for a process of its own
//! ```
//!
//! A job that takes the process down with it is not known from the others, so none of them is
//! concluded by that.

use super::{
    jobs::computed,
    perform::{writes, OUTCOME_BYTES},
    Executor,
};
use crate::{
    job::{self, Trouble},
    journal::Made,
    scheduler::Assignment,
    work::Seat,
    Result,
};
use cairn_order::{Order, Outcome};
use cairn_protocol::id::File;
use cairn_store::NodeId;
use std::{collections::BTreeSet, mem, sync::Arc, time::Instant};
use tokio::task::spawn_blocking;
use tracing::{info, warn};

/// What came of each job.
type Each = Vec<Result<Made, Trouble>>;

impl Executor {
    /// Does jobs together. Gives those that are to be begun anew, each in a process of its own: all
    /// that are still waited for, or none.
    pub(super) async fn together(
        self: &Arc<Self>,
        mut first: Assignment,
        begun: Instant,
    ) -> Result<BTreeSet<Seat>> {
        // As much is left to do each alone.
        let until = begun + first.time / 2;
        let along = mem::take(&mut first.along);
        // It is the others' model as well.
        let bundle = self.bundle(&first.work.terms.job).await;
        let all: Vec<Assignment> = std::iter::once(first).chain(along).collect();
        let bundle = match bundle {
            Ok(bundle) => bundle,
            Err(trouble) => return self.apart(all, &trouble).await,
        };
        let mut near = Vec::new();
        for one in &all {
            near.extend(self.near(&one.work).await);
        }
        let (this, these) = (Arc::clone(self), all.clone());
        let computing = spawn_blocking(move || this.compute_all(&these, bundle, &near, until));
        let each = match computed(computing.await) {
            Ok(each) => each,
            Err(trouble) => return self.apart(all, &trouble).await,
        };
        for (assignment, result) in all.iter().zip(each) {
            let Assignment { work, tries, time, .. } = assignment;
            self.finish(work, *tries, begun + *time, result).await?;
        }
        Ok(BTreeSet::new())
    }

    /// Leaves jobs to be begun anew, but for those that were stopped.
    async fn apart(&self, all: Vec<Assignment>, trouble: &Trouble) -> Result<BTreeSet<Seat>> {
        info!("{} jobs are done one by one: {}", all.len(), words(trouble));
        let mut apart = BTreeSet::new();
        for Assignment { work, tries, time, .. } in all {
            if !self.stops.goes_on(&work.seat) {
                let until = Instant::now() + time;
                self.finish(&work, tries, until, Err(Trouble::Stopped)).await?;
                continue;
            }
            // Whatever it was given is pinned anew.
            if let Err(reason) = self.artifacts.unpin(&work.seat).await {
                warn!("{}: its files are kept on: {reason}", work.seat);
            }
            self.metrics.job("apart");
            self.stops.end(&work.seat);
            apart.insert(work.seat);
        }
        Ok(apart)
    }

    fn compute_all(
        &self,
        all: &[Assignment],
        bundle: Option<File>,
        near: &[NodeId],
        until: Instant,
    ) -> Result<Each, Trouble> {
        let Some(first) = all.first() else { return Ok(Vec::new()) };
        // They are held alike.
        self.sandbox.admit(job::profile(&first.work))?;
        let mut files = BTreeSet::new();
        for one in all {
            let named = job::named_files(&one.work.terms.job)?;
            files.extend(self.gather(one, named, bundle, near)?);
        }
        let files: Vec<File> = files.into_iter().collect();
        let desk = self.artifacts.desk(&files)?;
        let grant = self.disk.grant(&self.disk.scratch, writes(&files))?;
        let mut request = self.request(first, &files, desk.path(), until, &grant);
        request.limits.answer = OUTCOME_BYTES.saturating_mul(all.len() as u64);
        let mut process = self.sandbox.start(&request)?;
        let mut orders = Vec::with_capacity(all.len());
        for one in all {
            // Who stops one of them stops the process, and the others begin anew.
            if !self.stops.attach(&one.work.seat, process.stopper()) {
                return Err(Trouble::Stopped);
            }
            let terms = &one.work.terms;
            let order = Order {
                fingerprint: job::over(&one.work, None),
                ..Order::of(&terms.job, job::input(&terms.job), bundle)
            };
            orders.push(self.order(order, &one.work, desk.path(), process.scratch())?);
        }
        for one in all {
            info!("{} is given its order", one.work.seat);
        }
        let finished = process.run(Order::batch_to_bytes(&orders));
        self.metrics.took(finished.time);
        let (seconds, mib) = (finished.time.as_secs_f64(), finished.memory >> 20);
        info!("{} jobs together took {seconds:.1} s, {mib} MiB", all.len());
        let outcomes = job::outcomes(finished.end, all.len())?;
        let answered = |(one, outcome): (&Assignment, Outcome)| match outcome {
            Outcome::Made(made) => self.answer(&one.work, &self.book.bend(made), process.scratch()),
            Outcome::Failed(fault) => Err(fault.into()),
        };
        Ok(all.iter().zip(outcomes).map(answered).collect())
    }
}

fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Fault(fault) | Trouble::Later(fault) => fault.to_string(),
        Trouble::Rejected(reason) => reason.clone(),
        Trouble::Stopped => "one of them is not wanted any more".into(),
    }
}
