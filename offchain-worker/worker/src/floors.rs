//! How fast a device has to be for its class.

use cairn_protocol::{challenge::initial_floor, profile::DeviceClass};

/// Units of challenges a second that each class above `Cpu` is to reach.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Floors {
    pub small_gpu: u64,
    pub gpu: u64,
    pub large_gpu: u64,
    pub accelerator: u64,
}

/// Where governance has set none.
impl Default for Floors {
    fn default() -> Self {
        Self {
            small_gpu: initial_floor(DeviceClass::SmallGpu),
            gpu: initial_floor(DeviceClass::Gpu),
            large_gpu: initial_floor(DeviceClass::LargeGpu),
            accelerator: initial_floor(DeviceClass::Accelerator),
        }
    }
}

impl Floors {
    pub(crate) fn of(&self, class: DeviceClass) -> u64 {
        match class {
            DeviceClass::Cpu => 0,
            DeviceClass::SmallGpu => self.small_gpu,
            DeviceClass::Gpu => self.gpu,
            DeviceClass::LargeGpu => self.large_gpu,
            DeviceClass::Accelerator => self.accelerator,
        }
    }

    /// The highest class that a device keeps which is as fast here. The chain's clock, and the way
    /// to it, make it seem up to a tenth slower.
    pub(crate) fn kept(&self, speed: u64) -> DeviceClass {
        let seen = speed - speed / 10;
        let mut all = DeviceClass::ALL.into_iter().rev();
        all.find(|class| self.of(*class) <= seen).unwrap_or(DeviceClass::Cpu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_should_be_the_class_whose_floor_is_reached_with_a_tenth_to_spare() {
        let floors = Floors::default();
        assert_eq!(floors.kept(0), DeviceClass::Cpu);
        assert_eq!(floors.kept(u64::MAX), DeviceClass::Accelerator);
        for class in DeviceClass::ALL.into_iter().skip(1) {
            let floor = floors.of(class);
            assert_eq!(Some(floors.kept(floor)), class.below());
            assert_eq!(floors.kept(floor / 9 * 10 + 10), class);
        }
    }
}
