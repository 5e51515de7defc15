use super::*;
use crate::testing::mixture;
use cairn_kernel::program::Program;
use proptest::prelude::*;

fn file(byte: u8) -> File {
    File { id: ContentId([byte; 32]), bytes: 10 }
}

fn component(tensors: &[(&str, u32)]) -> Component {
    let tensors = tensors.iter().map(|(name, tensor)| ((*name).to_string(), *tensor));
    Component { file: file(0xab), tensors: tensors.collect() }
}

fn manifest() -> Manifest {
    let components = [("b", component(&[("y", 2), ("x", 7)])), ("a", component(&[]))];
    Manifest::new(file(1), components.map(|(name, one)| (name.into(), one)).into())
}

#[test]
fn encode_should_write_as_specified_when_small() {
    let (one, ab) = ("01".repeat(32), "ab".repeat(32));
    let need = format!(
        concat!(
            r#"{{"form":"cairn-manifest-1","program":{{"id":"{one}","bytes":10}},"components":{{"#,
            r#""a":{{"file":{{"id":"{ab}","bytes":10}},"tensors":{{}}}},"#,
            r#""b":{{"file":{{"id":"{ab}","bytes":10}},"tensors":{{"x":7,"y":2}}}}}}}}"#,
        ),
        one = one,
        ab = ab,
    );
    assert_eq!(manifest().encode(), Ok(need.clone().into_bytes()));
    assert_eq!(Manifest::decode(need.as_bytes()), Ok(manifest()));
}

#[test]
fn decode_should_refuse_when_written_in_another_way() {
    let bytes = String::from_utf8(manifest().encode().unwrap()).unwrap();
    let decode = |from: &str, to: &str| {
        let other = bytes.replacen(from, to, 1);
        assert_ne!(other, bytes);
        Manifest::decode(other.as_bytes()).unwrap_err()
    };
    assert_eq!(decode(":{", ": {"), Flaw::Canonical { at: 37 });
    assert!(matches!(decode("\"x\":7", "\"x\":7,\"x\":7"), Flaw::Canonical { .. }));
    assert!(matches!(decode("\"x\":7,\"y\":2", "\"y\":2,\"x\":7"), Flaw::Canonical { .. }));
    assert!(matches!(decode("\"a\"", "\"\\u0061\""), Flaw::Canonical { .. }));
    assert!(matches!(decode("}}}}", "}}}}\n"), Flaw::Canonical { .. }));
    assert!(matches!(decode("\"y\":2", "\"y\":2,\"\":3"), Flaw::Name { .. }));
    for (from, to) in [
        ("abab", "ABAB"),
        ("abab", "abxx"),
        ("abab", "ab"),
        (":10", ":-1"),
        (":10", ":10.0"),
        ("\"x\":7", "\"x\":4294967296"),
        ("\"bytes\"", "\"size\""),
        ("}}}}", "}}},\"more\":1}"),
        ("}}}}", "}}}"),
    ] {
        assert!(matches!(decode(from, to), Flaw::Json { .. }), "{from} {to}");
    }
    let have = "cairn-manifest-2".to_string();
    assert_eq!(decode("manifest-1", "manifest-2"), Flaw::Form { need: FORM, have });
    let long = vec![b' '; MOST as usize + 1];
    assert_eq!(Manifest::decode(&long), Err(Flaw::Long { most: MOST, have: MOST + 1 }));
}

#[test]
fn places_should_say_what_is_wrong_when_it_is_of_another_program() {
    let model = mixture();
    let program = model.program.clone().check().unwrap();
    let all: Vec<(&str, u32)> = model.names.iter().map(|(name, id)| (&**name, id.0)).collect();
    let places = |components: &[(&str, Component)]| {
        let components = components.iter().map(|(name, one)| ((*name).into(), one.clone()));
        let manifest = Manifest::new(file(1), components.collect());
        manifest.places(&program).map(|places| places.len())
    };
    assert_eq!(places(&[("a", component(&all))]), Ok(all.len()));
    let tensor = all[3].1;
    let found = |name: &str| (String::from("b"), name.to_string());
    let (component_b, name) = found("twice");
    let twice = Err(Flaw::Twice { tensor, component: component_b, name });
    assert_eq!(places(&[("a", component(&all)), ("b", component(&[("twice", tensor)]))]), twice);
    for stranger in [0, u32::MAX] {
        let (at, name) = found("x");
        let flaw = Err(Flaw::Stranger { tensor: stranger, component: at, name });
        let both = [("a", component(&all)), ("b", component(&[("x", stranger)]))];
        assert_eq!(places(&both), flaw);
    }
    let least = all.iter().map(|(_, id)| *id).min().unwrap();
    let fewer: Vec<_> = all.iter().copied().filter(|(_, id)| *id != least).collect();
    assert_eq!(places(&[("a", component(&fewer))]), Err(Flaw::Missing { tensor: least }));
}

#[test]
fn component_should_be_the_expert_when_there_is_one() {
    let name = "layers.3.experts.12.gate.weights";
    assert_eq!(super::component(name), ("layers.3.experts.12", "gate.weights"));
    for other in ["embedding", "layers.3.feed.norm", "layers.3.experts.12", ".experts."] {
        assert_eq!(super::component(other), ("trunk", other));
    }
    assert!(Program::decode(&mixture().program.encode()).is_ok());
}

proptest! {
    #[test]
    fn decode_should_take_only_what_is_written_again_when_bytes_change(
        at: prop::sample::Index,
        byte: u8,
        way in 0u8..3,
    ) {
        let before = manifest().encode().unwrap();
        let mut bytes = before.clone();
        let at = at.index(bytes.len());
        match way {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => bytes.truncate(at),
        }
        if let Ok(read) = Manifest::decode(&bytes) {
            prop_assert_eq!(read.encode().unwrap(), bytes.clone());
            prop_assert_eq!(read == manifest(), bytes == before);
        }
    }
}
