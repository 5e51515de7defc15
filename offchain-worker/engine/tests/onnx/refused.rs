//! Files that are refused, each for what it is.

use super::*;
use cairn_engine::{config::ConfigError, import::onnx::OnnxError};
use cairn_kernel::models::MOST_SHARED;
use onnx_ir::{AttributeProto, AttributeType, GraphProto, Message, ModelProto, NodeProto};

/// Why a file is refused. It has to be fit to be shown, and to say which file it is.
fn refused(bytes: &[u8]) -> OnnxError {
    match read(bytes).expect_err("it is not to be read") {
        error @ ImportError::Onnx { .. } => {
            let text = error.to_string();
            assert!(text.contains("model.onnx: ") && text.len() < 1000, "{text}");
            println!("{text}");
            let ImportError::Onnx { source, .. } = error else { unreachable!() };
            source
        }
        other => panic!("{other}"),
    }
}

fn changed(name: &str, change: impl FnOnce(&mut GraphProto)) -> Vec<u8> {
    let mut model = ModelProto::parse_from_bytes(&stored(name)).expect("a fixture");
    change(model.graph.as_mut().expect("a graph"));
    model.write_to_bytes().expect("written")
}

fn refused_when(name: &str, change: impl FnOnce(&mut GraphProto)) -> OnnxError {
    refused(&changed(name, change))
}

#[test]
fn import_should_refuse_when_a_file_is_cut_off_or_is_none() {
    let whole = stored("gemm");
    for length in 0..whole.len() {
        let error = refused(&whole[..length]);
        assert!(matches!(error, OnnxError::Form(_)), "{length}: {error}");
    }
    let huge = [&[0x3a][..], &[0xff; 9], &[0x01]].concat();
    let endless = vec![0xff; 64];
    let cases = [b"not a model of any kind".to_vec(), huge, vec![0x3a, 0xff, 0xff, 0x03], endless];
    for bytes in cases {
        let error = refused(&bytes);
        assert!(matches!(error, OnnxError::Form(_)), "{error}");
    }
}

#[test]
fn import_should_refuse_when_small_messages_would_take_much_memory() {
    // Nodes of two bytes each.
    let nodes = [0x0a, 0x00].repeat(1 << 20);
    let mut bytes = vec![0x3a];
    let mut length = nodes.len();
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(nodes);
    let error = refused(&bytes);
    assert!(matches!(error, OnnxError::Structure { most: 0x10_0000, .. }), "{error}");
}

#[test]
fn import_should_name_the_operator_when_it_is_not_supported() {
    let operator = |domain: &str, operator: &str| {
        let error = refused_when("gemm", |graph| {
            graph.node[1].op_type = operator.to_owned();
            graph.node[1].domain = domain.to_owned();
        });
        assert!(matches!(error, OnnxError::Operator { .. }), "{error}");
        error.to_string()
    };
    let text = operator("", "Conv");
    assert!(text.contains("Conv \"bend\"") && text.contains("Gemm, MatMul"), "{text}");
    let text = operator("com.microsoft", "Gelu");
    assert!(text.contains("com.microsoft.Gelu"), "{text}");
    let text = operator("", &"\u{1b}[2J".repeat(500));
    assert!(!text.contains('\u{1b}'), "{text}");
}

fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { name: name.to_owned(), type_: kind.into(), ..AttributeProto::default() }
}

