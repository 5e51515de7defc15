//! What is stored, what is asked of the neighbours, and the rules that need no storage.

use alloc::vec::Vec;
pub use cairn_protocol::challenge::{
    counted, Challenge, Member, Moment, Outcome, Progress, Stage, AGREEING, MEMBERS,
};
use cairn_protocol::{
    id::{Height, ProviderId, Seed},
    profile::DeviceClass,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What everything stored or shown here derives.
macro_rules! stored {
    ($($item:item)*) => {$(
        #[derive(
            Clone,
            Debug,
            Decode,
            DecodeWithMemTracking,
            Encode,
            Eq,
            MaxEncodedLen,
            PartialEq,
            TypeInfo,
        )]
        $item
    )*};
}

/// A challenge, by the number of the draw that it came from. None is ever given twice.
pub type ChallengeId = u64;

/// The register, where it keeps what hardware was measured to do.
pub trait Measured {
    /// How many providers who compute are drawn in exactly that class. Some may have gone silent.
    fn population(class: DeviceClass) -> u32;

    /// At most `count` different providers who compute, of exactly that class and available now,
    /// each as likely as any other. What it costs does not grow with their number.
    fn sample(class: DeviceClass, count: u32, seed: &Seed) -> Vec<ProviderId>;

    /// How many are drawn in the class below that one, though they declare it or a higher one. Some
    /// may have gone silent.
    fn rising(class: DeviceClass) -> u32;

    /// As `sample`, of those whom `rising` counts.
    fn sample_rising(class: DeviceClass, count: u32, seed: &Seed) -> Vec<ProviderId>;

    /// What a provider was measured to do; none before the first time.
    fn throughput(provider: ProviderId) -> Option<u64>;

    /// What providers of that class must be measured to do.
    fn floor(class: DeviceClass) -> u64;

    /// A provider was measured, and loses a class whose floor it does not reach.
    fn note_throughput(provider: ProviderId, measured: u64);

    /// A provider was called and was not there.
    fn note_missed(provider: ProviderId);
}

stored! {
    /// When a challenge has to be looked at.
    #[derive(Copy)]
    pub struct Appointment {
        pub challenge: ChallengeId,
        /// Looked at after this height.
        pub due: Height,
    }

    /// How much work a challenge of each class is, in units.
    #[derive(Copy)]
    pub struct Work {
        pub cpu: u64,
        pub small_gpu: u64,
        pub gpu: u64,
        pub large_gpu: u64,
        pub accelerator: u64,
    }
}

impl Work {
    pub fn of(&self, class: DeviceClass) -> u64 {
        match class {
            DeviceClass::Cpu => self.cpu,
            DeviceClass::SmallGpu => self.small_gpu,
            DeviceClass::Gpu => self.gpu,
            DeviceClass::LargeGpu => self.large_gpu,
            DeviceClass::Accelerator => self.accelerator,
        }
    }
}

/// Who can be challenged with the job of one class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Crowd {
    pub class: DeviceClass,
    /// Those who are drawn in it.
    pub own: u32,
    /// Those of the class below who declare it, and may show that they are of it.
    pub rising: u32,
}

impl Crowd {
    /// Those of the class who answer beside one who is rising: two, whose answers stand.
    pub const BESIDE: u32 = MEMBERS.saturating_sub(1);

    /// How many of the rising have a lot: one for every two of the class, so that most of a
    /// challenge are of it. Where there are not even two, as many as make up a challenge.
    fn rising_lots(&self) -> u32 {
        let wanting = MEMBERS.saturating_sub(self.own);
        let beside = self.own.checked_div(Self::BESIDE).unwrap_or(0);
        self.rising.min(beside.max(wanting))
    }

    /// None where they are too few for a challenge.
    fn lots(&self) -> u64 {
        let all = u64::from(self.own).saturating_add(self.rising_lots().into());
        if all < u64::from(MEMBERS) {
            0
        } else {
            all
        }
    }

    /// Whether one of the rising has a seat in a challenge of this class: so often that each of them
    /// is challenged as often as those of the class are.
    pub fn has_rising(&self, random: u64) -> bool {
        let wide = u128::from(random).saturating_mul(self.lots().into());
        let seats = u128::from(self.rising_lots()).saturating_mul(MEMBERS.into());
        (wide >> u64::BITS) < seats
    }
}

