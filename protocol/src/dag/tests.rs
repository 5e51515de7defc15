use super::*;
use crate::id::ContentId;
use alloc::{string::ToString, vec, vec::Vec};
use proptest::prelude::*;

type Block = Header<u64>;

fn meta() -> Block {
    let artifact = File { id: ContentId([4; 32]), bytes: 1_000 };
    Header::meta(7, artifact, SemVer { major: 1, minor: 2, patch: 3 })
}

fn headers() -> impl Strategy<Value = Block> {
    let ids = || any::<[u8; 32]>().prop_map(BlockId);
    // Often as little as a META block has.
    let place = (
        prop::option::of(prop_oneof![Just(MODEL), ids()]),
        prop_oneof![Just(vec![]), prop::collection::vec(any::<u8>(), 0..=64)],
        prop_oneof![
            Just(vec![]),
            prop::collection::vec(ids(), 1),
            Just(vec![MODEL]),
            prop::collection::vec(ids(), 0..=8),
        ],
    );
    let number = || prop_oneof![Just(0), any::<u64>()];
    let release =
        any::<(u16, u16, u16)>().prop_map(|(major, minor, patch)| SemVer { major, minor, patch });
    let file =
        (any::<[u8; 32]>(), number()).prop_map(|(id, bytes)| File { id: ContentId(id), bytes });
    let kind = prop::sample::select(BlockKind::ALL.to_vec());
    (kind, place, release, file, any::<u64>(), number()).prop_map(
        |(kind, (model, component, parents), release, artifact, author, gain)| Header {
            version: VERSION,
            kind,
            model,
            component: BoundedVec::truncate_from(component),
            release,
            parents: BoundedVec::truncate_from(parents),
            artifact,
            author,
            gain,
        },
    )
}

#[test]
fn id_should_be_sha3_of_the_documented_bytes() {
    // The standard's own example, so that it is SHA3 and not Keccak.
    let abc: [u8; 32] = Sha3_256::digest(b"abc").into();
    assert_eq!(abc[..4], [0x3a, 0x98, 0x5d, 0xa7]);
    let expected = [
        &[1u8, 0, 0, 0][..],
        &[1, 0, 2, 0, 3, 0],
        &[0],
        &[4; 32],
        &1_000u64.to_le_bytes(),
        &7u64.to_le_bytes(),
        &[0; 8],
    ]
    .concat();
    assert_eq!(meta().encode(), expected);
    assert_eq!(meta().id(), BlockId(Sha3_256::digest(expected).into()));
}

#[test]
fn kinds_should_keep_their_numbers() {
    for (number, kind) in (0u8..).zip(BlockKind::ALL) {
        assert_eq!(kind.encode(), [number]);
    }
}

#[test]
fn read_should_say_what_is_wrong_when_bytes_are_no_header() {
    let good = meta().encode();
    let cases = [
        (vec![], Unreadable::Empty),
        ([&[2][..], &good[1..]].concat(), Unreadable::Version { need: 1, have: 2 }),
        ([&[1, 5][..], &good[2..]].concat(), Unreadable::NotAHeader),
        (good[..good.len() - 1].to_vec(), Unreadable::NotAHeader),
        ([&good[..], &[0]].concat(), Unreadable::LeftOver(1)),
        // A name of 65 bytes.
        ([&good[..3], &[5, 1], &[b'a'; 65], &good[4..]].concat(), Unreadable::NotAHeader),
    ];
    for (bytes, reason) in cases {
        assert_eq!(Block::read(&bytes), Err(reason), "{bytes:?}");
    }
    assert_eq!(Block::read(&good), Ok(meta()));
}

#[test]
fn check_meta_should_name_the_flaw_when_it_begins_no_model() {
    let other = BlockId([9; 32]);
    let empty = File { bytes: 0, ..meta().artifact };
    let part = BoundedVec::truncate_from(b"expert-0".to_vec());
    let parents = BoundedVec::truncate_from(vec![other; 2]);
    let cases = [
        (Header { version: 2, ..meta() }, Flaw::Version { need: 1, have: 2 }),
        (Header { kind: BlockKind::Data, ..meta() }, Flaw::NotAMeta(BlockKind::Data)),
        (Header { model: Some(other), ..meta() }, Flaw::OfAModel(other)),
        (Header { component: part, ..meta() }, Flaw::OfAComponent),
        (Header { parents, ..meta() }, Flaw::HasParents(2)),
        (Header { artifact: empty, ..meta() }, Flaw::NoArtifact),
        (Header { gain: 1, ..meta() }, Flaw::ClaimsGain(1)),
    ];
    for (header, flaw) in cases {
        assert_eq!(header.check_meta(), Err(flaw));
    }
    assert_eq!(meta().check_meta(), Ok(()));
}

const MODEL: BlockId = BlockId([8; 32]);

fn part(name: &[u8]) -> Component {
    BoundedVec::truncate_from(name.to_vec())
}

