//! Where models are computed.

pub use burn::tensor::Device;
use std::{fmt, str::FromStr};
use thiserror::Error;

/// What a device is asked for by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Cpu,
    Wgpu,
    Cuda,
}

/// Why there is no such device.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum DeviceError {
    #[error("{found:?} is no kind of device; there are cpu, wgpu and cuda")]
    Unknown { found: String },
    #[error("devices of kind {kind} are not compiled in; build with --features {feature}")]
    Absent { kind: Kind, feature: &'static str },
}

impl Kind {
    /// The first device of the kind. Whether the machine has one shows when it is used.
    pub fn device(self) -> Result<Device, DeviceError> {
        match self {
            #[cfg(feature = "flex")]
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Ok(Device::wgpu(Default::default())),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(0)),
            #[allow(unreachable_patterns)]
            kind => Err(DeviceError::Absent { kind, feature: kind.feature() }),
        }
    }

    fn feature(self) -> &'static str {
        match self {
            Self::Cpu => "flex",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        }
    }
}

/// What the GPUs call themselves that this build can compute on. Each is opened, and its driver
/// loaded.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub fn gpus() -> Vec<String> {
    Device::enumerate_physical().into_iter().map(|gpu| gpu.name).collect()
}

/// What kind of device of this build reaches a GPU, CUDA before wgpu; the processor where none
/// does. It is opened, and its driver loaded.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub fn best() -> Kind {
    // A driver that fails may panic, and the other may still be there.
    let opens = |kind: Kind| {
        let opened = || kind.device().is_ok_and(|device| device.identity().is_some());
        std::panic::catch_unwind(opened).unwrap_or(false)
    };
    [Kind::Cuda, Kind::Wgpu].into_iter().find(|kind| opens(*kind)).unwrap_or(Kind::Cpu)
}

/// The processor: this build has no backend for anything else.
#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
pub fn best() -> Kind {
    Kind::Cpu
}

/// None: this build has no backend for any.
#[cfg(not(any(feature = "wgpu", feature = "cuda")))]
pub fn gpus() -> Vec<String> {
    Vec::new()
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        })
    }
}

impl FromStr for Kind {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Cpu, Self::Wgpu, Self::Cuda]
            .into_iter()
            .find(|kind| kind.to_string() == text)
            .ok_or_else(|| DeviceError::Unknown { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_should_be_read_as_it_is_shown_when_there_is_one() {
        for kind in [Kind::Cpu, Kind::Wgpu, Kind::Cuda] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let unknown = DeviceError::Unknown { found: "tpu".to_owned() };
        assert_eq!("tpu".parse::<Kind>(), Err(unknown));
    }

    #[test]
    fn device_should_name_the_feature_when_it_is_not_compiled_in() {
        for kind in [Kind::Cpu, Kind::Wgpu, Kind::Cuda] {
            if let Err(error) = kind.device() {
                assert!(error.to_string().contains(kind.feature()));
            }
        }
        assert_eq!(Kind::Cpu.device().is_ok(), cfg!(feature = "flex"));
    }
}
