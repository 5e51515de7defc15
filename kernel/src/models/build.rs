//! Writing a program operator by operator.

use super::Model;
use crate::program::{Expert, Op, Program, Rows, Step, Tensor, TensorId, Values, SEMANTICS};
use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

/// Activations of as many bits as there are.
pub(super) const FULL: Values = Values::Activations { bits: 16 };
/// What attention compares and averages.
pub(super) const HEAD: Values = Values::Activations { bits: 12 };

#[derive(Default)]
pub(super) struct Build {
    tensors: Vec<Tensor>,
    ops: Vec<Step>,
    names: BTreeMap<String, TensorId>,
}

impl Build {
    pub(super) fn given(&mut self, columns: u32, values: Values) -> TensorId {
        self.tensor(Tensor { rows: Rows::Token, columns, values })
    }

    pub(super) fn masters(&mut self, name: String, rows: u32, columns: u32) -> TensorId {
        self.named(name, Tensor { rows: Rows::Fixed(rows), columns, values: Values::Masters })
    }

    pub(super) fn constants(&mut self, name: String, columns: u32) -> TensorId {
        self.named(name, Tensor { rows: Rows::Fixed(1), columns, values: Values::Constants })
    }

    /// What an operator makes of something: as many rows and columns of other values.
    pub(super) fn same(&mut self, like: TensorId, values: Values, op: Op) -> TensorId {
        let tensor = Tensor { values, ..self.at(like) };
        self.make(tensor, op)
    }

    /// The same with other columns.
    pub(super) fn resized(
        &mut self,
        like: TensorId,
        columns: u32,
        values: Values,
        op: Op,
    ) -> TensorId {
        let tensor = Tensor { columns, values, ..self.at(like) };
        self.make(tensor, op)
    }

    pub(super) fn make(&mut self, tensor: Tensor, op: Op) -> TensorId {
        let result = self.tensor(tensor);
        self.ops.push(Step { op, result });
        result
    }

    pub(super) fn add(&mut self, left: TensorId, right: TensorId) -> TensorId {
        self.same(left, Values::Wide, Op::Add { left, right })
    }

    /// What a curve makes of something. Where it is shifted, row by row to what 16 bits hold, with
    /// the exponents of the rows.
    pub(super) fn curved(
        &mut self,
        like: TensorId,
        op: Op,
        shifted: bool,
    ) -> (TensorId, Option<TensorId>) {
        if !shifted {
            return (self.same(like, FULL, op), None);
        }
        let values = self.same(like, Values::Wide, op);
        let exponent = Op::Exponent { values, width: 16 };
        let exponents = self.resized(values, 1, Values::Exponents { most: 16 }, exponent);
        (self.same(values, FULL, Op::Shift { values, exponents }), Some(exponents))
    }

    /// Weights and scales of these names, and where wanted biases.
    pub(super) fn linear(
        &mut self,
        name: &str,
        (values, exponents): (TensorId, Option<TensorId>),
        outputs: u32,
        made: Values,
        biased: bool,
    ) -> TensorId {
        let Expert { weights, scales } = self.weights(name, values, outputs);
        let biases = biased.then(|| self.constants(format!("{name}.biases"), outputs));
        let op = Op::Linear { values, weights, scales, biases, exponents };
        self.resized(values, outputs, made, op)
    }

    pub(super) fn weights(&mut self, name: &str, values: TensorId, outputs: u32) -> Expert {
        let columns = self.at(values).columns;
        Expert {
            weights: self.masters(format!("{name}.weights"), outputs, columns),
            scales: self.constants(format!("{name}.scales"), outputs),
        }
    }

    pub(super) fn finish(self, rows: u32, result: TensorId) -> Model {
        let Self { tensors, ops, names } = self;
        let program = Program { semantics: SEMANTICS, rows, tensors, ops, result };
        Model { program, names }
    }

    pub(super) fn at(&self, id: TensorId) -> Tensor {
        // What is asked for was made here; else the check of the program tells.
        let missing = Tensor { rows: Rows::One, columns: 0, values: Values::Wide };
        self.tensors.get(id.index()).copied().unwrap_or(missing)
    }

    fn named(&mut self, name: String, tensor: Tensor) -> TensorId {
        let id = self.tensor(tensor);
        self.names.insert(name, id);
        id
    }

    fn tensor(&mut self, tensor: Tensor) -> TensorId {
        let id = TensorId(u32::try_from(self.tensors.len()).unwrap_or(u32::MAX));
        self.tensors.push(tensor);
        id
    }
}
