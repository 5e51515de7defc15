//! Who makes blocks, who finalises them, and how lying about either is reported.

use crate::{
    launch::{BondingEras, EpochSlots, SessionsPerEra},
    units::{deposit, SLOT_MILLIS},
    AccountId, Babe, Balance, Balances, Historical, Offences, Runtime, RuntimeEvent, Session,
    SessionKeys, Staking,
};
use frame_support::{
    parameter_types,
    traits::{ConstU32, ConstU64, Get},
};
use pallet_session::disabling::UpToLimitWithReEnablingDisablingStrategy;
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_runtime::traits::{ConvertInto, OpaqueKeys};

/// Validators of one session. GRANDPA's messages and election work grow with it.
pub const MAX_AUTHORITIES: u32 = 300;

/// Which slots have a primary author, and what fills the rest.
///
/// A primary slot that is not also the drawn author's own secondary slot yields two competing
/// blocks, which costs finality a second; so the share is small. It is not zero, since epoch
/// randomness is made of primary VRF outputs alone: one slot in fifty gives 72 of them an hour.
pub const BABE_GENESIS_EPOCH: BabeEpochConfiguration =
    BabeEpochConfiguration { c: (1, 50), allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots };

/// How long an equivocation can be reported: as long as the stake behind it is still bonded.
pub struct ReportLongevity;
impl Get<u64> for ReportLongevity {
    fn get() -> u64 {
        u64::from(BondingEras::<Runtime>::get())
            .saturating_mul(u64::from(SessionsPerEra::<Runtime>::get()))
            .saturating_mul(EpochSlots::<Runtime>::get())
    }
}

/// GRANDPA set ids kept for reports: the sessions of a bonding period.
pub struct BondedSessions;
impl Get<u64> for BondedSessions {
    fn get() -> u64 {
        u64::from(BondingEras::<Runtime>::get())
            .saturating_mul(u64::from(SessionsPerEra::<Runtime>::get()))
    }
}

impl pallet_babe::Config for Runtime {
    type DisabledValidators = Session;
    type EpochChangeTrigger = pallet_babe::ExternalTrigger;
    type EpochDuration = EpochSlots<Runtime>;
    type EquivocationReportSystem =
        pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
    type ExpectedBlockTime = ConstU64<SLOT_MILLIS>;
    type KeyOwnerProof = sp_session::MembershipProof;
    type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
    type MaxNominators = ConstU32<{ super::elections::MAX_BACKERS }>;
    type WeightInfo = ();
}

impl pallet_grandpa::Config for Runtime {
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
    type KeyOwnerProof = sp_session::MembershipProof;
    type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
    type MaxNominators = ConstU32<{ super::elections::MAX_BACKERS }>;
    type MaxSetIdSessionEntries = BondedSessions;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
}

parameter_types! {
    /// Keys of three kinds and their owner entries.
    pub const KeyDeposit: Balance = deposit(4, 4 * 64);
}

impl pallet_session::Config for Runtime {
    type Currency = Balances;
    type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
    type KeyDeposit = KeyDeposit;
    type Keys = SessionKeys;
    type NextSessionRotation = Babe;
    type RuntimeEvent = RuntimeEvent;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type SessionManager = pallet_cairn_merit::FlushAtEnd<
        Self,
        pallet_session::historical::NoteHistoricalRoot<Self, Staking>,
    >;
    type ShouldEndSession = Babe;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
}

impl pallet_session::historical::Config for Runtime {
    type FullIdentification = ();
    type FullIdentificationOf = pallet_staking::UnitIdentificationOf<Self>;
    type RuntimeEvent = RuntimeEvent;
}

impl pallet_offences::Config for Runtime {
    type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
    type OnOffenceHandler = Staking;
    type RuntimeEvent = RuntimeEvent;
}

impl pallet_authorship::Config for Runtime {
    type EventHandler = Staking;
    type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
}

impl pallet_authority_discovery::Config for Runtime {
    type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
}
