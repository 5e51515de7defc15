use super::{
    attributes::Attributes,
    error::{called, operator, OnnxError},
    graph::{Graph, Step},
    tensor::{Stored, Weights},
};
use crate::{config::Activation, parts::turned};
use onnx_ir::NodeProto;

/// Operators that compute, those that leave a row of features as it is, and constants.
const SUPPORTED: [&str; 10] = [
    "Gemm", "MatMul", "Add", "Relu", "Gelu", "Softmax", "Identity", "Dropout", "Flatten",
    "Constant",
];

/// A linear layer with what follows it.
pub(super) struct Layer {
    /// A column for each output.
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) activation: Option<Activation>,
}

/// What is computed of a graph.
pub(super) struct Lowered {
    pub(super) layers: Vec<Layer>,
    /// Whether it ends in Softmax.
    pub(super) shares: bool,
}

pub(super) fn check_operator(node: &NodeProto) -> Result<(), OnnxError> {
    if SUPPORTED.contains(&operator(node).as_str()) {
        return Ok(());
    }
    Err(OnnxError::Operator { node: called(node), supported: SUPPORTED.join(", ") })
}

/// The layers of a graph: each with an activation, but for the last one.
pub(super) fn layers(graph: &Graph, weights: &mut Weights) -> Result<Lowered, OnnxError> {
    let mut chain = Chain { weights, layers: Vec::new(), width: graph.features, shares: false };
    for step in &graph.steps {
        chain.step(*step)?;
    }
    match (chain.layers.last(), graph.steps.last()) {
        (Some(Layer { activation: Some(_), .. }), Some(step)) => {
            Err(misplaced(step.node, "the last layer has to be a linear one, which gives classes"))
        }
        (Some(last), _) => {
            graph.check_classes(last.outputs)?;
            Ok(Lowered { layers: chain.layers, shares: chain.shares })
        }
        (None, _) => Err(OnnxError::NoLayer),
    }
}

struct Chain<'a, 'b> {
    weights: &'a mut Weights<'b>,
    layers: Vec<Layer>,
    /// Columns that the next operator takes, where they are known.
    width: Option<usize>,
    /// Whether the chain is past its Softmax.
    shares: bool,
}

impl Chain<'_, '_> {
    fn step(&mut self, step: Step) -> Result<(), OnnxError> {
        let node = step.node;
        let mut attributes = Attributes::of(node);
        match operator(node).as_str() {
            "Gemm" => self.gemm(step, &mut attributes)?,
            "MatMul" => self.product(step)?,
            "Add" => self.sum(step)?,
            "Relu" => self.activation(step, Activation::Relu)?,
            "Gelu" => {
                attributes.only("approximate", "none")?;
                self.activation(step, Activation::Gelu)?;
            }
            "Softmax" => {
                // Before version 13 the default is 1, and since then −1: here the same.
                attributes.whole("axis", 1, &[1, -1], "the last axis, 1 or -1")?;
                arguments(node, 1, 1)?;
                self.open(node)?;
                self.shares = true;
            }
            "Flatten" => {
                attributes.whole("axis", 1, &[1, -1], "1, which leaves rows as they are")?;
                arguments(node, 1, 1)?;
            }
            "Dropout" => dropout(step, &mut attributes)?,
            // What is left of the supported ones, as constants are no steps.
            _ => arguments(node, 1, 1)?,
        }
        attributes.finish()
    }

    fn gemm(&mut self, step: Step, attributes: &mut Attributes) -> Result<(), OnnxError> {
        let node = step.node;
        arguments(node, 2, 3)?;
        let alpha = attributes.real("alpha", 1.0)?;
        let beta = attributes.real("beta", 1.0)?;
        attributes.whole("transA", 0, &[0], "0")?;
        let across = attributes.whole("transB", 0, &[0, 1], "0 or 1")? == 1;
        let weights = self.second(step)?.times(alpha)?;
        self.linear(node, weights, across)?;
        match node.input.get(2).filter(|name| !name.is_empty()) {
            Some(name) => {
                let bias = self.weights.take(name)?.times(beta)?;
                self.add(node, bias)
            }
            None => Ok(()),
        }
    }

