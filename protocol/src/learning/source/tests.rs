use super::*;
use crate::id::ContentId;
use alloc::string::ToString;
use codec::Encode;

fn file(bytes: u64) -> File {
    File { id: ContentId([3; 32]), bytes }
}

fn set(bytes: u64, record_bytes: u32) -> Source {
    Source::Records(Records { file: file(bytes), record_bytes })
}

fn generator(module: u64, record_bytes: u32, fuel: u64, count: u64) -> Source {
    Source::Generator(Generator { module: file(module), record_bytes, fuel, count })
}

#[test]
fn check_should_name_the_flaw_when_nothing_can_be_judged() {
    let tokens = |have| SourceFlaw::Tokens { least: 2, most: 131_072, have };
    let cases = [
        (set(9_000, 9), SourceFlaw::BrokenTokens { record_bytes: 9 }),
        (set(0, 0), tokens(0)),
        (set(400, 4), tokens(1)),
        (set(64 * 524_292, 524_292), tokens(131_073)),
        (set(1_023, 16), SourceFlaw::Ragged { bytes: 1_023, record_bytes: 16 }),
        (set(1_008, 16), SourceFlaw::TooFew { need: 64, have: 63 }),
        (generator(0, 16, 1, 64), SourceFlaw::NoModule),
        (generator(1, 16, 0, 64), SourceFlaw::Fuel { most: MAX_FUEL, have: 0 }),
        (
            generator(1, 16, MAX_FUEL + 1, 64),
            SourceFlaw::Fuel { most: MAX_FUEL, have: MAX_FUEL + 1 },
        ),
        (generator(1, 16, 1, 63), SourceFlaw::TooFew { need: 64, have: 63 }),
    ];
    for (source, flaw) in cases {
        assert_eq!(source.check(), Err(flaw), "{source:?}");
        assert!(!flaw.to_string().is_empty());
    }
    for source in [set(1_024, 16), set(64 * 524_288, 524_288), generator(1, 8, MAX_FUEL, 64)] {
        assert_eq!(source.check(), Ok(()), "{source:?}");
    }
}

#[test]
fn sources_should_keep_their_bytes() {
    let id = [3; 32];
    let records = [&[0][..], &id, &1_024u64.to_le_bytes(), &16u32.to_le_bytes()].concat();
    assert_eq!(set(1_024, 16).encode(), records);
    let made = [
        &[1][..],
        &id,
        &7u64.to_le_bytes(),
        &16u32.to_le_bytes(),
        &5u64.to_le_bytes(),
        &99u64.to_le_bytes(),
    ];
    assert_eq!(generator(7, 16, 5, 99).encode(), made.concat());
    let purposes = [Purpose::Training, Purpose::Validation, Purpose::Sealed];
    assert_eq!(purposes.encode(), [0, 1, 2]);
}
