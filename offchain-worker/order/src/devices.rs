//! What the program may be asked instead of being given a job: where it can compute.
//!
//! The worker does not ask the drivers of GPUs itself, as they would be loaded into it.

use crate::{read, written, Unreadable, VERSION};
use codec::{Decode, Encode};

/// The question. No order begins so.
pub const QUESTION: &[u8] = b"cairn-devices";

/// Where what is done in floats is computed.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub enum Device {
    #[default]
    Cpu,
    /// The first GPU that wgpu finds.
    Wgpu,
    /// The first that CUDA finds.
    Cuda,
}

#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct Devices {
    /// What the GPUs call themselves that it has a backend and a driver for.
    pub gpus: Vec<String>,
    /// Where a job computes that is lent a GPU; the processor where it has none.
    pub lent: Device,
}

impl Devices {
    /// Where jobs may be lent a GPU: not where they would compute on the processor all the same.
    pub fn gpu(&self) -> Option<Device> {
        (!self.gpus.is_empty() && self.lent != Device::Cpu).then_some(self.lent)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        written(VERSION, self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        read(VERSION, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Order;

    #[test]
    fn devices_should_be_the_same_when_written_and_read() {
        let gpus = vec!["a card".into(), String::new()];
        let devices = Devices { gpus, lent: Device::Cuda };
        assert_eq!(Devices::from_bytes(&devices.to_bytes()), Ok(devices));
        assert_eq!(Devices::from_bytes(&[VERSION]), Err(Unreadable::Body));
    }

    #[test]
    fn gpu_should_be_none_when_jobs_would_compute_on_the_processor() {
        let gpus = || vec!["a card".into()];
        assert_eq!(Devices { gpus: gpus(), lent: Device::Wgpu }.gpu(), Some(Device::Wgpu));
        assert_eq!(Devices { gpus: gpus(), lent: Device::Cpu }.gpu(), None);
        assert_eq!(Devices { gpus: Vec::new(), lent: Device::Wgpu }.gpu(), None);
    }

    #[test]
    fn question_should_be_no_order() {
        let version = Unreadable::Version { have: QUESTION[0] };
        assert_eq!(Order::from_bytes(QUESTION), Err(version));
    }
}