/// The class that is challenged, or none this time.
///
/// For every block that went by each provider has a lot in an urn of `MEMBERS · interval`, where
/// those of a class with too few for a challenge have none. As a challenge takes in `MEMBERS`, each
/// one is challenged once in an interval on average, unless there are more lots than the urn has
/// room for.
pub fn drawn_class(
    crowds: [Crowd; 5],
    blocks: Height,
    interval: Height,
    random: u64,
) -> Option<Crowd> {
    let blocks = u64::from(blocks.max(1));
    let all = crowds.iter().map(Crowd::lots).fold(0u64, u64::saturating_add);
    let urn = u64::from(interval).saturating_mul(MEMBERS.into()).max(all.saturating_mul(blocks));
    let wide = u128::from(random).saturating_mul(urn.into());
    let lot = u64::try_from(wide >> u64::BITS).unwrap_or(0);
    let mut rest = lot.checked_div(blocks)?;
    for crowd in crowds {
        match rest.checked_sub(crowd.lots()) {
            None => return Some(crowd),
            Some(beyond) => rest = beyond,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use DeviceClass::*;

    fn crowds(own: [u32; 5], rising: [u32; 5]) -> [Crowd; 5] {
        let crowd =
            |nth| Crowd { class: DeviceClass::ALL[nth], own: own[nth], rising: rising[nth] };
        core::array::from_fn(crowd)
    }

    /// Evenly spread over all that can be drawn.
    fn shares(of: [u32; 5], blocks: Height, interval: Height) -> [u32; 6] {
        let mut shares = [0; 6];
        for step in 0..10_000u64 {
            let random = (u64::MAX / 10_000) * step + u64::MAX / 20_000;
            let drawn = drawn_class(crowds(of, [0; 5]), blocks, interval, random);
            shares[drawn.map_or(5, |crowd| crowd.class as usize)] += 1;
        }
        shares
    }

    #[test]
    fn drawn_class_should_give_every_provider_the_same_chance() {
        // 60 lots of 10 blocks in an urn of 3,000: a fifth of all draws challenge somebody.
        assert_eq!(shares([30, 0, 15, 10, 5], 10, 1_000), [1_000, 0, 500, 333, 167, 8_000]);
        // Twice as long, twice as likely.
        assert_eq!(shares([30, 0, 15, 10, 5], 20, 1_000), [2_000, 0, 1_000, 667, 333, 6_000]);
    }

    #[test]
    fn drawn_class_should_leave_out_classes_with_fewer_than_three() {
        assert_eq!(shares([2, 2, 2, 2, 2], 1_000_000, 1), [0, 0, 0, 0, 0, 10_000]);
        assert_eq!(shares([2, 3, 2, 1, 0], 1_000_000, 1), [0, 10_000, 0, 0, 0, 0]);
    }

    #[test]
    fn drawn_class_should_always_challenge_when_the_urn_is_full() {
        assert_eq!(shares([3, 3, 0, 0, 6], 100, 100), [2_500, 2_500, 0, 0, 5_000, 0]);
        assert_eq!(shares([6, 0, 0, 0, 0], 50, 100), [10_000, 0, 0, 0, 0, 0]);
        assert_eq!(shares([6, 0, 0, 0, 0], 49, 100), [9_800, 0, 0, 0, 0, 200]);
    }

    #[test]
    fn rising_should_be_challenged_as_often_as_the_class_is() {
        let count = |own, rising| {
            let crowd = Crowd { class: Gpu, own, rising };
            let seated = (0..9_999u64).filter(|nth| crowd.has_rising((u64::MAX / 9_999) * nth));
            (crowd.lots(), seated.count())
        };
        // Four of 12 lots, and a third of the seats.
        assert_eq!(count(8, 4), (12, 9_999));
        assert_eq!(count(8, 100), (12, 9_999));
        assert_eq!(count(8, 2), (10, 6_000));
        assert_eq!(count(97, 3), (100, 900));
        assert_eq!(count(8, 0), (8, 0));
        // As many as are wanting, if there are.
        for (own, rising, lots) in [(2, 9, 3), (1, 9, 3), (0, 9, 3), (1, 1, 0), (0, 2, 0)] {
            assert_eq!(count(own, rising), (lots, 9_999));
        }
        assert_eq!(count(2, 0), (0, 0));
    }

    proptest! {
        #[test]
        fn drawn_class_should_draw_only_who_is_there(
            own: [u32; 5], rising: [u32; 5], blocks: u32, interval: u32, random: u64,
        ) {
            if let Some(drawn) = drawn_class(crowds(own, rising), blocks, interval, random) {
                prop_assert!(crowds(own, rising).contains(&drawn));
                prop_assert!(drawn.own.saturating_add(drawn.rising) >= MEMBERS);
            }
        }

        #[test]
        fn rising_should_leave_two_seats_to_the_class(own in 2u32.., rising: u32, random: u64) {
            let crowd = Crowd { class: Gpu, own, rising };
            // Three seats a challenge, for as many challenges as all lots make.
            let seats = u64::from(crowd.rising_lots()) * u64::from(MEMBERS);
            prop_assert!(seats <= crowd.lots().max(1));
            prop_assert!(rising > 0 || !crowd.has_rising(random));
        }
    }

    #[test]
    fn challenge_should_take_no_more_than_is_documented() {
        assert_eq!((Challenge::max_encoded_len(), Appointment::max_encoded_len()), (200, 12));
    }
}