    fn product(&mut self, step: Step) -> Result<(), OnnxError> {
        arguments(step.node, 2, 2)?;
        let weights = self.second(step)?;
        self.linear(step.node, weights, false)
    }

    fn sum(&mut self, step: Step) -> Result<(), OnnxError> {
        arguments(step.node, 2, 2)?;
        let bias = self.weights.take(&step.node.input[1 - step.at])?;
        self.add(step.node, bias)
    }

    /// The second input, by which the first one is multiplied.
    fn second(&mut self, step: Step) -> Result<Stored, OnnxError> {
        if step.at != 0 {
            let reason = "its weights have to be the second input, as rows are cases";
            return Err(misplaced(step.node, reason));
        }
        self.weights.take(&step.node.input[1])
    }

    /// Weights with a column for each output, or a row where they are stored across.
    fn linear(&mut self, node: &NodeProto, given: Stored, across: bool) -> Result<(), OnnxError> {
        if self.shares {
            return Err(misplaced(node, "nothing may come after Softmax"));
        }
        if self.layers.last().is_some_and(|layer| layer.activation.is_none()) {
            let reason = "between two linear layers there has to be Relu or Gelu; multiply them";
            return Err(misplaced(node, reason));
        }
        let known = |size: Option<usize>| size.map_or("inputs".to_owned(), |s| s.to_string());
        let expected = match across {
            true => format!("[outputs, {}]", known(self.width)),
            false => format!("[{}, outputs]", known(self.width)),
        };
        let (inputs, outputs) = match (given.shape.as_slice(), across) {
            ([inputs, outputs], false) | ([outputs, inputs], true) => (*inputs, *outputs),
            _ => return Err(given.misshapen(expected)),
        };
        if self.width.is_some_and(|width| width != inputs) {
            return Err(given.misshapen(expected));
        }
        let weights = if across { turned(&given.values, inputs) } else { given.values };
        let bias = vec![0.0; outputs];
        self.layers.push(Layer { weights, bias, inputs, outputs, activation: None });
        self.width = Some(outputs);
        Ok(())
    }

    /// A number for each output, or one for all of them.
    fn add(&mut self, node: &NodeProto, given: Stored) -> Result<(), OnnxError> {
        let layer = self.open(node)?;
        let outputs = layer.outputs;
        let fits = match given.shape.as_slice() {
            [] | [1] | [1, 1] => true,
            [columns] | [1, columns] => *columns == outputs,
            _ => false,
        };
        if !fits {
            return Err(given.misshapen(format!("[{outputs}] or [1]")));
        }
        for (bias, more) in layer.bias.iter_mut().zip(given.values.iter().cycle()) {
            *bias += more;
        }
        let bias = Stored { values: std::mem::take(&mut layer.bias), ..given };
        layer.bias = bias.finite()?.values;
        Ok(())
    }

    fn activation(&mut self, step: Step, activation: Activation) -> Result<(), OnnxError> {
        arguments(step.node, 1, 1)?;
        self.open(step.node)?.activation = Some(activation);
        Ok(())
    }

    /// The layer before a node, to which it may still add something.
    fn open(&mut self, node: &NodeProto) -> Result<&mut Layer, OnnxError> {
        if self.shares {
            return Err(misplaced(node, "nothing may come after Softmax"));
        }
        match self.layers.last_mut() {
            Some(layer) if layer.activation.is_none() => Ok(layer),
            _ => Err(misplaced(node, "it has to come after Gemm or MatMul")),
        }
    }
}

/// It does nothing but in training, which a third input may ask for.
fn dropout(step: Step, attributes: &mut Attributes) -> Result<(), OnnxError> {
    let node = step.node;
    attributes.skip("ratio");
    attributes.skip("seed");
    arguments(node, 1, 3)?;
    if step.at != 0 || node.input.get(2).is_some_and(|name| !name.is_empty()) {
        return Err(misplaced(node, "training cannot be asked for; export the model without"));
    }
    Ok(())
}

fn arguments(node: &NodeProto, least: usize, most: usize) -> Result<(), OnnxError> {
    let found = node.input.len();
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(OnnxError::Arguments { node: called(node), found, least, most })
}

fn misplaced(node: &NodeProto, reason: &'static str) -> OnnxError {
    OnnxError::Place { node: called(node), reason }
}
