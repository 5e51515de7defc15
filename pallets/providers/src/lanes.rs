//! Which pools a provider sits in.

use cairn_protocol::{job::JobKind, profile::Role};
use cairn_seams::Lane;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A set of lanes, a bit each.
#[derive(
    Clone,
    Copy,
    Debug,
    Decode,
    DecodeWithMemTracking,
    Default,
    Encode,
    Eq,
    MaxEncodedLen,
    PartialEq,
    TypeInfo,
)]
pub struct LaneSet(u16);

/// Every lane there is.
pub fn all() -> impl Iterator<Item = Lane> {
    let jobs = JobKind::ALL.into_iter().map(Lane::Jobs);
    jobs.chain(Role::ALL.into_iter().map(Lane::Holders)).chain([Lane::Rising])
}

/// Written out, since the bits are stored.
fn bit(lane: Lane) -> u16 {
    match lane {
        Lane::Jobs(JobKind::Infer) => 1,
        Lane::Jobs(JobKind::Embed) => 2,
        Lane::Jobs(JobKind::Train) => 4,
        Lane::Jobs(JobKind::Evaluate) => 8,
        Lane::Jobs(JobKind::Simulate) => 16,
        Lane::Jobs(JobKind::Wasm) => 32,
        Lane::Holders(Role::Compute) => 64,
        Lane::Holders(Role::Guard) => 128,
        Lane::Holders(Role::Router) => 256,
        Lane::Holders(Role::Storage) => 512,
        Lane::Holders(Role::Entropy) => 1_024,
        Lane::Rising => 2_048,
    }
}

impl LaneSet {
    pub fn contains(self, lane: Lane) -> bool {
        self.0 & bit(lane) != 0
    }

    pub fn insert(&mut self, lane: Lane) {
        self.0 |= bit(lane);
    }

    pub fn remove(&mut self, lane: Lane) {
        self.0 &= !bit(lane);
    }

    /// Those that are not in the other set.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Lane> {
        all().filter(move |lane| self.contains(*lane))
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

impl FromIterator<Lane> for LaneSet {
    fn from_iter<I: IntoIterator<Item = Lane>>(lanes: I) -> Self {
        let mut set = Self::default();
        lanes.into_iter().for_each(|lane| set.insert(lane));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_should_have_a_bit_each() {
        let mut seen = LaneSet::default();
        for lane in all() {
            assert!(!seen.contains(lane), "{lane:?} shares its bit");
            seen.insert(lane);
            assert!(seen.contains(lane));
        }
        assert_eq!(seen.count(), 12);
        assert_eq!(seen.iter().collect::<Vec<_>>(), all().collect::<Vec<_>>());
    }

    #[test]
    fn without_should_leave_what_the_other_lacks() {
        let (jobs, guards) = (Lane::Jobs(JobKind::Train), Lane::Holders(Role::Guard));
        let both: LaneSet = [jobs, guards].into_iter().collect();
        let one: LaneSet = [guards].into_iter().collect();
        assert_eq!(both.without(one).iter().collect::<Vec<_>>(), [jobs]);
        assert!(one.without(both).is_empty());
        let mut emptied = one;
        emptied.remove(guards);
        assert!(emptied.is_empty());
    }
}
