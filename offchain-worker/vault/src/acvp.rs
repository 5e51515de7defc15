//! ML-KEM-768, the half of X-Wing that a quantum computer does not break, against NIST's vectors.

// The vectors have keys in the form that the crate advises against.
#![allow(deprecated)]

use crate::testing::{array, hashed, vectors};
use ml_kem::{
    Decapsulate, DecapsulationKey768, EncapsulationKey768, ExpandedKeyEncoding, KeyExport,
};

fn generate(d: &[u8], z: &[u8], public: &[u8], private: &[u8]) {
    let key = DecapsulationKey768::from_seed(array::<64>(&[d, z].concat()).into());
    assert_eq!(hashed(key.encapsulation_key().to_bytes().as_slice()), public);
    assert_eq!(hashed(key.to_expanded_bytes().as_slice()), private);
}

fn encapsulate(public: &[u8], message: &[u8], ciphertext: &[u8], shared: &[u8]) {
    let key = EncapsulationKey768::new(public.try_into().unwrap()).unwrap();
    let (made, secret) = key.encapsulate_deterministic(message.try_into().unwrap());
    assert_eq!(hashed(made.as_slice()), ciphertext);
    assert_eq!(secret.as_slice(), shared);
}

fn decapsulate(private: &[u8], ciphertext: &[u8], shared: &[u8]) {
    let key = DecapsulationKey768::from_expanded(private.try_into().unwrap()).unwrap();
    assert_eq!(key.decapsulate(ciphertext.try_into().unwrap()).as_slice(), shared);
}

#[test]
fn ml_kem_should_do_what_nist_says() {
    let mut private = Vec::new();
    let mut counts = [0; 3];
    for vector in vectors(include_str!("../tests/vectors/acvp.txt")) {
        let fields: Vec<&[u8]> = vector.iter().map(Vec::as_slice).collect();
        match fields[..] {
            [b"generate", d, z, public, secret] => {
                generate(d, z, public, secret);
                counts[0] += 1;
            }
            [b"encapsulate", public, message, ciphertext, shared] => {
                encapsulate(public, message, ciphertext, shared);
                counts[1] += 1;
            }
            [b"recover", key] => private = key.to_vec(),
            [b"decapsulate", ciphertext, shared] => {
                decapsulate(&private, ciphertext, shared);
                counts[2] += 1;
            }
            _ => panic!("a line of the vectors is not understood"),
        }
    }
    assert_eq!(counts, [25, 25, 10]);
}
