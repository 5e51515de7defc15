//! GPUs, as the management library of NVIDIA's driver knows them.
//!
//! The library is looked for when it is asked, and is no part of this program. It computes nothing,
//! and nothing of a job reaches it. Which cards jobs can compute on is what their own program says.

use cairn_protocol::profile::DeviceClass;
use nvml_wrapper::{error::NvmlError, Device, Nvml};
use serde::Serialize;

/// A card.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gpu {
    pub name: String,
    /// What tells it from all others.
    pub id: String,
    pub memory_mib: u64,
    /// Its compute capability, major times ten plus minor.
    pub compute: u16,
}

impl Gpu {
    /// What its memory makes it one of. Drivers count up to a gibibyte more or less than cards are
    /// sold with.
    pub fn class(&self) -> DeviceClass {
        match self.memory_mib >> 10 {
            0..=8 => DeviceClass::SmallGpu,
            9..=24 => DeviceClass::Gpu,
            25..=73 => DeviceClass::LargeGpu,
            _ => DeviceClass::Accelerator,
        }
    }
}

/// The GPUs of this machine; none where there is no library to ask.
pub fn gpus() -> Result<Vec<Gpu>, String> {
    found(Nvml::init())
}

fn found(library: Result<Nvml, NvmlError>) -> Result<Vec<Gpu>, String> {
    match library {
        Ok(library) => all(&library).map_err(|error| error.to_string()),
        Err(NvmlError::LibloadingError(_)) => Ok(Vec::new()),
        Err(error) => Err(error.to_string()),
    }
}

fn all(library: &Nvml) -> Result<Vec<Gpu>, NvmlError> {
    (0..library.device_count()?).map(|index| gpu(&library.device_by_index(index)?)).collect()
}

fn gpu(device: &Device<'_>) -> Result<Gpu, NvmlError> {
    let capability = device.cuda_compute_capability()?;
    let compute = capability.major.saturating_mul(10).saturating_add(capability.minor);
    Ok(Gpu {
        name: device.name()?,
        id: device.uuid()?,
        memory_mib: device.memory_info()?.total >> 20,
        compute: u16::try_from(compute).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{ffi::OsStr, path::Path};

    fn of(library: &str) -> Result<Vec<Gpu>, String> {
        found(Nvml::builder().lib_path(OsStr::new(library)).init())
    }

    #[test]
    fn gpus_should_be_none_when_there_is_no_library() {
        assert_eq!(of("/nowhere/libnvidia-ml.so.1"), Ok(Vec::new()));
        if !Path::new("/dev/nvidiactl").exists() {
            assert_eq!(gpus().unwrap_or_default(), Vec::new());
        }
    }

    #[test]
    fn gpus_should_be_an_error_when_the_library_is_another() {
        // One that every program here has loaded.
        assert!(of("libc.so.6").is_err());
    }

    #[test]
    fn class_should_be_that_of_the_memory_a_card_is_sold_with() {
        let cases = [
            (8_192, DeviceClass::SmallGpu),
            (12_288, DeviceClass::Gpu),
            (24_564, DeviceClass::Gpu),
            (40_960, DeviceClass::LargeGpu),
            (49_140, DeviceClass::LargeGpu),
            (81_559, DeviceClass::Accelerator),
            (143_771, DeviceClass::Accelerator),
        ];
        for (memory_mib, class) in cases {
            let gpu = Gpu { name: "a card".into(), id: "GPU-1".into(), memory_mib, compute: 90 };
            assert_eq!(gpu.class(), class, "{memory_mib}");
        }
    }
}
