use super::{
    attributes::Attributes,
    error::{called, operator, quoted, OnnxError},
    lower, tensor,
};
use onnx_ir::{AttributeType, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use std::collections::{HashMap, HashSet};

/// Versions of ONNX's operators. Before the first, Gemm and Add took shapes otherwise.
const VERSIONS: (i64, i64) = (7, 28);

/// A file's operators, which compute one after another.
pub(super) struct Graph<'a> {
    pub(super) constants: HashMap<&'a str, &'a TensorProto>,
    pub(super) steps: Vec<Step<'a>>,
    /// Columns of what goes in, where the file says so.
    pub(super) features: Option<usize>,
    output: &'a ValueInfoProto,
}

/// An operator, and which of its inputs the one before it makes. Others are constants.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) node: &'a NodeProto,
    pub(super) at: usize,
}

impl<'a> Graph<'a> {
    pub(super) fn of(model: &'a ModelProto) -> Result<Self, OnnxError> {
        let Some(graph) = model.graph.as_ref() else {
            return Err(OnnxError::Form("it has no graph".to_owned()));
        };
        check_version(model)?;
        if let Some(function) = model.functions.first() {
            return Err(OnnxError::Function(quoted(&function.name)));
        }
        // First of all: whoever has a model of another kind is to read that.
        for node in &graph.node {
            lower::check_operator(node)?;
        }
        let mut constants = HashMap::new();
        for tensor in &graph.initializer {
            if constants.insert(tensor.name.as_str(), tensor).is_some() {
                return Err(OnnxError::Twice(quoted(&tensor.name)));
            }
        }
        // Older files name weights among what goes in.
        let given = graph.input.iter().filter(|value| !constants.contains_key(&*value.name));
        let input = only("inputs", given)?;
        let output = only("outputs", graph.output.iter())?;
        let features = features(input)?;
        let steps = chain(graph, &mut constants, &input.name, &output.name)?;
        Ok(Self { constants, steps, features, output })
    }

    /// Refuses a model that has other classes than the file says.
    pub(super) fn check_classes(&self, classes: usize) -> Result<(), OnnxError> {
        tensor::precision(&quoted(&self.output.name), element(self.output))?;
        match columns(self.output) {
            Some(Some(Some(found))) if usize::try_from(found) == Ok(classes) => Ok(()),
            None | Some(Some(None)) => Ok(()),
            Some(_) => Err(misshapen(self.output, format!("[cases, {classes}]"))),
        }
    }
}

fn check_version(model: &ModelProto) -> Result<(), OnnxError> {
    let (least, most) = VERSIONS;
    let mut sets = model.opset_import.iter().filter(|set| matches!(&*set.domain, "" | "ai.onnx"));
    let Some(first) = sets.next() else {
        let reason = "it does not say for which version of ONNX's operators it was written";
        return Err(OnnxError::Form(reason.to_owned()));
    };
    let refused = |version: &i64| !(least..=most).contains(version);
    match std::iter::once(first).chain(sets).map(|set| set.version).find(refused) {
        None => Ok(()),
        Some(found) => Err(OnnxError::Version { found, least, most }),
    }
}

fn only<'a>(
    what: &'static str,
    mut values: impl Iterator<Item = &'a ValueInfoProto>,
) -> Result<&'a ValueInfoProto, OnnxError> {
    let Some(first) = values.next() else {
        return Err(OnnxError::Ends { what, count: 0, names: String::new() });
    };
    match values.next() {
        None => Ok(first),
        Some(second) => Err(OnnxError::Ends {
            what,
            count: 2 + values.count(),
            names: format!("{}, {}", quoted(&first.name), quoted(&second.name)),
        }),
    }
}

