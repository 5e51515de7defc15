use super::*;
use crate::{
    id::{ContentId, File},
    learning::{model::Part, source::Generator},
    spec::Records,
};
use alloc::{string::ToString, vec::Vec};

const LIMITS: Limits = Limits { model: 1_000, sample: 6_400, fuel: 500 };

fn file(bytes: u64) -> File {
    File { id: ContentId([3; 32]), bytes }
}

fn parts(bytes: &[u64]) -> Parts {
    let part = |bytes: &u64| Part { component: Default::default(), file: file(*bytes) };
    bytes.iter().map(part).collect::<Vec<_>>().try_into().unwrap()
}

fn made(record_bytes: u32, fuel: u64) -> Source {
    Source::Generator(Generator { module: file(1), record_bytes, fuel, count: 1_000 })
}

#[test]
fn check_model_should_refuse_what_all_components_have_together() {
    assert_eq!(LIMITS.check_model(&parts(&[600, 400])), Ok(()));
    let most = LIMITS.model;
    let refused = |bytes: &[u64], have| {
        assert_eq!(LIMITS.check_model(&parts(bytes)), Err(TooMuch::Model { most, have }));
    };
    refused(&[600, 401], 1_001);
    refused(&[u64::MAX, 1], u64::MAX);
}

#[test]
fn check_source_should_refuse_what_a_sample_takes_and_say_how_much_it_is() {
    let stored = Source::Records(Records { file: file(1 << 40), record_bytes: 64 });
    assert_eq!(LIMITS.check_source(&stored, 100), Ok(()));
    assert_eq!(LIMITS.check_source(&made(64, 5), 100), Ok(()));
    let cases = [
        (stored, 101, TooMuch::Sample { most: 6_400, have: 6_464 }),
        (made(65, 5), 100, TooMuch::Sample { most: 6_400, have: 6_500 }),
        (made(64, 6), 100, TooMuch::Fuel { most: 500, have: 600 }),
        (made(8, u64::MAX), 100, TooMuch::Fuel { most: 500, have: u64::MAX }),
    ];
    for (source, examples, reason) in cases {
        assert_eq!(LIMITS.check_source(&source, examples), Err(reason), "{source:?}");
        let (TooMuch::Model { most, have }
        | TooMuch::Sample { most, have }
        | TooMuch::Fuel { most, have }) = reason;
        let words = reason.to_string();
        assert!(words.contains(&most.to_string()), "{words}");
        assert!(words.contains(&have.to_string()), "{words}");
    }
}
