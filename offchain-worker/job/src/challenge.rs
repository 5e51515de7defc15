//! Capability challenges, on the device that jobs are lent. What the processor makes of one the
//! worker computes itself, so nothing here falls back to it.

#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod device;
#[cfg(any(feature = "wgpu", feature = "cuda", test))]
mod kernel;
#[cfg(any(feature = "wgpu", feature = "cuda", test))]
mod pace;

use crate::fault;
use cairn_order::{Fault, Made, Product, Solved, Solving};
use cairn_protocol::challenge::work;
use codec::Encode;

/// What is made is short, so it always goes into the answer.
pub(crate) fn run(solving: &Solving) -> Result<Made, Fault> {
    let output = solve(solving)?.encode();
    let trace = *blake3::hash(&output).as_bytes();
    let units = work::cost(solving.units);
    Ok(Made { product: Product::Inline(output), units, trace, fingerprint: None })
}

/// By Vulkan whichever backend jobs are lent: NVIDIA's driver brings it beside CUDA.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn solve(solving: &Solving) -> Result<Solved, Fault> {
    match solving.device {
        cairn_order::Device::Cpu => {
            Err(fault::internal("on the processor the worker solves challenges itself"))
        }
        cairn_order::Device::Wgpu | cairn_order::Device::Cuda => {
            device::solve(&solving.seed, work::rounds(solving.units)).map_err(fault::internal)
        }
    }
}

#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
fn solve(_: &Solving) -> Result<Solved, Fault> {
    Err(fault::internal("this build solves no challenges; build cairn-job with --features wgpu"))
}
