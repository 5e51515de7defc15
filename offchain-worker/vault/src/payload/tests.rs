use super::*;
use crate::testing::{
    array, hashed, identity, requester, sealed, sealed_with, GENESIS, INPUT, REQUESTER,
};
use proptest::prelude::*;

/// As [`sealed`], with another content under the same commitment.
fn resealed(content: &[u8]) -> (Sealed, Vec<u8>) {
    let sealed = sealed();
    let mut bytes = content.to_vec();
    let nonce = [3; NONCE_BYTES];
    cipher::encrypt(sealed.opening.key(), &nonce, &sealed.context.bytes(), &mut bytes).unwrap();
    let payload = SealedPayload { nonce: &nonce, ciphertext: &bytes }.to_bytes();
    (sealed, payload)
}

// Both numbers were computed in Python, with OpenSSL's AES-GCM and X25519 and with kyber-py.
#[test]
fn payload_and_commitment_should_be_those_of_another_implementation() {
    let sealed = sealed();
    let commitment = "ab0f8babfb5e9b5f96189d44537b30961378cb9bd7663145e7273fcb5873d15d";
    assert_eq!(hex::encode(sealed.context.commitment), commitment);
    let payload = "3893c492f4e524f56e83d4cf932c19b6018be72176467fec84dadefdce56d8ee";
    assert_eq!(hex::encode(hashed(&sealed.payload)), payload);
}

#[test]
fn open_should_give_back_input_and_reply_key() {
    let reply = requester().public();
    let sealed = seal(INPUT, &reply, &GENESIS, &REQUESTER).unwrap();
    let content = sealed.opening.open(&sealed.payload, &sealed.context).unwrap();
    assert_eq!(content.input(), INPUT);
    assert_eq!(content.reply(), &reply);
}

#[test]
fn seal_should_draw_another_key_each_time() {
    let seal = || seal(INPUT, &requester().public(), &GENESIS, &REQUESTER).unwrap();
    let (a, b) = (seal(), seal());
    assert_ne!(a.opening.key().expose(), b.opening.key().expose());
    assert_ne!(a.opening.salt.expose(), b.opening.salt.expose());
    assert_ne!(a.payload, b.payload);
}

#[test]
fn seal_should_refuse_a_reply_key_that_is_none() {
    let refused = seal(INPUT, &[0xff; 1_216], &GENESIS, &REQUESTER);
    assert_eq!(refused.unwrap_err(), Unsealed::BadPayloadKey);
}

#[test]
fn open_should_fail_when_the_payload_is_of_another_requester_or_chain() {
    let sealed = sealed();
    let other = Context { requester: [0; 32], ..sealed.context };
    let opened = sealed.opening.open(&sealed.payload, &other);
    assert_eq!(opened.unwrap_err(), Unopened::Tampered);
    let genesis = [0; 32];
    let commitment = sealed.opening.commitment(&genesis);
    let other = Context { genesis, commitment, ..sealed.context };
    let opened = sealed.opening.open(&sealed.payload, &other);
    assert_eq!(opened.unwrap_err(), Unopened::Tampered);
}

#[test]
fn open_should_fail_when_the_opening_is_not_what_was_committed_to() {
    let (sealed, other) = (sealed(), sealed_with([9; 32]));
    let opened = other.opening.open(&sealed.payload, &sealed.context);
    assert_eq!(opened.unwrap_err(), Unopened::FalseOpening);
    let salt = Secret::copied(&[0; 32]);
    let key = Secret::copied(sealed.opening.key().expose());
    let opening = Opening { key, salt, content: sealed.opening.content };
    let opened = opening.open(&sealed.payload, &sealed.context);
    assert_eq!(opened.unwrap_err(), Unopened::FalseOpening);
}

#[test]
fn open_should_fail_when_the_content_is_not_what_was_committed_to() {
    let (sealed, payload) = resealed(&[&requester().public()[..], b"another input"].concat());
    let opened = sealed.opening.open(&payload, &sealed.context);
    assert_eq!(opened.unwrap_err(), Unopened::FalseContent);
}

#[test]
fn open_should_fail_when_the_reply_key_is_none() {
    let content = [0xff; 1_300];
    let (key, salt) = (Secret::copied(&[1; 32]), Secret::copied(&[2; 32]));
    let opening = Opening { key, salt, content: ContentId(array(&hashed(&content))) };
    let commitment = opening.commitment(&GENESIS);
    let context = Context { genesis: GENESIS, requester: REQUESTER, commitment };
    let (mut bytes, nonce) = (content.to_vec(), [3; NONCE_BYTES]);
    cipher::encrypt(opening.key(), &nonce, &context.bytes(), &mut bytes).unwrap();
    let payload = SealedPayload { nonce: &nonce, ciphertext: &bytes }.to_bytes();
    assert_eq!(opening.open(&payload, &context).unwrap_err(), Unopened::BadReplyKey);
}

#[test]
fn open_should_say_so_when_a_payload_is_cut_off() {
    let sealed = sealed();
    let need = sealed.payload.len() - INPUT.len();
    for have in 0..need {
        let opened = sealed.opening.open(&sealed.payload[..have], &sealed.context);
        let short = cairn_protocol::envelope::Malformed::TooShort { have, need };
        assert_eq!(opened.unwrap_err(), Unopened::Malformed(short));
    }
    for have in need..sealed.payload.len() {
        let opened = sealed.opening.open(&sealed.payload[..have], &sealed.context);
        assert_eq!(opened.unwrap_err(), Unopened::Tampered);
    }
}

#[test]
fn payload_should_not_show_its_input() {
    let input = b"something that nobody else may read";
    let sealed = seal(input, &identity(3).public(), &GENESIS, &REQUESTER).unwrap();
    assert!(!sealed.payload.windows(8).any(|bytes| input.windows(8).any(|part| part == bytes)));
}

proptest! {
    #[test]
    fn open_should_fail_when_any_bit_of_a_payload_is_flipped(at in 0usize..1_264, bit in 0u8..8) {
        let sealed = sealed();
        let mut payload = sealed.payload.clone();
        payload[at] ^= 1 << bit;
        let opened = sealed.opening.open(&payload, &sealed.context).unwrap_err();
        let marked = at < cairn_protocol::envelope::PAYLOAD_MARK.len();
        let unknown = Unopened::Malformed(cairn_protocol::envelope::Malformed::Unknown);
        prop_assert_eq!(opened, if marked { unknown } else { Unopened::Tampered });
    }
}