#[test]
fn import_should_name_the_attribute_when_it_is_not_supported() {
    let one = |name| AttributeProto { i: 2, f: f32::NAN, ..attribute(name, AttributeType::INT) };
    let tanh = AttributeProto {
        s: b"tanh".to_vec().into(),
        ..attribute("approximate", AttributeType::STRING)
    };
    let real = |name| AttributeProto { f: f32::NAN, ..attribute(name, AttributeType::FLOAT) };
    // The node of the fixture, and what is set in place of what it sets.
    let cases = [
        ("gemm", 0, one("transA"), "transA"),
        ("gemm", 0, one("transB"), "transB"),
        ("gemm", 1, one("alpha"), "alpha"),
        ("gemm", 2, real("alpha"), "alpha"),
        ("gemm", 2, one("beta"), "beta"),
        ("gemm", 3, tanh, "approximate"),
        ("gemm", 2, one("broadcast"), "broadcast"),
        ("matmul", 5, one("axis"), "axis"),
        // Shares of each class of all cases, and not of each case of all classes.
        ("matmul", 5, attribute("axis", AttributeType::INT), "axis"),
        ("unbiased", 0, one("axis"), "axis"),
        ("unbiased", 4, one("value"), "value"),
    ];
    for (name, node, attribute, named) in cases {
        let error = refused_when(name, |graph| graph.node[node].attribute = vec![attribute]);
        match &error {
            OnnxError::Attribute { attribute, .. } => assert_eq!(*attribute, named),
            OnnxError::UnknownAttribute { attribute, .. } => {
                assert_eq!(*attribute, format!("{named:?}"));
            }
            other => panic!("{other}"),
        }
    }
    let twice = refused_when("matmul", |graph| {
        let first = graph.node[5].attribute[0].clone();
        graph.node[5].attribute.push(first);
    });
    assert!(matches!(twice, OnnxError::UnknownAttribute { .. }), "{twice}");
}

#[test]
fn import_should_refuse_when_the_version_is_not_known() {
    let version = |change: fn(&mut ModelProto)| {
        let mut model = ModelProto::parse_from_bytes(&stored("gemm")).expect("a fixture");
        change(&mut model);
        refused(&model.write_to_bytes().expect("written"))
    };
    for found in [i64::MIN, 0, 6, 99, i64::MAX] {
        let mut model = ModelProto::parse_from_bytes(&stored("gemm")).expect("a fixture");
        model.opset_import[0].version = found;
        let error = refused(&model.write_to_bytes().expect("written"));
        assert!(matches!(error, OnnxError::Version { .. }), "{error}");
    }
    let none = version(|model| model.opset_import.clear());
    assert!(matches!(none, OnnxError::Form(_)), "{none}");
    // A function may give an operator's name another meaning.
    let function = version(|model| {
        model.functions.push(Default::default());
        model.functions[0].name = "Relu".to_owned();
    });
    assert!(matches!(&function, OnnxError::Function(name) if name == "\"Relu\""), "{function}");
}

#[test]
fn import_should_refuse_when_it_has_not_one_input_and_one_output() {
    let ends = |change: fn(&mut GraphProto)| match refused_when("gemm", change) {
        OnnxError::Ends { what, count, .. } => (what, count),
        other => panic!("{other}"),
    };
    let more = |graph: &mut GraphProto| {
        let mut more = graph.input[0].clone();
        more.name = "more".to_owned();
        graph.input.push(more);
    };
    assert_eq!(ends(more), ("inputs", 2));
    assert_eq!(ends(|graph| graph.input.clear()), ("inputs", 0));
    assert_eq!(ends(|graph| graph.output.push(Default::default())), ("outputs", 2));
    assert_eq!(ends(|graph| graph.output.clear()), ("outputs", 0));
}

