//! Origins that only a referendum yields, beside root.

use crate::{units::UNITS, Balance};
use frame_support::traits::EnsureOrigin;

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
    use frame_support::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// What a referendum may be, short of root.
    #[derive(
        Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
    )]
    #[pallet::origin]
    pub enum Origin {
        /// May spend from the treasury.
        #[codec(index = 0)]
        Treasurer,
        /// May stop parts of the chain, or all but governance, and start them again; and take back
        /// penalties of providers before they are executed.
        #[codec(index = 1)]
        EmergencyStop,
    }
}

/// The most that one approved proposal on the treasurer's track may spend. Larger sums go to
/// the root track, whose bar is higher.
pub const TREASURER_LIMIT: Balance = 1_000_000 * UNITS;

/// Accepts the treasurer's track, for sums up to its limit.
pub struct Treasurer;

impl<O> EnsureOrigin<O> for Treasurer
where
    O: Into<Result<Origin, O>> + From<Origin>,
{
    type Success = Balance;

    fn try_origin(origin: O) -> Result<Balance, O> {
        match origin.into()? {
            Origin::Treasurer => Ok(TREASURER_LIMIT),
            other => Err(other.into()),
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn try_successful_origin() -> Result<O, ()> {
        Ok(Origin::Treasurer.into())
    }
}

/// Accepts the emergency track.
pub struct EmergencyStop;

impl<O> EnsureOrigin<O> for EmergencyStop
where
    O: Into<Result<Origin, O>> + From<Origin>,
{
    type Success = ();

    fn try_origin(origin: O) -> Result<(), O> {
        match origin.into()? {
            Origin::EmergencyStop => Ok(()),
            other => Err(other.into()),
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn try_successful_origin() -> Result<O, ()> {
        Ok(Origin::EmergencyStop.into())
    }
}
