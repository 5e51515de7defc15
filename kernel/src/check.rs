//! Whether a program means something, and nothing in it can overflow.

use crate::{
    num::Scale,
    program::{Op, Program, Rows, Step, Tensor, TensorId, Values, SEMANTICS},
};
use alloc::{vec, vec::Vec};

mod error;
mod rules;
#[cfg(test)]
mod tests;

pub use error::{Error, Flaw, Kind};
use rules::Rules;

/// The longest sequence there can be.
pub const MOST_ROWS: u32 = 1 << 17;
/// The most columns, rows of artifacts, and slots of a whole sequence.
pub const MOST_COLUMNS: u32 = 1 << 20;
/// The most slots of a token that are combined.
pub const MOST_COMBINED: u32 = 1 << 6;
/// The most steps that lead a judge to the last of a row's choices, all columns for each of them:
/// those of as many choices as are combined, among the most columns.
pub const MOST_SEARCHED: u32 = MOST_COMBINED * MOST_COLUMNS;
/// The most columns of a head of attention.
pub const MOST_HEAD: u32 = 1 << 8;
/// The most bits of what attention compares and averages.
pub const MOST_HEAD_BITS: u8 = 12;
/// The most bits that a mean of attention has more than the values.
pub const MOST_FRACTION: u8 = 4;

/// A program that can be run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checked {
    program: Program,
    uses: Vec<Use>,
    whole: bool,
}

/// What the operators need a tensor of an artifact for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Use {
    pub weight: bool,
    pub master: bool,
    /// As scales whose shift is at least so large.
    pub scale: Option<u8>,
    pub bias: bool,
}

impl Checked {
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Whether a row can depend on later ones, so that a sequence has to be given as one piece.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The tensor of this number, if there is one.
    pub fn tensor(&self, id: TensorId) -> Option<&Tensor> {
        self.program.tensors.get(id.index())
    }

    /// The tensors with their numbers.
    pub fn tensors(&self) -> impl Iterator<Item = (TensorId, &Tensor)> {
        (0..).map(TensorId).zip(&self.program.tensors)
    }

    /// Whether inner products are made with a tensor of an artifact, so that it is packed.
    pub fn is_multiplied(&self, id: TensorId) -> bool {
        self.used(id).weight
    }

    /// Whether the masters of a tensor of an artifact are read as they are.
    pub fn is_read(&self, id: TensorId) -> bool {
        self.used(id).master
    }

    pub(crate) fn used(&self, id: TensorId) -> Use {
        self.uses.get(id.index()).copied().unwrap_or_default()
    }
}

impl Program {
    /// Takes the program only if no input can make it overflow, and nothing is without meaning.
    pub fn check(self) -> Result<Checked, Error> {
        if self.semantics != SEMANTICS {
            return Err(Error::Semantics { need: SEMANTICS, have: self.semantics });
        }
        if self.rows == 0 || self.rows > MOST_ROWS {
            return Err(Error::Length { most: MOST_ROWS, have: self.rows });
        }
        for (tensor, id) in self.tensors.iter().zip(0..) {
            self.check_tensor(tensor)
                .map_err(|flaw| Error::Tensor { tensor: TensorId(id), flaw })?;
        }
        self.check_given()?;
        self.check_ops()?;
        let uses = self.uses();
        let whole = |step: &Step| matches!(step.op, Op::Attention { causal: false, .. });
        let whole = self.ops.iter().any(whole);
        Ok(Checked { program: self, uses, whole })
    }

    fn check_tensor(&self, tensor: &Tensor) -> Result<(), Flaw> {
        let Tensor { rows, columns, values } = *tensor;
        let single = matches!(
            values,
            Values::Tokens { .. } | Values::Targets { .. } | Values::Exponents { .. }
        );
        number("columns", 1, if single { 1 } else { MOST_COLUMNS }, columns)?;
        match rows {
            Rows::Fixed(rows) => number("rows", 1, MOST_COLUMNS, rows)?,
            Rows::Slots(slots) => number("slots", 1, MOST_COLUMNS / self.rows, slots)?,
            Rows::Token | Rows::One => {}
        }
        match values {
            Values::Tokens { below } | Values::Targets { below } | Values::Choices { below } => {
                number("identities", 1, MOST_COLUMNS, below)?;
            }
            Values::Features { bits } | Values::Activations { bits } => {
                number("bits", 2, 16, bits.into())?;
            }
            Values::Exponents { most } => number("exponents", 0, 31, most.into())?,
            Values::Masters | Values::Moved | Values::Constants | Values::Wide => {}
        }
        let fits = match values {
            _ if values.is_bound() || values == Values::Moved => matches!(rows, Rows::Fixed(_)),
            _ if values.is_given() => rows == Rows::Token,
            _ => !matches!(rows, Rows::Fixed(_)),
        };
        if fits {
            Ok(())
        } else {
            Err(Flaw::Layout { values, rows })
        }
    }

