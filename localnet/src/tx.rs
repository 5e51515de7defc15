//! Transactions, built and signed without a node: the signed payload is put together from raw
//! parts, so no runtime state is needed and thousands can be signed in advance, in parallel.

use cairn_runtime::{
    AccountId, Address, Balance, Hash, Nonce, Runtime, RuntimeCall, Signature, SignedPayload,
    TxExtension, UncheckedExtrinsic,
};
use codec::Encode;
use frame_metadata_hash_extension::CheckMetadataHash;
use pallet_transaction_payment::ChargeTransactionPayment;
use sp_core::{sr25519, Bytes, Pair};
use sp_runtime::{
    generic::Era,
    traits::{BlakeTwo256, Hash as _},
    MultiSignature,
};

use crate::keys;

/// What a signature commits to besides the call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Signing {
    pub genesis: Hash,
    pub spec_version: u32,
    pub transaction_version: u32,
}

/// Signs a call. It stays valid until the nonce is used or the runtime changes.
pub fn sign_extrinsic(
    call: RuntimeCall,
    signer: &sr25519::Pair,
    nonce: Nonce,
    signing: &Signing,
) -> UncheckedExtrinsic {
    let extension: TxExtension = (
        frame_system::CheckNonZeroSender::<Runtime>::new(),
        frame_system::CheckSpecVersion::<Runtime>::new(),
        frame_system::CheckTxVersion::<Runtime>::new(),
        frame_system::CheckGenesis::<Runtime>::new(),
        frame_system::CheckMortality::<Runtime>::from(Era::Immortal),
        frame_system::CheckNonce::<Runtime>::from(nonce),
        frame_system::CheckWeight::<Runtime>::new(),
        ChargeTransactionPayment::<Runtime>::from(0),
        CheckMetadataHash::<Runtime>::new(false),
        frame_system::WeightReclaim::<Runtime>::new(),
    );
    let implicit = (
        (),
        signing.spec_version,
        signing.transaction_version,
        signing.genesis,
        // An immortal transaction is born with the chain.
        signing.genesis,
        (),
        (),
        (),
        None,
        (),
    );
    let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implicit);
    let signature = payload.using_encoded(|bytes| signer.sign(bytes));
    UncheckedExtrinsic::new_signed(
        call,
        Address::Id(keys::account_of(signer)),
        Signature::from(MultiSignature::Sr25519(signature)),
        extension,
    )
}

/// The same as the bytes that nodes exchange.
pub fn sign(call: RuntimeCall, signer: &sr25519::Pair, nonce: Nonce, signing: &Signing) -> Bytes {
    Bytes(sign_extrinsic(call, signer, nonce, signing).encode())
}

/// The hash that a transaction is known by.
pub fn hash(transaction: &Bytes) -> Hash {
    BlakeTwo256::hash(transaction)
}

/// The call that moves CRN and keeps the sender's account alive.
pub fn transfer(to: AccountId, amount: Balance) -> RuntimeCall {
    RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
        dest: Address::Id(to),
        value: amount,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::Decode;
    use sp_runtime::{generic::Preamble, traits::Verify};

    fn signing() -> Signing {
        Signing { genesis: Hash::repeat_byte(7), spec_version: 3, transaction_version: 2 }
    }

    /// The payload as wallets put it together: call, what is in the transaction, what is not.
    fn wallet_payload(call: &RuntimeCall, nonce: Nonce, spec_version: u32) -> Vec<u8> {
        let era = 0u8;
        let (tip, metadata_mode) = (codec::Compact(0u128), 0u8);
        let explicit = (era, codec::Compact(nonce), tip, metadata_mode);
        let genesis = Hash::repeat_byte(7);
        let implicit = (spec_version, 2u32, genesis, genesis, None::<[u8; 32]>);
        (call, explicit, implicit).encode()
    }

    #[test]
    fn sign_extrinsic_should_verify_as_a_wallet_would_sign_when_decoded_again() {
        let alice = keys::signer("Alice").unwrap();
        let call = transfer(keys::account("Bob").unwrap(), 5);
        let bytes = sign(call.clone(), &alice, 9, &signing());
        let decoded = UncheckedExtrinsic::decode(&mut &bytes[..]).unwrap();
        assert_eq!(decoded.function, call);
        let Preamble::Signed(address, signature, _) = decoded.preamble else {
            panic!("the transaction is not signed");
        };
        let account = keys::account_of(&alice);
        assert_eq!(address, Address::Id(account.clone()));
        assert!(signature.verify(&wallet_payload(&call, 9, 3)[..], &account));
        assert!(!signature.verify(&wallet_payload(&call, 9, 4)[..], &account));
        assert!(!signature.verify(&wallet_payload(&call, 8, 3)[..], &account));
    }
}
