use super::*;
use crate::{
    payload::Sealed,
    testing::{hashed, identity, requester, sealed, sealed_with, worker, GENESIS, SEAT},
    wrap::{unwrap, wrap, Seat},
};
use cairn_protocol::{
    envelope::{Malformed, RESULT_OVERHEAD},
    id::ProviderId,
    job::WrappedKey,
};

const TASK: TaskId = SEAT.task;

/// The sealed result of a worker that read its key and payload from outside.
fn made_by(identity: &Identity, seat: Seat, result: &[u8]) -> Vec<u8> {
    let sealed = sealed();
    let WrappedKey::Inline(wrapped) =
        wrap(&sealed.opening, &identity.public(), seat, &GENESIS).unwrap()
    else {
        panic!("a wrapped key fits into its transaction");
    };
    let opening = unwrap(&wrapped, identity, seat, &sealed.context).unwrap();
    let content = opening.open(&sealed.payload, &sealed.context).unwrap();
    seal_result(result, &opening, &content, &sealed.context, seat.task).unwrap()
}

fn refusal(bytes: &[u8], identity: &Identity, task: TaskId) -> Unopened {
    open_result(bytes, identity, &sealed().context, task).unwrap_err()
}

// Computed in Python, with OpenSSL's AES-GCM and X25519 and with kyber-py.
#[test]
fn sealed_result_should_be_that_of_another_implementation() {
    let hash = "f2a49ffe96fd76e9e030f24c27bd8d8d8fe13657b93f5815aa3fb561b7ddb7cf";
    assert_eq!(hex::encode(hashed(&made_by(&worker(), SEAT, b"a result"))), hash);
}

#[test]
fn equal_results_should_be_equal_bytes_from_two_workers() {
    let other = Seat { provider: ProviderId(11), generation: 0, ..SEAT };
    let (a, b) = (made_by(&worker(), SEAT, b"same"), made_by(&identity(8), other, b"same"));
    assert_eq!(a, b);
}

#[test]
fn different_results_should_share_no_secret() {
    let (a, b) = (made_by(&worker(), SEAT, b"one"), made_by(&worker(), SEAT, b"two"));
    let (a, b) = (SealedResult::parse(&a).unwrap(), SealedResult::parse(&b).unwrap());
    assert_ne!(a.encapsulation, b.encapsulation);
    let other = made_by(&worker(), Seat { task: TaskId(1), ..SEAT }, b"one");
    assert_ne!(a.encapsulation, SealedResult::parse(&other).unwrap().encapsulation);
}

#[test]
fn result_should_open_for_the_requester_alone() {
    let bytes = made_by(&worker(), SEAT, b"a result");
    let result = open_result(&bytes, &requester(), &sealed().context, TASK).unwrap();
    assert_eq!(result.as_slice(), b"a result");
    assert_eq!(refusal(&bytes, &worker(), TASK), Unopened::Tampered);
}

#[test]
fn blind_should_be_the_same_for_all_who_have_the_key_and_for_nobody_else() {
    let (mine, other) = (sealed(), sealed_with([9; 32]));
    let of = |sealed: &Sealed, digest, task| blind(&digest, &sealed.opening, &mine.context, task);
    let blinded = of(&mine, [1; 32], TASK);
    assert_eq!(of(&sealed(), [1; 32], TASK), blinded);
    let elsewhere = [of(&other, [1; 32], TASK), of(&mine, [1; 32], TaskId(1))];
    assert!(!elsewhere.contains(&blinded));
    assert!(![of(&mine, [2; 32], TASK), [1; 32]].contains(&blinded));
}

#[test]
fn open_should_fail_when_a_result_is_replayed_or_altered() {
    let mut bytes = made_by(&worker(), SEAT, b"a result");
    assert_eq!(refusal(&bytes, &requester(), TaskId(9)), Unopened::Tampered);
    bytes[20] ^= 1;
    assert_eq!(refusal(&bytes, &requester(), TASK), Unopened::Tampered);
    bytes[20] ^= 1;
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert_eq!(refusal(&bytes, &requester(), TASK), Unopened::Tampered);
}

#[test]
fn open_should_say_so_when_a_result_is_cut_off() {
    let bytes = made_by(&worker(), SEAT, b"a result");
    let need = RESULT_OVERHEAD;
    for have in [0, 14, 1_134, need - 1] {
        let short = Unopened::Malformed(Malformed::TooShort { have, need });
        assert_eq!(refusal(&bytes[..have], &requester(), TASK), short);
    }
    assert_eq!(refusal(&bytes[..need], &requester(), TASK), Unopened::Tampered);
}
