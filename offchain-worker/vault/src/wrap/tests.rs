use super::*;
use crate::testing::{hashed, identity, sealed, sealed_with, worker, GENESIS, INPUT, SEAT};
use cairn_protocol::envelope::{Malformed, WRAPPED_BYTES};
use proptest::prelude::*;

fn bytes(wrapped: WrappedKey) -> Vec<u8> {
    match wrapped {
        WrappedKey::Inline(bytes) => bytes.into_inner(),
        WrappedKey::Artifact(_) => panic!("a wrapped key fits into its transaction"),
    }
}

/// The key of [`sealed`] for the worker, with fixed randomness.
fn wrapped() -> Vec<u8> {
    let to = worker().public();
    bytes(wrap_with(&sealed().opening, &to, SEAT, &GENESIS, &[11; RANDOMNESS]).unwrap())
}

fn refusal(wrapped: &[u8], identity: &Identity, seat: Seat) -> Unopened {
    unwrap(wrapped, identity, seat, &sealed().context).unwrap_err()
}

// Computed in Python, with OpenSSL's AES-GCM and X25519 and with kyber-py.
#[test]
fn wrapped_key_should_be_that_of_another_implementation() {
    let hash = "4aecdc01209f6f5efcf0f2db8430a9fd41a5851b4bd22f08c50fd94d430781eb";
    assert_eq!(hex::encode(hashed(&wrapped())), hash);
}

#[test]
fn unwrap_should_give_two_workers_the_key_of_one_payload() {
    let sealed = sealed();
    let other = Seat { provider: ProviderId(11), ..SEAT };
    for (identity, seat) in [(worker(), SEAT), (identity(8), other)] {
        let wrapped = wrap(&sealed.opening, &identity.public(), seat, &GENESIS).unwrap();
        let opening = unwrap(&bytes(wrapped), &identity, seat, &sealed.context).unwrap();
        let content = opening.open(&sealed.payload, &sealed.context).unwrap();
        assert_eq!(content.input(), INPUT);
    }
}

#[test]
fn wrap_should_make_other_bytes_each_time() {
    let wrap = || bytes(wrap(&sealed().opening, &worker().public(), SEAT, &GENESIS).unwrap());
    assert_ne!(wrap(), wrap());
}

#[test]
fn wrap_should_refuse_what_is_no_payload_key() {
    let refused = wrap(&sealed().opening, &[0xff; 1_216], SEAT, &GENESIS);
    assert_eq!(refused.unwrap_err(), Unsealed::BadPayloadKey);
}

#[test]
fn unwrap_should_name_what_differs_when_an_envelope_is_replayed() {
    let (wrapped, me) = (wrapped(), worker());
    let (task, provider) = (TaskId(9), ProviderId(8));
    let cases = [
        (Seat { task, ..SEAT }, Unopened::OtherTask { named: SEAT.task }),
        (Seat { provider, ..SEAT }, Unopened::OtherProvider { named: SEAT.provider }),
        (Seat { generation: 11, ..SEAT }, Unopened::OtherRegistration { named: SEAT.generation }),
    ];
    for (seat, reason) in cases {
        assert_eq!(refusal(&wrapped, &me, seat), reason);
    }
}

#[test]
fn unwrap_should_fail_when_a_replayed_envelope_is_readdressed() {
    let (wrapped, me) = (wrapped(), worker());
    let seats = [
        Seat { task: TaskId(9), ..SEAT },
        Seat { provider: ProviderId(8), ..SEAT },
        Seat { generation: 11, ..SEAT },
    ];
    for seat in seats {
        let parts = SealedKey::parse(&wrapped).unwrap();
        let address = seat.address(parts.address.recipient);
        let forged = SealedKey { address, ..parts }.to_bytes();
        assert_eq!(refusal(&forged, &me, seat), Unopened::Tampered);
    }
}

#[test]
fn unwrap_should_fail_when_it_is_wrapped_for_another() {
    let (wrapped, thief) = (wrapped(), identity(8));
    assert_eq!(refusal(&wrapped, &thief, SEAT), Unopened::OtherRecipient);
    let parts = SealedKey::parse(&wrapped).unwrap();
    let forged = SealedKey { address: SEAT.address(thief.fingerprint()), ..parts }.to_bytes();
    assert_eq!(refusal(&forged, &thief, SEAT), Unopened::Tampered);
}

#[test]
fn unwrap_should_fail_when_it_is_wrapped_on_another_chain() {
    let (sealed, genesis) = (sealed(), [0; 32]);
    let commitment = sealed.opening.commitment(&genesis);
    let elsewhere = Context { genesis, commitment, ..sealed.context };
    let opened = unwrap(&wrapped(), &worker(), SEAT, &elsewhere);
    assert_eq!(opened.unwrap_err(), Unopened::Tampered);
}

#[test]
fn unwrap_should_fail_when_the_opening_is_not_what_was_committed_to() {
    let other = sealed_with([9; 32]);
    let wrapped = bytes(wrap(&other.opening, &worker().public(), SEAT, &GENESIS).unwrap());
    assert_eq!(refusal(&wrapped, &worker(), SEAT), Unopened::FalseOpening);
}

#[test]
fn unwrap_should_say_so_when_an_envelope_is_cut_off_or_too_long() {
    let (wrapped, me, need) = (wrapped(), worker(), WRAPPED_BYTES);
    for have in [0, 1, 29, 1_149, need - 1] {
        let short = Unopened::Malformed(Malformed::TooShort { have, need });
        assert_eq!(refusal(&wrapped[..have], &me, SEAT), short);
    }
    let long = Unopened::Malformed(Malformed::TooLong { have: need + 1, most: need });
    assert_eq!(refusal(&[&wrapped[..], &[0]].concat(), &me, SEAT), long);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn unwrap_should_fail_when_any_bit_is_flipped(at in 29usize..WRAPPED_BYTES, bit in 0u8..8) {
        let mut wrapped = wrapped();
        wrapped[at] ^= 1 << bit;
        // X25519 ignores the highest bit of a key, but the secret is derived from it as it stands.
        prop_assert_eq!(refusal(&wrapped, &worker(), SEAT), Unopened::Tampered);
    }
}