#[test]
fn import_should_refuse_when_operators_are_no_chain() {
    let chain = |name, change: fn(&mut GraphProto)| {
        let error = refused_when(name, change);
        assert!(matches!(error, OnnxError::Chain { .. }), "{error}");
    };
    // A circle.
    chain("gemm", |graph| graph.node[0].input[0] = "h3".to_owned());
    chain("gemm", |graph| graph.node[1].input[0] = "h1".to_owned());
    // Another order.
    chain("gemm", |graph| graph.node.swap(1, 2));
    // A branch, a way around, and a weight that is computed.
    chain("matmul", |graph| graph.node[4].input[1] = "h2".to_owned());
    chain("matmul", |graph| graph.node[3].input[0] = "h1".to_owned());
    chain("matmul", |graph| graph.node[3].input[1] = "h2".to_owned());
    chain("gemm", |graph| graph.node[4].input[2] = "nowhere".to_owned());
    chain("matmul", |graph| graph.node[0].input[0] = "w0".to_owned());
    let dead = refused_when("gemm", |graph| {
        let mut dead = graph.node[1].clone();
        (dead.input[0], dead.output[0]) = ("logits".to_owned(), "dead".to_owned());
        graph.node.push(dead);
    });
    assert!(matches!(dead, OnnxError::End { .. }), "{dead}");
    for taken in ["features", "h0", "w0"] {
        let error = refused_when("gemm", |graph| graph.node[1].output[0] = taken.to_owned());
        assert!(matches!(error, OnnxError::Twice(_)), "{error}");
    }
    let twice = refused_when("gemm", |graph| graph.initializer[2].name = "w0".to_owned());
    assert!(matches!(twice, OnnxError::Twice(_)), "{twice}");
    let nothing = refused_when("gemm", |graph| graph.node[1].output.clear());
    assert!(matches!(nothing, OnnxError::Place { .. }), "{nothing}");
}

/// Makes a node one with a single input and no attributes.
fn become_one(node: &mut NodeProto, operator: &str) {
    node.op_type = operator.to_owned();
    node.attribute.clear();
    node.input.truncate(1);
}

