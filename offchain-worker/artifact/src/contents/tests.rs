use super::*;
use crate::testing::Random;
use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors};

fn masters(rows: u32, columns: u32, numbers: Vec<i16>) -> Tensor<'static> {
    Tensor { rows, columns, numbers: Numbers::Masters(numbers.into()) }
}

fn constants(numbers: Vec<i32>) -> Tensor<'static> {
    let columns = numbers.len() as u32;
    Tensor { rows: 1, columns, numbers: Numbers::Constants(numbers.into()) }
}

fn contents(
    tensors: impl IntoIterator<Item = (&'static str, Tensor<'static>)>,
) -> Contents<'static> {
    Contents::new(tensors.into_iter().map(|(name, one)| (name.into(), one)).collect()).unwrap()
}

fn small() -> Contents<'static> {
    contents([("a", masters(2, 3, vec![1, 2, 3, -4, 5, 6])), ("b", constants(vec![7, -8]))])
}

fn written(contents: &Contents<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    contents.write(&mut bytes).unwrap();
    bytes
}

fn filled(seed: u64) -> Contents<'static> {
    const NAMES: [&str; 6] = ["a", "a.b", "0", "layers.0.norm", "x-y", "z_9"];
    let mut random = Random(seed);
    let mut tensors = BTreeMap::new();
    for name in NAMES.iter().skip(random.below(6) as usize) {
        let (rows, columns) = (1 + random.below(40) as u32, 1 + random.below(40) as u32);
        let tensor = match random.below(3) {
            0 => constants((0..columns).map(|_| random.below(1 << 40) as i32).collect()),
            1 => masters(2, 512, random.masters(1_024)),
            _ => masters(rows, columns, random.masters(u64::from(rows * columns))),
        };
        tensors.insert((*name).to_string(), tensor);
    }
    Contents::new(tensors).unwrap()
}

/// A file with this header, and as much data.
fn file(json: &str, data: usize) -> Vec<u8> {
    let whole = (8 + json.len()).next_multiple_of(1_024);
    let mut bytes = (whole as u64 - 8).to_le_bytes().to_vec();
    bytes.extend(json.as_bytes());
    bytes.resize(whole, b' ');
    bytes.resize(whole + data, 0);
    bytes
}

fn flaw(bytes: &[u8]) -> Flaw {
    let flaw = Contents::decode(bytes).unwrap_err();
    assert!(flaw.to_string().len() < 600, "{flaw}");
    flaw
}