/// One of each kind that stands on another block.
fn others() -> [Block; 4] {
    let (below, Header { artifact, release, .. }) = (BlockId([9; 32]), meta());
    let component =
        |kind| Header::component(kind, MODEL, part(b"expert-0"), below, artifact, release, 7);
    [
        component(BlockKind::Expert),
        component(BlockKind::Router),
        Header::data(MODEL, artifact, release, 7),
        Header::delta(MODEL, part(b"expert-0"), below, artifact, release, 7, 9_950),
    ]
}

#[test]
fn check_should_name_the_flaw_when_a_header_is_not_of_its_kind() {
    let empty = File { bytes: 0, ..meta().artifact };
    let two = || BoundedVec::truncate_from(vec![MODEL; 2]);
    for block in others() {
        assert_eq!(block.check(), Ok(()));
        let cases = [
            (Header { version: 2, ..block.clone() }, Flaw::Version { need: 1, have: 2 }),
            (Header { model: None, ..block.clone() }, Flaw::OfNoModel),
            (Header { parents: two(), ..block.clone() }, Flaw::NotOnOne(2)),
            (Header { parents: BoundedVec::new(), ..block.clone() }, Flaw::NotOnOne(0)),
            (Header { artifact: empty, ..block.clone() }, Flaw::NoArtifact),
        ];
        for (header, flaw) in cases {
            assert_eq!(header.check(), Err(flaw));
        }
    }
    let [expert, router, data, delta] = others();
    let of = |name| Header { component: part(name), ..data.clone() };
    assert_eq!(of(b"expert-0").check(), Err(Flaw::OfAComponent));
    let parents = expert.parents.clone();
    let elsewhere = Header { parents, ..data.clone() };
    assert_eq!(elsewhere.check(), Err(Flaw::NotOnItsModel(BlockId([9; 32]))));
    for block in [&expert, &router, &delta] {
        let nameless = Header { component: part(b""), ..block.clone() };
        assert_eq!(nameless.check(), Err(Flaw::OfNoComponent));
    }
    for block in [&expert, &router, &data] {
        let claims = Header { gain: 1, ..block.clone() };
        assert_eq!(claims.check(), Err(Flaw::ClaimsGain(1)));
    }
    assert_eq!(Header { gain: 0, ..delta }.check(), Err(Flaw::ClaimsNoGain));
}

#[test]
fn releases_should_be_in_order_and_readable() {
    let of = |major, minor, patch| SemVer { major, minor, patch };
    let mut releases = [of(1, 0, 0), of(0, 10, 0), of(0, 9, 12), of(0, 9, 2)];
    releases.sort();
    let words: Vec<_> = releases.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["0.9.2", "0.9.12", "0.10.0", "1.0.0"]);
}

#[test]
fn a_patch_should_be_the_next_of_its_series() {
    let release = SemVer { major: 1, minor: 2, patch: 8 };
    let patched = release.patched().unwrap();
    assert_eq!(patched, SemVer { patch: 9, ..release });
    assert!(patched > release && patched.series() == release.series());
    assert!(SemVer { minor: 3, patch: 0, ..release }.series() > release.series());
    assert_eq!(SemVer { patch: u16::MAX, ..release }.patched(), None);
}

proptest! {
    #[test]
    fn read_should_give_back_what_was_encoded(header in headers()) {
        prop_assert_eq!(Block::read(&header.encode()), Ok(header));
    }

    #[test]
    fn id_should_differ_when_headers_do(a in headers(), b in headers()) {
        prop_assert_eq!(a.id() == b.id(), a == b);
    }

    /// Any byte that is another one is a header of another id, or none.
    #[test]
    fn id_should_bind_every_byte(
        header in headers(), place: prop::sample::Index, change in 1..=u8::MAX,
    ) {
        let mut bytes = header.encode();
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        if let Ok(other) = Block::read(&bytes) {
            prop_assert_ne!(other.id(), header.id());
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    /// What begins a model is found by its flaws alone.
    #[test]
    fn check_meta_should_accept_only_what_meta_makes(header in headers()) {
        let Header { author, artifact, release, .. } = header.clone();
        let made = Header::meta(author, artifact, release);
        prop_assert_eq!(header.check_meta().is_ok(), header == made && artifact.bytes > 0);
    }

    /// And what any block is, by its kind and what that needs.
    #[test]
    fn check_should_accept_only_what_constructors_make(header in headers()) {
        let Header { kind, component, artifact, release, author, gain, .. } = header.clone();
        let model = header.model.unwrap_or(MODEL);
        let below = header.parents.first().copied().unwrap_or(model);
        let named = !component.is_empty();
        let (made, sound) = match kind {
            BlockKind::Meta => (Header::meta(author, artifact, release), true),
            BlockKind::Expert | BlockKind::Router => (
                Header::component(kind, model, component, below, artifact, release, author),
                named,
            ),
            BlockKind::Data => (Header::data(model, artifact, release, author), true),
            BlockKind::Delta => (
                Header::delta(model, component, below, artifact, release, author, gain),
                named && gain > 0,
            ),
        };
        let sound = sound && artifact.bytes > 0;
        prop_assert_eq!(header.check().is_ok(), header == made && sound);
        prop_assert_eq!(made.check().is_ok(), sound);
    }
}