#[test]
fn import_should_say_why_when_an_operator_is_not_in_its_place() {
    let place = |name, change: fn(&mut GraphProto), expected: &str| {
        let error = refused_when(name, change);
        assert!(matches!(error, OnnxError::Place { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(expected), "{text}");
    };
    place("gemm", |graph| become_one(&mut graph.node[1], "Identity"), "Relu or Gelu");
    place("gemm", |graph| become_one(&mut graph.node[1], "Softmax"), "after Softmax");
    place("gemm", |graph| become_one(&mut graph.node[2], "Relu"), "after Gemm or MatMul");
    place("gemm", |graph| become_one(&mut graph.node[0], "Gelu"), "after Gemm or MatMul");
    place("gemm", |graph| become_one(&mut graph.node[0], "Softmax"), "after Gemm or MatMul");
    place("matmul", |graph| become_one(&mut graph.node[5], "Relu"), "has to be a linear one");
    place("matmul", |graph| graph.node[0].input.swap(0, 1), "second input");
    place("unbiased", |graph| graph.node[3].input.extend(["".into(), "w0".into()]), "training");
    let none = refused_when("gemm", |graph| {
        graph.node.truncate(1);
        become_one(&mut graph.node[0], "Identity");
        graph.output[0].name = "h0".to_owned();
    });
    assert!(matches!(none, OnnxError::NoLayer), "{none}");
    let arguments = refused_when("gemm", |graph| graph.node[0].input.push(String::new()));
    assert!(matches!(arguments, OnnxError::Arguments { found: 4, .. }), "{arguments}");
}

#[test]
fn import_should_say_what_to_do_when_softmax_is_of_too_many_classes() {
    const HIDDEN: usize = 12;
    let stored = |classes: usize| {
        changed("matmul", |graph| {
            for (at, rows) in [(2, HIDDEN), (3, 1)] {
                graph.initializer[at].dims = vec![rows as i64, classes as i64];
                graph.initializer[at].raw_data = vec![0; rows * classes * 4].into();
            }
            let made = graph.output[0].type_.as_mut().expect("a type");
            made.mut_tensor_type().shape.clear();
        })
    };
    let most = MOST_SHARED as usize;
    let read = read(&stored(most)).expect("it is supported");
    assert_eq!((read.config().classes, read.config().shares), (most, true));
    let error = refused(&stored(most + 1));
    let shares = ConfigError::Shares { found: most + 1, most };
    assert!(matches!(&error, OnnxError::Config(found) if *found == shares), "{error}");
    assert!(error.to_string().contains("without a Softmax"), "{error}");
}

#[test]
fn import_should_name_tensor_and_shapes_when_they_differ() {
    let shape = |change: fn(&mut GraphProto)| match refused_when("gemm", change) {
        OnnxError::Shape { tensor, expected, found } => (tensor, expected, found),
        other => panic!("{other}"),
    };
    let case = |tensor: &str, expected: &str, found: &str| {
        (format!("{tensor:?}"), expected.to_owned(), found.to_owned())
    };
    let found = shape(|graph| graph.input[0].type_ = graph.output[0].type_.clone());
    assert_eq!(found, case("w0", "[outputs, 5]", "[12, 6]"));
    let found = shape(|graph| graph.output[0].type_ = graph.input[0].type_.clone());
    assert_eq!(found, case("logits", "[cases, 5]", "[\"cases\", 6]"));
    let found = shape(|graph| graph.node[2].input[1] = "w2".to_owned());
    assert_eq!(found, case("w2", "[12, outputs]", "[5, 12]"));
    let found = shape(|graph| graph.initializer[2].dims = vec![9, 16]);
    assert_eq!(found, case("w1", "[12, outputs]", "[9, 16]"));
    let found = shape(|graph| graph.initializer[2].dims = vec![144]);
    assert_eq!(found, case("w1", "[12, outputs]", "[144]"));
    let found = shape(|graph| graph.initializer[1].dims = vec![12, 1]);
    assert_eq!(found, case("b0", "[12] or [1]", "[12, 1]"));
}

#[test]
fn import_should_name_the_tensor_when_what_it_has_is_not_what_its_shape_says() {
    let shape = |dims: &[i64]| {
        let dims = dims.to_vec();
        refused_when("gemm", |graph| graph.initializer[0].dims = dims)
    };
    for dims in [&[12, 5][..], &[12, 7], &[12], &[], &[i64::MAX, 6], &[i64::MAX, i64::MAX]] {
        let error = shape(dims);
        let OnnxError::Bytes { tensor, found: 288, .. } = &error else { panic!("{error}") };
        assert_eq!(tensor, "\"w0\"");
    }
    for dims in [&[-12, -6][..], &[12, -1], &[0, 6], &[i64::MIN, 6], &[12, 6, 1], &[1; 1000]] {
        let error = shape(dims);
        assert!(matches!(error, OnnxError::Shape { .. }), "{error}");
    }
    let fewer = refused_when("gemm", |graph| {
        let bytes = graph.initializer[3].raw_data.to_vec();
        graph.initializer[3].raw_data = bytes[..bytes.len() - 1].to_vec().into();
    });
    assert!(matches!(fewer, OnnxError::Bytes { expected: 48, found: 47, .. }), "{fewer}");
    let none = refused_when("gemm", |graph| graph.initializer[3].raw_data.clear());
    assert!(matches!(none, OnnxError::Bytes { expected: 48, found: 0, .. }), "{none}");
    let twice = refused_when("gemm", |graph| graph.initializer[3].float_data = vec![0.0; 12]);
    assert!(matches!(twice, OnnxError::Parts { .. }), "{twice}");
    let missing = refused_when("gemm", |graph| graph.node[0].input[1] = String::new());
    assert!(matches!(missing, OnnxError::NoTensor(_)), "{missing}");
}

#[test]
fn import_should_name_the_number_when_a_weight_is_not_finite() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let error = refused_when("gemm", |graph| {
            let mut bytes = graph.initializer[2].raw_data.to_vec();
            bytes[20..24].copy_from_slice(&value.to_le_bytes());
            graph.initializer[2].raw_data = bytes.into();
        });
        let OnnxError::NotFinite { tensor, at: 5, .. } = &error else { panic!("{error}") };
        assert_eq!(tensor, "\"w1\"");
    }
    // Finite, and not once they are multiplied or added.
    let product = refused_when("gemm", |graph| graph.node[2].attribute[0].f = f32::MAX * 0.9);
    assert!(matches!(product, OnnxError::NotFinite { .. }), "{product}");
    let sum = refused_when("gemm", |graph| {
        let large = f32::MAX.to_le_bytes().repeat(12);
        graph.initializer[1].raw_data = large.into();
        let mut more = graph.node[0].clone();
        become_one(&mut more, "Add");
        (more.input, more.output) = (vec!["h0".into(), "b0".into()], vec!["more".into()]);
        graph.node.insert(1, more);
        graph.node[2].input[0] = "more".to_owned();
    });
    assert!(matches!(sum, OnnxError::NotFinite { .. }), "{sum}");
    for (name, bits) in [("bf16", 0x7f80), ("f16", 0x7e00)] {
        let error = refused_when(name, |graph| graph.initializer[2].int32_data[59] = bits);
        assert!(matches!(error, OnnxError::NotFinite { at: 59, .. }), "{error}");
        let error = refused_when(name, |graph| graph.initializer[2].int32_data[7] = 1 << 16);
        assert!(matches!(error, OnnxError::Bits { at: 7, .. }), "{error}");
    }
}