/// What is wrong with a file of these entries.
fn flawed(entries: &str, data: usize) -> Flaw {
    let json = format!(r#"{{"__metadata__":{{"form":"cairn-artifact-1"}},{entries}}}"#);
    flaw(&file(&json, data))
}

#[test]
fn write_should_lay_out_as_specified_when_small() {
    let bytes = written(&small());
    let json = concat!(
        r#"{"__metadata__":{"form":"cairn-artifact-1"},"#,
        r#""a":{"dtype":"I16","shape":[2,3],"data_offsets":[0,12]},"#,
        r#""_fill.0":{"dtype":"U8","shape":[1012],"data_offsets":[12,1024]},"#,
        r#""b":{"dtype":"I32","shape":[1,2],"data_offsets":[1024,1032]}}"#,
    );
    let mut need = file(json, 1_032);
    need[1_024..1_036].copy_from_slice(&[1, 0, 2, 0, 3, 0, 252, 255, 5, 0, 6, 0]);
    need[2_048..].copy_from_slice(&[7, 0, 0, 0, 248, 255, 255, 255]);
    assert_eq!(bytes, need);
    assert_eq!(Contents::decode(&bytes), Ok(small()));
}

#[test]
fn identity_should_stay_what_it_is_when_anything_else_changes() {
    let id = blake3::hash(&written(&small())).to_hex();
    assert_eq!(id.as_str(), "9de9a5f24fdadbe3d2fbb291425de17e6d82b0e730e2474fe98f8c151569eaf4");
    let file = small().file().unwrap();
    assert_eq!((crate::hex(&file.id).as_str(), file.bytes), (id.as_str(), 2_056));
}

#[test]
fn new_should_refuse_when_a_file_cannot_hold_it() {
    let new = |name: &str, tensor| Contents::new([(name.into(), tensor)].into()).unwrap_err();
    let name = String::from("a");
    for bad in ["", ".a", "_fill.0", "__metadata__", "a b", "a\"", "ä", &"a".repeat(256)] {
        assert!(matches!(new(bad, constants(vec![1])), Flaw::Name { .. }), "{bad}");
    }
    let shape = |have: &str| Flaw::Shape { name: "a".into(), have: have.into() };
    assert_eq!(new("a", masters(0, 1, vec![])), shape("[0, 1]"));
    assert_eq!(new("a", masters(1, MOST + 1, vec![])), shape("[1, 1048577]"));
    let count = Flaw::Count { name: name.clone(), need: 6, have: 5 };
    assert_eq!(new("a", masters(2, 3, vec![0; 5])), count);
    assert_eq!(new("a", masters(1, 2, vec![0, i16::MIN])), Flaw::Master { name, at: 1 });
    assert_eq!(Contents::new(BTreeMap::new()), Err(Flaw::Empty));
}

#[test]
fn decode_should_say_what_is_wrong_when_the_file_is_cut_or_goes_on() {
    let bytes = written(&small());
    assert_eq!(flaw(&[]), Flaw::Short { need: 8, have: 0 });
    assert_eq!(flaw(&bytes[..1_000]), Flaw::Short { need: 1_024, have: 1_000 });
    assert_eq!(flaw(&bytes[..2_055]), Flaw::Short { need: 2_056, have: 2_055 });
    let more = [&bytes[..], &[0]].concat();
    assert_eq!(flaw(&more), Flaw::Left { need: 2_056, have: 1 });
    let mut huge = bytes;
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(flaw(&huge), Flaw::Long { most: 1 << 24, have: u64::MAX });
}

#[test]
fn decode_should_say_what_is_wrong_when_the_header_is_no_header() {
    for bad in ["", "[]", "{", "{}{}", r#"{"a":1}"#, "\u{ff}", &"[".repeat(100_000)] {
        assert!(matches!(flaw(&file(bad, 0)), Flaw::Json { .. }), "{bad}");
    }
    let need = "cairn-artifact-1";
    assert_eq!(flaw(&file("{}", 0)), Flaw::Form { need, have: String::new() });
    let other = r#"{"__metadata__":{"form":"cairn-artifact-2"}}"#;
    assert_eq!(flaw(&file(other, 0)), Flaw::Form { need, have: "cairn-artifact-2".into() });
    assert_eq!(flaw(&file(r#"{"__metadata__":{"form":"cairn-artifact-1"}}"#, 0)), Flaw::Empty);
}

#[test]
fn decode_should_say_what_is_wrong_when_a_tensor_is_not_where_or_what_it_has_to_be() {
    let one = r#""a":{"dtype":"I16","shape":[1,1],"data_offsets":[0,2]}"#;
    let (name, before) = (String::from("b"), String::from("a"));
    let second = |place: &str| {
        format!(
            r#"{one},"_fill.0":{{"dtype":"U8","shape":[1022],"data_offsets":[2,1024]}},"b":{{{place}}}"#
        )
    };
    let place = r#""dtype":"I16","shape":[1,1],"data_offsets":[1024,1026]"#;
    let b = |place: &str| flawed(&second(place), 1_026);
    assert!(Contents::decode(&file(
        &format!(r#"{{"__metadata__":{{"form":"cairn-artifact-1"}},{}}}"#, second(place)),
        1_026
    ))
    .is_ok());
    let offset = |have| Flaw::Offset { name: "b".into(), need: 1_024, have };
    // A gap, an overlap, and where nothing can be.
    for have in [1_025, 1_022, 0, u64::MAX - 1] {
        let begin = format!("[{have},");
        assert_eq!(b(&place.replace("[1024,", &begin)), offset(have));
    }
    let length = |have| Flaw::Length { name: "b".into(), need: 2, have };
    assert_eq!(b(&place.replace("1026", "1028")), length(4));
    assert_eq!(b(&place.replace("1026", "1023")), length(0));
    assert_eq!(b(&place.replace("1026", "18446744073709551615")), length(u64::MAX - 1_024));
    for bad in ["F32", "U8", "i16", "BF16", ""] {
        let flaw = Flaw::Dtype { name: name.clone(), have: bad.into() };
        assert_eq!(b(&place.replace("I16", bad)), flaw);
    }
    for bad in ["[]", "[1]", "[1,1,1]", "[0,1]", "[1,1048577]", "[18446744073709551615,2]"] {
        assert!(matches!(b(&place.replace("[1,1]", bad)), Flaw::Shape { .. }), "{bad}");
    }
    for bad in ["[-1,1]", "[1.5,1]", "[18446744073709551616,1]", "null"] {
        assert!(matches!(b(&place.replace("[1,1]", bad)), Flaw::Json { .. }), "{bad}");
    }
    let far = r#""b":{"dtype":"I16","shape":[1,1],"data_offsets":[2,4]}"#;
    let boundary = Flaw::Boundary { name: name.clone(), at: 2 };
    assert_eq!(flawed(&format!("{one},{far}"), 4), boundary);
    let again = second(place).replace("\"b\"", "\"a\"");
    assert_eq!(flawed(&again, 1_026), Flaw::Twice { name: before.clone() });
    let down = second(place).replace("\"a\"", "\"c\"");
    assert_eq!(flawed(&down, 1_026), Flaw::Order { name, before: "c".into() });
    let bad = second(place).replace("\"b\"", r#""\u0000""#);
    assert_eq!(flawed(&bad, 1_026), Flaw::Name { name: "\0".into() });
}

#[test]
fn decode_should_say_what_is_wrong_when_a_filler_is_not_the_one_needed() {
    let filler = r#""_fill.0":{"dtype":"U8","shape":[1022],"data_offsets":[2,1024]}"#;
    let one = r#""a":{"dtype":"I16","shape":[1,1],"data_offsets":[0,2]}"#;
    let two = r#""b":{"dtype":"I16","shape":[1,1],"data_offsets":[1024,1026]}"#;
    let with = |filler: &str| flawed(&format!("{one},{filler},{two}"), 1_026);
    let bad = |name: &str| Flaw::Filler { name: name.into() };
    assert_eq!(with(&filler.replace("l.0", "l.1")), bad("_fill.1"));
    assert_eq!(with(&filler.replace("U8", "I8")), bad("_fill.0"));
    assert_eq!(with(&filler.replace("[1022]", "[2,511]")), bad("_fill.0"));
    assert_eq!(with(&filler.replace("[1022]", "[1021]")), bad("_fill.0"));
    // Before everything, and behind.
    assert_eq!(flawed(&filler.replace("2,1024", "0,1022"), 1_022), bad("_fill.0"));
    assert_eq!(flawed(&format!("{one},{filler}"), 1_024), bad("_fill.0"));
    let full = r#""a":{"dtype":"I16","shape":[1,512],"data_offsets":[0,1024]}"#;
    let none = filler.replace("[1022]", "[0]").replace("2,1024", "1024,1024");
    assert_eq!(flawed(&format!("{full},{none}"), 1_024), bad("_fill.0"));
    let mut bytes = written(&small());
    bytes[1_040] = 9;
    assert_eq!(flaw(&bytes), Flaw::Filling { at: 1_040, have: 9 });
}

#[test]
fn decode_should_refuse_another_form_of_the_same_header_when_it_means_as_much() {
    let json = r#"{"__metadata__":{"form":"cairn-artifact-1"},"a":{"dtype":"I16","shape":[1,1],"data_offsets":[0,2]}}"#;
    assert!(Contents::decode(&file(json, 2)).is_ok());
    let about = r#""__metadata__":{"form":"cairn-artifact-1"}"#;
    for (from, to) in [
        (",\"shape\"", ", \"shape\""),
        ("\"a\"", "\"\\u0061\""),
        ("[1,1]", "[1,1e0]"),
        ("\"form\"", "\"for\\u006d\""),
        ("-1\"}", "-1\",\"more\":\"\"}"),
        ("[0,2]}}", "[0,2]}}\n"),
        ("\"dtype\":\"I16\",\"shape\":[1,1]", "\"shape\":[1,1],\"dtype\":\"I16\""),
        (about, &format!("{about},{about}")),
    ] {
        let other = json.replace(from, to);
        assert_ne!(other, json);
        let refused = flaw(&file(&other, 2));
        assert!(matches!(refused, Flaw::Header { .. } | Flaw::Json { .. }), "{other}: {refused}");
    }
    // Spaces up to the boundary after the next.
    let mut wide = file(json, 2);
    wide.splice(1_024..1_024, [b' '; 1_024]);
    wide[..8].copy_from_slice(&2_040u64.to_le_bytes());
    assert_eq!(flaw(&wide), Flaw::Header { at: 1 });
}

#[test]
fn decode_should_refuse_when_a_master_has_no_negative() {
    let mut bytes = written(&small());
    bytes[1_028..1_030].copy_from_slice(&i16::MIN.to_le_bytes());
    assert_eq!(flaw(&bytes), Flaw::Master { name: "a".into(), at: 2 });
}

proptest! {
    #[test]
    fn decode_should_give_back_what_was_written_when_any(seed: u64) {
        let contents = filled(seed);
        let bytes = written(&contents);
        prop_assert_eq!(Contents::decode(&bytes), Ok(contents));
    }

    #[test]
    fn decode_should_not_look_where_bytes_lie_when_any(seed: u64, shift in 1usize..4) {
        let contents = filled(seed);
        let bytes = [vec![0; shift], written(&contents)].concat();
        prop_assert_eq!(Contents::decode(&bytes[shift..]), Ok(contents));
    }

    #[test]
    fn others_should_read_the_same_when_any(seed: u64) {
        let contents = filled(seed);
        let bytes = written(&contents);
        let read = SafeTensors::deserialize(&bytes).unwrap();
        for (name, tensor) in contents.tensors() {
            let view = read.tensor(name).unwrap();
            prop_assert_eq!(view.shape(), [tensor.rows as usize, tensor.columns as usize]);
            let dtype = match tensor.numbers {
                Numbers::Masters(_) => Dtype::I16,
                Numbers::Constants(_) => Dtype::I32,
            };
            prop_assert_eq!(view.dtype(), dtype);
            let need = tensor.numbers.bytes();
            prop_assert_eq!(view.data(), &*need);
            let at = view.data().as_ptr() as usize - bytes.as_ptr() as usize;
            prop_assert_eq!(at as u64 % BOUNDARY, 0);
        }
        for name in read.names() {
            prop_assert!(contents.get(name).is_some() || name.starts_with("_fill."));
        }
    }

    #[test]
    fn decode_should_take_only_what_is_written_again_when_bytes_change(
        seed: u64,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8, 0u8..4), 1..3),
    ) {
        let contents = filled(seed);
        let mut bytes = written(&contents);
        let before = bytes.clone();
        let header = bytes.len().min(1_500);
        for (index, bit, way) in changes {
            match way {
                // Headers are where most can go wrong.
                0 => bytes[index.index(header.min(before.len()))] ^= 1 << bit,
                1 => { let at = index.index(bytes.len()); bytes[at] ^= 1 << bit }
                2 => bytes.truncate(header.max(index.index(bytes.len()))),
                _ => bytes.insert(index.index(bytes.len()), bit),
            }
        }
        if let Ok(read) = Contents::decode(&bytes) {
            prop_assert_eq!(written(&read), bytes.clone());
            prop_assert_eq!(read == contents, bytes == before);
        }
    }

    #[test]
    fn decode_should_not_panic_when_given_anything(
        text in "[ -~]{0,200}",
        bytes in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        prop_assert!(Contents::decode(&bytes).is_err());
        prop_assert!(Contents::decode(&file(&text, bytes.len())).is_err());
    }
}
