//! The model that a job is on, and who computes it.

use crate::fault;
use cairn_engine::{
    device::{self, Kind},
    folder::ExactFolder,
    Device,
};
use cairn_kernel::run::{Alone, Crew, Threads};
use cairn_order::{devices::Devices, Fault, Order};
use rayon_core::{ThreadPool, ThreadPoolBuilder};
use std::path::Path;

pub(crate) fn open(order: &Order, scratch: &Path) -> Result<ExactFolder, Fault> {
    let none = || fault::malformed("the job names no model; name the one it is to run on");
    let bundle = order.bundle.as_ref().ok_or_else(none)?;
    let cache = cache(&order.cache, scratch);
    ExactFolder::open_bundle(Path::new(&order.store), cache, bundle).map_err(fault::folder)
}

/// The folder of what is derived, where one is named.
pub(crate) fn cache<'f>(named: &'f str, scratch: &'f Path) -> &'f Path {
    match named {
        "" => scratch,
        named => Path::new(named),
    }
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

/// Where an order has floats computed. Whether there is such a device shows when it is used.
pub(crate) fn device(order: &Order) -> Result<Device, Fault> {
    let kind = match order.device {
        cairn_order::Device::Cpu => Kind::Cpu,
        cairn_order::Device::Wgpu => Kind::Wgpu,
        cairn_order::Device::Cuda => Kind::Cuda,
    };
    kind.device().map_err(fault::internal)
}

/// What this build can compute on.
pub(crate) fn devices() -> Devices {
    let gpus = device::gpus();
    let best = if gpus.is_empty() { Kind::Cpu } else { device::best() };
    let lent = match best {
        Kind::Cpu => cairn_order::Device::Cpu,
        Kind::Wgpu => cairn_order::Device::Wgpu,
        Kind::Cuda => cairn_order::Device::Cuda,
    };
    Devices { gpus, lent }
}
