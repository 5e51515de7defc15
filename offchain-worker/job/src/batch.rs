//! Several orders in one process, of which each ends as it would alone.

use crate::{
    fault, guarded, product,
    texts::{self, Job},
};
use cairn_order::{Order, Outcome};
use cairn_protocol::job::JobKind;
use std::{
    panic::{catch_unwind, AssertUnwindSafe},
    path::Path,
};

/// What comes of each. They are jobs of one kind on texts, by one engine, on one model.
pub fn run_all(orders: &[Order], scratch: &Path) -> Vec<Outcome> {
    if !belong(orders) {
        let words = "jobs done together are on texts, of one kind, engine, model and device";
        return vec![Outcome::Failed(fault::internal(words)); orders.len()];
    }
    let names: Vec<String> = (0..orders.len()).map(product::numbered).collect();
    let jobs: Vec<Job<'_>> =
        orders.iter().zip(&names).map(|(order, name)| Job { order, name }).collect();
    let made = catch_unwind(AssertUnwindSafe(|| texts::run(&jobs, scratch)));
    match made {
        Ok(made) => made.into_iter().map(Outcome::from).collect(),
        // Nobody knows which of them it was that panicked.
        Err(_) => jobs.iter().map(|job| alone(job, scratch)).collect(),
    }
}

fn alone(job: &Job<'_>, scratch: &Path) -> Outcome {
    guarded(|| {
        let made = texts::run(std::slice::from_ref(job), scratch).pop();
        made.unwrap_or_else(|| Err(fault::internal("nothing came of it")))
    })
}

fn belong(orders: &[Order]) -> bool {
    let Some(first) = orders.first() else { return true };
    let on_texts = matches!(first.kind, JobKind::Infer | JobKind::Embed);
    let like_first = |order: &Order| {
        let alike = order.kind == first.kind && order.engine == first.engine;
        alike && order.bundle == first.bundle && order.device == first.device
    };
    on_texts && orders.iter().all(like_first)
}