/// The nodes that compute, in their order, and constants beside them. As each takes what
/// the one before it made and nothing is made twice, there is no branch and no circle.
fn chain<'a>(
    graph: &'a GraphProto,
    constants: &mut HashMap<&'a str, &'a TensorProto>,
    input: &'a str,
    output: &str,
) -> Result<Vec<Step<'a>>, OnnxError> {
    let mut made: HashSet<&str> = constants.keys().copied().chain([input, ""]).collect();
    let mut steps = Vec::new();
    let mut at = input;
    for node in &graph.node {
        let constant = constant(node, constants)?;
        for name in &node.output {
            let unnamed = name.is_empty() && name != &node.output[0];
            if !unnamed && !made.insert(name) {
                return Err(OnnxError::Twice(quoted(name)));
            }
        }
        let [first, ..] = node.output.as_slice() else {
            let reason = "nothing is made of what it computes";
            return Err(OnnxError::Place { node: called(node), reason });
        };
        if let Some(tensor) = constant {
            constants.insert(first, tensor);
            continue;
        }
        steps.push(Step { node, at: taken(node, constants, at)? });
        at = first;
    }
    if at != output {
        return Err(OnnxError::End { found: quoted(at), expected: quoted(output) });
    }
    Ok(steps)
}

/// The tensor of a node that computes nothing.
fn constant<'a>(
    node: &'a NodeProto,
    constants: &HashMap<&'a str, &'a TensorProto>,
) -> Result<Option<&'a TensorProto>, OnnxError> {
    match operator(node).as_str() {
        "Constant" => {
            let mut attributes = Attributes::of(node);
            let value = attributes.given("value", AttributeType::TENSOR, "a tensor")?;
            attributes.finish()?;
            match value.and_then(|attribute| attribute.t.as_ref()) {
                Some(tensor) => Ok(Some(tensor)),
                None => Err(OnnxError::NoTensor(format!("of {}", called(node)))),
            }
        }
        // Exporters that keep equal tensors once have others point to them.
        "Identity" => Ok(node.input.first().and_then(|name| constants.get(&**name)).copied()),
        _ => Ok(None),
    }
}

/// Which input of a node is what the chain is at.
fn taken(
    node: &NodeProto,
    constants: &HashMap<&str, &TensorProto>,
    at: &str,
) -> Result<usize, OnnxError> {
    let mut inputs = node
        .input
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty() && !constants.contains_key(name.as_str()));
    let refused =
        |found: String| Err(OnnxError::Chain { node: called(node), found, at: quoted(at) });
    match (inputs.next(), inputs.next()) {
        (Some((place, name)), None) if name == at => Ok(place),
        (Some((_, name)), None) => refused(quoted(name)),
        (None, _) => refused("only constants".to_owned()),
        (Some((_, first)), Some((_, second))) => {
            refused(format!("{} and {}", quoted(first), quoted(second)))
        }
    }
}

/// Columns of what goes in, which has to be cases × features.
fn features(input: &ValueInfoProto) -> Result<Option<usize>, OnnxError> {
    tensor::precision(&quoted(&input.name), element(input))?;
    let refused = || misshapen(input, "[cases, features]".to_owned());
    match columns(input) {
        Some(Some(None)) => Ok(None),
        Some(Some(Some(size))) => match usize::try_from(size) {
            Ok(size) if size > 0 => Ok(Some(size)),
            _ => Err(refused()),
        },
        Some(None) | None => Err(refused()),
    }
}

fn element(value: &ValueInfoProto) -> i32 {
    value.type_.tensor_type().elem_type
}

/// The second of two dimensions, if a shape is given, if it has two, and if it has a size.
fn columns(value: &ValueInfoProto) -> Option<Option<Option<i64>>> {
    let shape = value.type_.tensor_type().shape.as_ref()?;
    let [_, columns] = shape.dim.as_slice() else { return Some(None) };
    Some(Some(columns.has_dim_value().then(|| columns.dim_value())))
}

fn misshapen(value: &ValueInfoProto, expected: String) -> OnnxError {
    let found = match value.type_.tensor_type().shape.as_ref() {
        None => "unknown".to_owned(),
        Some(shape) => {
            let dims = shape.dim.iter().take(8).map(|dim| match dim.has_dim_value() {
                true => dim.dim_value().to_string(),
                false => quoted(dim.dim_param()),
            });
            format!("[{}]", dims.collect::<Vec<_>>().join(", "))
        }
    };
    OnnxError::Shape { tensor: quoted(&value.name), expected, found }
}
