//! What the challenged compute.

use crate::types::Work;
use cairn_protocol::{
    challenge::work,
    id::{Digest, Seed},
    profile::DeviceClass,
};
use core::marker::PhantomData;
use frame_support::traits::Get;

/// A job whose cost is known, and whose answer takes that much work to find.
pub trait Job {
    /// The units of work of a job for that class; never none.
    fn cost(class: DeviceClass) -> u64;

    /// The answer to a job of so many units. Members compute it; the chain never does.
    fn solve(seed: &Seed, units: u64) -> Digest;
}

/// The hashes of [`cairn_protocol::challenge::work`], in amounts that are given.
pub struct IteratedHash<Amounts>(PhantomData<Amounts>);

impl<Amounts: Get<Work>> Job for IteratedHash<Amounts> {
    /// In whole rounds.
    fn cost(class: DeviceClass) -> u64 {
        work::cost(Amounts::get().of(class))
    }

    fn solve(seed: &Seed, units: u64) -> Digest {
        work::solve(seed, units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::challenge::work::ROUND_UNITS;
    use frame_support::parameter_types;

    parameter_types! {
        pub const Amounts: Work = Work {
            cpu: 0,
            small_gpu: ROUND_UNITS,
            gpu: ROUND_UNITS + 1,
            large_gpu: 60_000_000_000_000,
            accelerator: u64::MAX,
        };
    }

    #[test]
    fn cost_should_be_whole_rounds_and_never_none() {
        let cost = <IteratedHash<Amounts> as Job>::cost;
        assert_eq!(ROUND_UNITS, 352_321_536);
        assert_eq!(cost(DeviceClass::Cpu), ROUND_UNITS);
        assert_eq!(cost(DeviceClass::SmallGpu), ROUND_UNITS);
        assert_eq!(cost(DeviceClass::Gpu), 2 * ROUND_UNITS);
        assert_eq!(cost(DeviceClass::LargeGpu), 170_299 * ROUND_UNITS);
        assert_eq!(cost(DeviceClass::Accelerator), u64::MAX);
    }
}
