//! Names of engines: hashes of results are compared only between equal ones, so whatever can change
//! a bit of a result goes into the name.
//!
//! ```text
//! BLAKE2b-256( "cairn/engine" ‖ 0 ‖ version ‖ SCALE of (name, version of it, its flags) )
//! ```
//!
//! There is no genesis hash in it, for an engine is the same on every chain.

use crate::id::EngineId;
use alloc::{collections::BTreeSet, string::ToString, vec::Vec};
use codec::Encode;

/// Unlike the tag of any statement, see [`crate::preimage`].
pub const TAG: &str = "cairn/engine";
/// Raised when what is hashed changes.
pub const VERSION: u8 = 1;

/// What the engine of exact programs is called.
const EXACT: &str = "cairn-kernel";

impl EngineId {
    /// The name of an engine, as a crate, of that version, with these flags. Their order does not
    /// matter, nor how often one stands there.
    pub fn of(name: &str, version: &str, flags: &[&str]) -> Self {
        let flags: BTreeSet<&str> = flags.iter().copied().collect();
        let mut bytes = Vec::from(TAG.as_bytes());
        bytes.extend_from_slice(&[0, VERSION]);
        (name, version, flags).encode_to(&mut bytes);
        Self(sp_crypto_hashing::blake2_256(&bytes))
    }

    /// The engine of exact programs. Its version is the one of what operators mean, since every
    /// build that agrees on that gives the same bits.
    pub fn exact(semantics: u16) -> Self {
        Self::of(EXACT, &semantics.to_string(), &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    fn words() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[a-c]{0,2}", 0..4)
    }

    fn borrowed(words: &[String]) -> Vec<&str> {
        words.iter().map(String::as_str).collect()
    }

    #[test]
    fn of_should_hash_what_is_documented() {
        // One name of three letters, a version of one, two flags of one letter.
        let expected =
            [b"cairn/engine".as_slice(), &[0, 1], b"\x0cabc", b"\x041", b"\x08\x04x\x04y"].concat();
        let expected = EngineId(sp_crypto_hashing::blake2_256(&expected));
        assert_eq!(EngineId::of("abc", "1", &["y", "x"]), expected);
    }

    #[test]
    fn exact_should_differ_when_operators_mean_something_else() {
        assert_eq!(EngineId::exact(1), EngineId::of("cairn-kernel", "1", &[]));
        assert_ne!(EngineId::exact(1), EngineId::exact(2));
    }

    proptest! {
        #[test]
        fn of_should_differ_when_name_version_or_flags_do(
            a in ("[a-c]{0,2}", "[a-c]{0,2}", words()), b in ("[a-c]{0,2}", "[a-c]{0,2}", words()),
        ) {
            let set = |words: &[String]| words.iter().cloned().collect::<BTreeSet<String>>();
            let same = a.0 == b.0 && a.1 == b.1 && set(&a.2) == set(&b.2);
            let of = |one: &(String, String, Vec<String>)| {
                EngineId::of(&one.0, &one.1, &borrowed(&one.2))
            };
            prop_assert_eq!(of(&a) == of(&b), same);
        }

        #[test]
        fn of_should_be_equal_when_flags_stand_in_another_order(flags in words()) {
            let mut turned = borrowed(&flags);
            turned.reverse();
            let doubled = [turned.as_slice(), turned.as_slice()].concat();
            let plain = EngineId::of("rapier3d", "0.35.2", &borrowed(&flags));
            prop_assert_eq!(EngineId::of("rapier3d", "0.35.2", &doubled), plain);
        }
    }
}
