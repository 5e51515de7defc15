//! What a transaction costs and where the payment goes.
//!
//! The base fee follows block fullness as EIP-1559's does, and is burned: nobody gains from
//! filling blocks with their own transactions. The tip goes to the block's author.

use super::parameters::fees::{BaseFeeStep, MinimumBaseFee, TargetFullness};
use crate::{units::MICROUNITS, AccountId, Authorship, Balance, Balances, Runtime, RuntimeEvent};
use frame_support::{
    parameter_types,
    traits::{
        fungible::{Balanced, Credit},
        ConstU8, OnUnbalanced,
    },
    weights::ConstantMultiplier,
};
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use sp_runtime::traits::Bounded;

parameter_types! {
    /// Ten CRN a second of reference time, counted in picoseconds: a transfer costs some six
    /// thousandths of a CRN at par.
    pub const WeightFee: Balance = 10;
    /// Ten millionths of a CRN a byte: history is kept by everyone.
    pub const LengthFee: Balance = 10 * MICROUNITS;
    pub MaximumBaseFee: Multiplier = Bounded::max_value();
}

/// Burns the base fee and hands the tip to the author.
pub struct BurnFeePayTip;

impl OnUnbalanced<Credit<AccountId, Balances>> for BurnFeePayTip {
    fn on_unbalanceds(mut fee_then_tip: impl Iterator<Item = Credit<AccountId, Balances>>) {
        // Dropping a credit takes it out of the issuance.
        drop(fee_then_tip.next());
        if let (Some(tip), Some(author)) = (fee_then_tip.next(), Authorship::author()) {
            // An author whose account is gone cannot be paid: the tip burns like the fee.
            drop(<Balances as Balanced<AccountId>>::resolve(&author, tip));
        }
    }
}

impl pallet_transaction_payment::Config for Runtime {
    type FeeMultiplierUpdate =
        TargetedFeeAdjustment<Self, TargetFullness, BaseFeeStep, MinimumBaseFee, MaximumBaseFee>;
    type LengthToFee = ConstantMultiplier<Balance, LengthFee>;
    type OnChargeTransaction = FungibleAdapter<Balances, BurnFeePayTip>;
    // Emergency and governance calls outbid ordinary ones for the reserved space.
    type OperationalFeeMultiplier = ConstU8<5>;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
    type WeightToFee = ConstantMultiplier<Balance, WeightFee>;
}
