//! The tracks a referendum can run on, and how much agreement each asks for.

use super::super::parameters::{
    governance::{EmergencyTrack, RootTrack, TreasurerTrack},
    TrackPeriods,
};
use super::origins;
use crate::{units::UNITS, Balance, BlockNumber, OriginCaller, RuntimeOrigin};
use alloc::borrow::Cow;
use frame_support::traits::{Get, OriginTrait};
use pallet_referenda::{Curve, Track, TrackInfo};
use sp_runtime::{str_array, FixedI64, Perbill};

pub const ROOT: u16 = 0;
pub const TREASURER: u16 = 1;
pub const EMERGENCY: u16 = 2;

const fn percent(x: i128) -> FixedI64 {
    FixedI64::from_rational(x as u128, 100)
}

/// From near-unanimity down to a simple majority over the decision period.
const APPROVAL: Curve = Curve::make_reciprocal(4, 28, percent(80), percent(50), percent(100));
/// Support is the share of all CRN that voted aye: from half of it down to a hundredth.
const ROOT_SUPPORT: Curve = Curve::make_linear(28, 28, percent(1), percent(50));
const TREASURER_SUPPORT: Curve = Curve::make_linear(28, 28, percent(1), percent(25));
/// Two thirds from first to last: a stop is quick, so the bar does not fall.
const EMERGENCY_APPROVAL: Curve = Curve::LinearDecreasing {
    length: Perbill::from_percent(100),
    floor: Perbill::from_parts(666_666_667),
    ceil: Perbill::from_parts(666_666_667),
};
const EMERGENCY_SUPPORT: Curve = Curve::make_linear(28, 28, percent(5), percent(20));

/// Tracks whose periods governance itself can tune.
pub struct Tracks;

fn track(
    id: u16,
    name: &str,
    max_deciding: u32,
    decision_deposit: Balance,
    periods: TrackPeriods,
    min_approval: Curve,
    min_support: Curve,
) -> Cow<'static, Track<u16, Balance, BlockNumber>> {
    Cow::Owned(Track {
        id,
        info: TrackInfo {
            name: str_array(name),
            max_deciding,
            decision_deposit,
            prepare_period: periods.prepare,
            // A period of nothing would decide before anyone could vote.
            decision_period: periods.decision.max(1),
            confirm_period: periods.confirm.max(1),
            min_enactment_period: periods.enactment.max(1),
            min_approval,
            min_support,
        },
    })
}

impl pallet_referenda::TracksInfo<Balance, BlockNumber> for Tracks {
    type Id = u16;
    type RuntimeOrigin = <RuntimeOrigin as OriginTrait>::PalletsOrigin;

    fn tracks() -> impl Iterator<Item = Cow<'static, Track<u16, Balance, BlockNumber>>> {
        [
            track(ROOT, "root", 1, 10_000 * UNITS, RootTrack::get(), APPROVAL, ROOT_SUPPORT),
            track(
                TREASURER,
                "treasurer",
                10,
                1_000 * UNITS,
                TreasurerTrack::get(),
                APPROVAL,
                TREASURER_SUPPORT,
            ),
            track(
                EMERGENCY,
                "emergency_stop",
                1,
                10_000 * UNITS,
                EmergencyTrack::get(),
                EMERGENCY_APPROVAL,
                EMERGENCY_SUPPORT,
            ),
        ]
        .into_iter()
    }

    fn track_for(origin: &Self::RuntimeOrigin) -> Result<u16, ()> {
        match origin {
            OriginCaller::system(frame_system::RawOrigin::Root) => Ok(ROOT),
            OriginCaller::Origins(origins::Origin::Treasurer) => Ok(TREASURER),
            OriginCaller::Origins(origins::Origin::EmergencyStop) => Ok(EMERGENCY),
            _ => Err(()),
        }
    }
}