    /// The length of a sequence has to be known from what is given, and nothing is given twice.
    fn check_given(&self) -> Result<(), Error> {
        let given = |kind: fn(&Values) -> bool| {
            let mut all = (0..).zip(&self.tensors).filter(|(_, tensor)| kind(&tensor.values));
            let first = all.next();
            match all.next() {
                Some((id, _)) => {
                    Err(Error::Tensor { tensor: TensorId(id), flaw: Flaw::GivenTwice })
                }
                None => Ok(first.is_some()),
            }
        };
        let tokens = given(|values| matches!(values, Values::Tokens { .. }))?;
        let features = given(|values| matches!(values, Values::Features { .. }))?;
        given(|values| matches!(values, Values::Targets { .. }))?;
        if tokens || features {
            Ok(())
        } else {
            Err(Error::NothingGiven)
        }
    }

    fn check_ops(&self) -> Result<(), Error> {
        let mut made: Vec<bool> = self.tensors.iter().map(|one| !one.values.is_made()).collect();
        let mut by_op = vec![false; made.len()];
        for (index, step) in self.ops.iter().enumerate() {
            let at = |flaw| Error::Operator { index, flaw };
            Rules::new(self, &made).check(step).map_err(at)?;
            let result = step.result.index();
            let (Some(made), Some(by_op)) = (made.get_mut(result), by_op.get_mut(result)) else {
                return Err(at(Flaw::Missing { tensor: step.result }));
            };
            (*made, *by_op) = (true, true);
        }
        if let Some((id, _)) = (0..).zip(&made).find(|(_, made)| !**made) {
            return Err(Error::Tensor { tensor: TensorId(id), flaw: Flaw::NeverMade });
        }
        match by_op.get(self.result.index()) {
            Some(true) => Ok(()),
            Some(false) => Err(Error::Tensor { tensor: self.result, flaw: Flaw::NotComputed }),
            None => Err(Error::Tensor {
                tensor: self.result,
                flaw: Flaw::Missing { tensor: self.result },
            }),
        }
    }

    /// What each tensor of an artifact is for, so that it can be checked when it is bound.
    fn uses(&self) -> Vec<Use> {
        let mut uses = vec![Use::default(); self.tensors.len()];
        for step in &self.ops {
            let shifted = |exponents: &Option<TensorId>| match exponents
                .and_then(|id| self.tensors.get(id.index()))
                .map(|tensor| tensor.values)
            {
                Some(Values::Exponents { most }) => most,
                _ => 0,
            };
            let mut mark = |id: TensorId, note: &dyn Fn(&mut Use)| {
                if let Some(one) = uses.get_mut(id.index()) {
                    note(one);
                }
            };
            let scaled = |least: u8| {
                move |one: &mut Use| one.scale = Some(one.scale.unwrap_or(0).max(least))
            };
            match &step.op {
                Op::Linear { weights, scales, biases, exponents, .. } => {
                    mark(*weights, &|one| one.weight = true);
                    mark(*scales, &scaled(shifted(exponents)));
                    biases.iter().for_each(|biases| mark(*biases, &|one| one.bias = true));
                }
                Op::Expert { experts, exponents, .. } => {
                    for expert in experts {
                        mark(expert.weights, &|one| one.weight = true);
                        mark(expert.scales, &scaled(shifted(exponents)));
                    }
                }
                Op::LayerNorm { gains, biases, .. } => {
                    mark(*gains, &|one| one.master = true);
                    mark(*biases, &|one| one.bias = true);
                }
                // Whatever else is read of an artifact is read as it is.
                other => other.visit(|id| mark(id, &|one| one.master = true)),
            }
        }
        uses
    }
}

/// A number that has to be between two others.
fn number(what: &'static str, least: u32, most: u32, have: u32) -> Result<(), Flaw> {
    if (least..=most).contains(&have) {
        Ok(())
    } else {
        Err(Flaw::Number { what, least, most, have })
    }
}

/// That a judge gets to the last of so many choices, each of which is searched for in all columns.
fn searched(columns: u32, count: u32) -> Result<(), Flaw> {
    if u64::from(columns) * u64::from(count) <= u64::from(MOST_SEARCHED) {
        Ok(())
    } else {
        Err(Flaw::Searches { most: MOST_SEARCHED, columns, count })
    }
}

fn valid(scale: Scale) -> Result<(), Flaw> {
    if scale.is_valid() {
        Ok(())
    } else {
        Err(Flaw::Scale { have: scale })
    }
}
