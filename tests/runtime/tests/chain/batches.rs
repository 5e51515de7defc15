//! The runtime API that validates many transactions at once.

use cairn_runtime::{
    batch::runtime_decl_for_batch_validation::BatchValidationV1, units::UNITS, Executive, Hash,
    Runtime, System, UncheckedExtrinsic,
};
use cairn_runtime_tests::{transfer, Chain};
use codec::Encode;
use frame_support::storage::{with_transaction, TransactionOutcome};
use sp_runtime::{
    generic::Preamble,
    transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidity},
    DispatchError, OpaqueExtrinsic,
};

fn opaque(transaction: &UncheckedExtrinsic) -> OpaqueExtrinsic {
    OpaqueExtrinsic::try_from_encoded_extrinsic(&transaction.encode())
        .expect("an encoded transaction")
}

fn together(chain: &mut Chain, batch: Vec<OpaqueExtrinsic>) -> Vec<TransactionValidity> {
    chain.state(|| Runtime::validate_transactions(TransactionSource::External, batch, Hash::zero()))
}

fn alone(chain: &mut Chain, transaction: &UncheckedExtrinsic) -> TransactionValidity {
    chain.state(|| {
        let mut validity = Err(InvalidTransaction::Call.into());
        let rolled_back: Result<(), DispatchError> = with_transaction(|| {
            validity = Executive::validate_transaction(
                TransactionSource::External,
                transaction.clone(),
                Hash::zero(),
            );
            TransactionOutcome::Rollback(Ok(()))
        });
        rolled_back.expect("rolled back");
        validity
    })
}

#[test]
fn batch_should_answer_as_one_by_one_when_good_and_bad_are_mixed() {
    let mut chain = Chain::local();
    chain.blocks(3);
    let call = || transfer("Ferdie", UNITS);
    let mut forged = chain.signed_at("Bob", call(), 0, 0);
    let (of_alice, of_charlie) =
        (chain.signed_at("Alice", call(), 0, 0), chain.signed_at("Charlie", call(), 7, 0));
    if let (Preamble::Signed(_, signature, _), Preamble::Signed(_, other, _)) =
        (&mut forged.preamble, &of_alice.preamble)
    {
        *signature = other.clone();
    }
    let of_the_past = {
        let transaction = chain.signed("Dave", call());
        chain.submit("Dave", call()).expect("a transfer");
        transaction
    };
    let of_the_future = chain.signed_at("Eve", call(), 0, 5);
    let all = [of_alice.clone(), forged, of_charlie, of_the_past, of_the_future, of_alice];
    let expected: Vec<_> = all.iter().map(|transaction| alone(&mut chain, transaction)).collect();
    assert_eq!(expected.iter().filter(|validity| validity.is_ok()).count(), 4, "{expected:?}");
    assert_eq!(together(&mut chain, all.iter().map(opaque).collect()), expected);
}

#[test]
fn batch_should_refuse_only_one_when_it_cannot_be_decoded() {
    let mut chain = Chain::local();
    chain.blocks(1);
    let good = chain.signed("Alice", transfer("Ferdie", UNITS));
    let garbage = OpaqueExtrinsic::from_blob(vec![0xff; 40]);
    let answers = together(&mut chain, vec![garbage, opaque(&good)]);
    assert_eq!(answers[0], Err(InvalidTransaction::Call.into()));
    assert_eq!(answers[1], alone(&mut chain, &good));
    assert!(answers[1].is_ok());
}

#[test]
fn batch_should_leave_no_trace_when_it_is_answered() {
    let mut chain = Chain::local();
    chain.blocks(2);
    let transactions: Vec<_> = ["Alice", "Bob", "Charlie"]
        .map(|seed| opaque(&chain.signed(seed, transfer("Ferdie", UNITS))))
        .into();
    let root = |chain: &mut Chain| {
        chain.state(|| (System::block_number(), sp_io::storage::root(Default::default())))
    };
    let before = root(&mut chain);
    assert!(together(&mut chain, transactions).iter().all(Result::is_ok));
    assert_eq!(root(&mut chain), before);
}
