//! Validation of many transactions in one call.
//!
//! A node starts an instance of the runtime for each call into it, which costs more than most of
//! what the runtime then does for a transaction. Under load transactions come in heaps, so the
//! node's pool asks about a heap at once.

use alloc::vec::Vec;
use codec::{DecodeAll, Encode};
use frame_support::storage::{with_transaction, TransactionOutcome};
use sp_runtime::{
    traits::Block as BlockT,
    transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidity},
    DispatchError, OpaqueExtrinsic,
};

use crate::{Executive, Hash, UncheckedExtrinsic};

sp_api::decl_runtime_apis! {
    /// Answers about many transactions, each as if it had been asked about alone.
    pub trait BatchValidation {
        /// The validity of each transaction, in their order, on top of the block `at`.
        fn validate_transactions(
            source: TransactionSource,
            transactions: Vec<OpaqueExtrinsic>,
            at: <Block as BlockT>::Hash,
        ) -> Vec<TransactionValidity>;
    }
}

/// Validates one of a batch. What it writes is taken back, so that the next one finds the state
/// of the block as this one did.
pub(crate) fn validate(
    source: TransactionSource,
    transaction: OpaqueExtrinsic,
    at: Hash,
) -> TransactionValidity {
    // One that cannot be read must not spoil the batch.
    let transaction = UncheckedExtrinsic::decode_all(&mut &transaction.encode()[..])
        .map_err(|_| InvalidTransaction::Call)?;
    let mut validity = Err(InvalidTransaction::Call.into());
    let rolled_back: Result<(), DispatchError> = with_transaction(|| {
        validity = Executive::validate_transaction(source, transaction, at);
        TransactionOutcome::Rollback(Ok(()))
    });
    rolled_back.map_err(|_| InvalidTransaction::ExhaustsResources)?;
    validity
}
