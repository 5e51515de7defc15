//! The model that a job is on, and who computes it.

use crate::fault;
use cairn_engine::folder::ExactFolder;
use cairn_kernel::run::{Alone, Crew, Threads};
use cairn_order::{Fault, Order};
use rayon_core::{ThreadPool, ThreadPoolBuilder};
use std::path::Path;

pub(crate) fn open(order: &Order, scratch: &Path) -> Result<ExactFolder, Fault> {
    let none = || fault::malformed("the job names no model; name the one it is to run on");
    let bundle = order.bundle.as_ref().ok_or_else(none)?;
    let cache = match order.cache.as_str() {
        "" => scratch,
        cache => Path::new(cache),
    };
    ExactFolder::open_bundle(Path::new(&order.store), cache, bundle).map_err(fault::folder)
}

/// As many threads as the job may work with, this one among them.
pub(crate) fn crew(threads: u16) -> Result<Box<dyn Crew>, Fault> {
    if threads <= 1 {
        return Ok(Box::new(Alone));
    }
    let crew = Threads::new(threads.into()).map_err(fault::internal)?;
    Ok(Box::new(crew))
}

/// As many threads for a model in floats, which would start one for each core by itself.
pub(crate) fn pool(threads: u16) -> Result<ThreadPool, Fault> {
    let builder = ThreadPoolBuilder::new().num_threads(threads.max(1).into());
    builder.build().map_err(fault::internal)
}