#[test]
fn import_should_name_the_precision_when_it_is_not_supported() {
    for (code, name) in [(11, "DOUBLE"), (7, "INT64"), (0, "UNDEFINED"), (-1, "type -1")] {
        let error = refused_when("gemm", |graph| graph.initializer[0].data_type = code);
        let OnnxError::Precision { tensor, found } = &error else { panic!("{error}") };
        assert_eq!((tensor.as_str(), found.as_str()), ("\"w0\"", name));
    }
    let input = refused_when("gemm", |graph| {
        graph.input[0].type_ = Default::default();
    });
    assert!(matches!(input, OnnxError::Precision { .. }), "{input}");
}

#[test]
fn import_should_read_no_other_file_when_a_tensor_is_kept_in_one() {
    for location in ["/etc/passwd", "../secret", "weights.bin", "model.onnx", ""] {
        let error = refused_when("gemm", |graph| {
            let tensor = &mut graph.initializer[0];
            tensor.raw_data.clear();
            // Where its numbers are: elsewhere.
            tensor.merge_from_bytes(&[0x70, 0x01]).expect("a field");
            tensor.external_data.push(Default::default());
            tensor.external_data[0].key = "location".to_owned();
            tensor.external_data[0].value = location.to_owned();
        });
        let OnnxError::External { tensor, location: found } = &error else { panic!("{error}") };
        assert_eq!((tensor.as_str(), found), ("\"w0\"", &format!("{location:?}")));
    }
    let unsaid = refused_when("gemm", |graph| {
        graph.initializer[0].merge_from_bytes(&[0x70, 0x01]).expect("a field");
    });
    assert!(matches!(unsaid, OnnxError::External { .. }), "{unsaid}");
}

#[test]
fn import_should_refuse_when_one_tensor_is_to_be_weights_again_and_again() {
    const SIDE: usize = 64;
    let error = refused_when("gemm", |graph| {
        for (at, rows) in [(0, 6), (2, SIDE)] {
            graph.initializer[at].dims = vec![rows as i64, SIDE as i64];
            graph.initializer[at].raw_data = vec![0; rows * SIDE * 4].into();
        }
        let (mut gemm, mut relu) = (graph.node[0].clone(), graph.node[1].clone());
        graph.node.clear();
        gemm.attribute.clear();
        let mut made = "features".to_owned();
        for layer in 0..100 {
            let weights = if layer == 0 { "w0" } else { "w1" };
            gemm.input = vec![made, weights.to_owned()];
            gemm.output[0] = format!("x{layer}");
            relu.input[0] = format!("x{layer}");
            relu.output[0] = format!("y{layer}");
            made = format!("y{layer}");
            graph.node.extend([gemm.clone(), relu.clone()]);
        }
        graph.output[0].name = made;
    });
    assert!(matches!(error, OnnxError::Many { .. }), "{error}");
}
