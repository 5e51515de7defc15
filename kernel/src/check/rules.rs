//! What each operator needs of the tensors that it reads and makes.

use super::{
    number, searched, valid, Flaw, Kind, MOST_COMBINED, MOST_FRACTION, MOST_HEAD, MOST_HEAD_BITS,
};
use crate::{
    num::Scale,
    program::{Expert, Op, Program, Rows, Step, Tensor, TensorId, Values},
    sample::{Rule, WHOLE},
};

mod change;

pub(super) struct Rules<'a> {
    program: &'a Program,
    made: &'a [bool],
}

type Verdict = Result<(), Flaw>;

impl<'a> Rules<'a> {
    pub(super) fn new(program: &'a Program, made: &'a [bool]) -> Self {
        Self { program, made }
    }

    pub(super) fn check(&self, step: &Step) -> Verdict {
        let result = step.result;
        match step.op {
            Op::Embed { tokens, table, scale } => self.embed(tokens, table, scale, result),
            Op::Position { tokens, table, scale } => self.position(tokens, table, scale, result),
            Op::Add { left, right } => self.add(left, right, result),
            Op::RmsNorm { values, gains, scale, groups, .. } => {
                self.rms_norm(values, gains, scale, groups, result)
            }
            Op::LayerNorm { values, gains, biases, scale, .. } => {
                self.layer_norm(values, gains, biases, scale, result)
            }
            Op::Narrow { values, scale } | Op::Unit { values, scale } => {
                valid(scale)?;
                self.saturated(result, self.numbers(values)?)
            }
            Op::Exponent { values, width } => self.exponent(values, width, result),
            Op::Shift { values, exponents } => self.shift(values, exponents, result),
            Op::Linear { values, weights, scales, biases, exponents } => {
                self.linear(values, Expert { weights, scales }, biases, exponents, result)
            }
            Op::Rotate { values, cosines, sines, heads } => {
                self.rotate(values, [cosines, sines], heads, result)
            }
            Op::Attention { .. } => self.attention(&step.op, result),
            Op::Gated { gates, values, logistic, scale } => {
                self.gated([gates, values], [logistic, scale], result)
            }
            Op::Gelu { values, normal, scale } => self.gelu(values, [normal, scale], result),
            Op::Relu { values } => {
                let input = self.numbers(values)?;
                self.saturated(result, input)?;
                self.repeats(result, input)
            }
            Op::Choose { values, count } => self.choose(values, count, result),
            Op::Share { values, choices, scale, .. } => self.share(values, choices, scale, result),
            Op::Expert { values, choices, ref experts, exponents } => {
                self.expert(values, choices, experts, exponents, result)
            }
            Op::Combine { values, shares } => self.combine(values, shares, result),
            Op::Mean { values } | Op::First { values } | Op::Last { values } => {
                let input = self.tokenwise(values, Kind::Numbers)?;
                self.saturated(result, &Tensor { rows: Rows::One, ..*input })?;
                self.repeats(result, input)
            }
            Op::CrossEntropy { values, targets, scale } => {
                self.cross_entropy(values, targets, scale, result)
            }
            Op::Sample { values, ref rule } => self.sample(values, rule, result),
            Op::Scale { values, gains, scale } => {
                valid(scale)?;
                let input = self.numbers(values)?;
                self.masters(gains, 1, input.columns.into())?;
                self.saturated(result, input)
            }
            Op::Moved { .. } | Op::Changed { .. } => self.change(&step.op, result),
        }
    }

    fn embed(&self, tokens: TensorId, table: TensorId, scale: Scale, result: TensorId) -> Verdict {
        valid(scale)?;
        let need = match self.of(tokens, Kind::Tokens)?.values {
            Values::Tokens { below } => below,
            _ => 0,
        };
        self.looked_up(table, need, result)
    }

    fn position(
        &self,
        tokens: TensorId,
        table: TensorId,
        scale: Scale,
        result: TensorId,
    ) -> Verdict {
        valid(scale)?;
        self.of(tokens, Kind::Tokens)?;
        self.looked_up(table, self.program.rows, result)
    }

    fn looked_up(&self, table: TensorId, need: u32, result: TensorId) -> Verdict {
        let rows = self.table(table, need)?;
        self.saturated(result, &Tensor { rows: Rows::Token, ..*rows })
    }

    fn add(&self, left: TensorId, right: TensorId, result: TensorId) -> Verdict {
        let input = self.numbers(left)?;
        let other = self.numbers(right)?;
        rows(right, input.rows, other)?;
        columns(right, input.columns.into(), other)?;
        self.saturated(result, input)
    }

    fn rms_norm(
        &self,
        values: TensorId,
        gains: TensorId,
        scale: Scale,
        groups: u32,
        result: TensorId,
    ) -> Verdict {
        valid(scale)?;
        let input = self.numbers(values)?;
        let columns = parts("columns", input.columns, groups)?;
        self.masters(gains, 1, columns.into())?;
        self.saturated(result, input)
    }

    fn layer_norm(
        &self,
        values: TensorId,
        gains: TensorId,
        biases: TensorId,
        scale: Scale,
        result: TensorId,
    ) -> Verdict {
        valid(scale)?;
        let input = self.numbers(values)?;
        self.masters(gains, 1, input.columns.into())?;
        self.constants(biases, input.columns)?;
        self.saturated(result, input)
    }

    fn exponent(&self, values: TensorId, width: u8, result: TensorId) -> Verdict {
        number("bits", 2, 16, width.into())?;
        let input = self.numbers(values)?;
        // What has b bits has b − 1 digits, of which width − 1 stay.
        let need = input.values.bits().unwrap_or(0).saturating_sub(width);
        let made = self.made(result, Kind::Exponents, input.rows, 1)?;
        match made.values {
            Values::Exponents { most } if most < need => {
                Err(Flaw::Exponents { tensor: result, need, have: most })
            }
            _ => Ok(()),
        }
    }

    fn shift(&self, values: TensorId, exponents: TensorId, result: TensorId) -> Verdict {
        let input = self.numbers(values)?;
        self.exponents(Some(exponents), input)?;
        self.saturated(result, input)
    }

    fn linear(
        &self,
        values: TensorId,
        weights: Expert,
        biases: Option<TensorId>,
        exponents: Option<TensorId>,
        result: TensorId,
    ) -> Verdict {
        let input = self.of(values, Kind::Narrow)?;
        self.exponents(exponents, input)?;
        let outputs = self.weights(weights, input, None)?;
        if let Some(biases) = biases {
            self.constants(biases, outputs)?;
        }
        self.saturated(result, &Tensor { columns: outputs, ..*input })
    }

    fn expert(
        &self,
        values: TensorId,
        choices: TensorId,
        experts: &[Expert],
        exponents: Option<TensorId>,
        result: TensorId,
    ) -> Verdict {
        let input = self.of(values, Kind::Narrow)?;
        let chosen = self.tokenwise(choices, Kind::Choices)?;
        let slots = Rows::Slots(chosen.columns);
        if input.rows != Rows::Token {
            rows(values, slots, input)?;
        }
        self.exponents(exponents, input)?;
        let below = identities(chosen);
        let count = u32::try_from(experts.len()).unwrap_or(u32::MAX);
        number("experts", below, below, count)?;
        let mut outputs = None;
        for expert in experts {
            outputs = Some(self.weights(*expert, input, outputs)?);
        }
        let columns = outputs.unwrap_or(0);
        self.saturated(result, &Tensor { rows: slots, columns, ..*input })
    }

    fn rotate(
        &self,
        values: TensorId,
        tables: [TensorId; 2],
        heads: u32,
        result: TensorId,
    ) -> Verdict {
        let input = self.tokenwise(values, Kind::Narrow)?;
        let head = parts("columns", input.columns, heads)?;
        let half = parts("columns of a head", head, 2)?;
        for table in tables {
            columns(table, half.into(), self.table(table, self.program.rows)?)?;
        }
        self.saturated(result, input)
    }

    fn attention(&self, op: &Op, result: TensorId) -> Verdict {
        let Op::Attention { queries, keys, values, scale, heads, groups, fraction, .. } = *op
        else {
            return Ok(());
        };
        valid(scale)?;
        number("bits of a fraction", 0, MOST_FRACTION.into(), fraction.into())?;
        for input in [queries, keys, values] {
            let have = self.tokenwise(input, Kind::Narrow)?.values.bits().unwrap_or(0);
            if have > MOST_HEAD_BITS {
                return Err(Flaw::Bits { tensor: input, most: MOST_HEAD_BITS, have });
            }
        }
        let input = self.read(queries)?;
        let head = parts("columns", input.columns, heads)?;
        number("columns of a head", 1, MOST_HEAD, head)?;
        parts("heads", heads, groups)?;
        for other in [keys, values] {
            columns(other, u64::from(head) * u64::from(groups), self.read(other)?)?;
        }
        self.saturated(result, input)
    }

    fn gated(&self, inputs: [TensorId; 2], scales: [Scale; 2], result: TensorId) -> Verdict {
        scales.into_iter().try_for_each(valid)?;
        let [gates, values] = inputs;
        let input = self.of(gates, Kind::Narrow)?;
        let other = self.of(values, Kind::Narrow)?;
        rows(values, input.rows, other)?;
        columns(values, input.columns.into(), other)?;
        self.saturated(result, input)
    }

    fn gelu(&self, values: TensorId, scales: [Scale; 2], result: TensorId) -> Verdict {
        scales.into_iter().try_for_each(valid)?;
        self.saturated(result, self.of(values, Kind::Narrow)?)
    }

    fn choose(&self, values: TensorId, count: u32, result: TensorId) -> Verdict {
        let input = self.numbers(values)?;
        number("choices", 1, input.columns, count)?;
        searched(input.columns, count)?;
        self.chosen(result, input, count)
    }

    fn share(
        &self,
        values: TensorId,
        choices: TensorId,
        scale: Scale,
        result: TensorId,
    ) -> Verdict {
        valid(scale)?;
        let input = self.numbers(values)?;
        let chosen = self.of(choices, Kind::Choices)?;
        rows(choices, input.rows, chosen)?;
        names(choices, chosen, input.columns)?;
        let made = self.made(result, Kind::Saturated, input.rows, chosen.columns.into())?;
        few_bits(result, made, 16)
    }

    fn combine(&self, values: TensorId, shares: TensorId, result: TensorId) -> Verdict {
        let share = self.tokenwise(shares, Kind::Narrow)?;
        number("slots combined", 1, MOST_COMBINED, share.columns)?;
        let input = self.numbers(values)?;
        rows(values, Rows::Slots(share.columns), input)?;
        self.saturated(result, &Tensor { rows: Rows::Token, ..*input })
    }

    fn cross_entropy(
        &self,
        values: TensorId,
        targets: TensorId,
        scale: Scale,
        result: TensorId,
    ) -> Verdict {
        valid(scale)?;
        let input = self.tokenwise(values, Kind::Numbers)?;
        names(targets, self.of(targets, Kind::Targets)?, input.columns)?;
        self.made(result, Kind::Wide, Rows::Token, 1).map(drop)
    }

    fn sample(&self, values: TensorId, rule: &Rule, result: TensorId) -> Verdict {
        if let Rule::Drawn { scale, most, prefix } = *rule {
            valid(scale)?;
            number("columns drawn from", 1, u32::MAX, most)?;
            number("65,536ths of a prefix", 1, WHOLE, prefix)?;
        }
        let input = self.numbers(values)?;
        if input.rows != Rows::One {
            rows(values, Rows::Token, input)?;
        }
        self.chosen(result, input, 1)
    }

    /// That choices among the columns of `input` are what is made.
    fn chosen(&self, result: TensorId, input: &Tensor, count: u32) -> Verdict {
        let made = self.made(result, Kind::Choices, input.rows, count.into())?;
        match identities(made) {
            have if have == input.columns => Ok(()),
            have => Err(Flaw::Identities { tensor: result, most: input.columns, have }),
        }
    }

    fn weights(
        &self,
        Expert { weights, scales }: Expert,
        input: &Tensor,
        outputs: Option<u32>,
    ) -> Result<u32, Flaw> {
        let found = self.of(weights, Kind::Masters)?;
        columns(weights, input.columns.into(), found)?;
        let need = outputs.unwrap_or(height(found));
        rows(weights, Rows::Fixed(need), found)?;
        self.constants(scales, need)?;
        Ok(need)
    }

    fn exponents(&self, exponents: Option<TensorId>, input: &Tensor) -> Verdict {
        match exponents {
            Some(id) => rows(id, input.rows, self.of(id, Kind::Exponents)?),
            None => Ok(()),
        }
    }

    /// Masters with at least so many rows.
    fn table(&self, id: TensorId, need: u32) -> Result<&'a Tensor, Flaw> {
        let table = self.of(id, Kind::Masters)?;
        match table.rows {
            Rows::Fixed(rows) if rows >= need => Ok(table),
            have => Err(Flaw::FewRows { tensor: id, need, have }),
        }
    }

    fn masters(&self, id: TensorId, need: u32, wide: u64) -> Verdict {
        let found = self.of(id, Kind::Masters)?;
        rows(id, Rows::Fixed(need), found)?;
        columns(id, wide, found)
    }

    fn constants(&self, id: TensorId, need: u32) -> Verdict {
        let found = self.of(id, Kind::Constants)?;
        rows(id, Rows::Fixed(1), found)?;
        columns(id, need.into(), found)
    }

    fn numbers(&self, id: TensorId) -> Result<&'a Tensor, Flaw> {
        self.of(id, Kind::Numbers)
    }

    fn tokenwise(&self, id: TensorId, kind: Kind) -> Result<&'a Tensor, Flaw> {
        let found = self.of(id, kind)?;
        rows(id, Rows::Token, found)?;
        Ok(found)
    }

    fn of(&self, id: TensorId, need: Kind) -> Result<&'a Tensor, Flaw> {
        let found = self.read(id)?;
        kind(id, need, found)?;
        Ok(found)
    }

    fn read(&self, id: TensorId) -> Result<&'a Tensor, Flaw> {
        let found = self.tensor(id)?;
        if self.made.get(id.index()) == Some(&true) {
            Ok(found)
        } else {
            Err(Flaw::NotMade { tensor: id })
        }
    }

    fn tensor(&self, id: TensorId) -> Result<&'a Tensor, Flaw> {
        self.program.tensors.get(id.index()).ok_or(Flaw::Missing { tensor: id })
    }

    /// That what is made has the rows and columns of `like`, and is saturated.
    fn saturated(&self, result: TensorId, like: &Tensor) -> Verdict {
        self.made(result, Kind::Saturated, like.rows, like.columns.into()).map(drop)
    }

    fn made(&self, id: TensorId, need: Kind, height: Rows, width: u64) -> Result<&'a Tensor, Flaw> {
        let made = self.tensor(id)?;
        kind(id, need, made)?;
        if self.made.get(id.index()) == Some(&true) {
            return Err(Flaw::MadeTwice { tensor: id });
        }
        rows(id, height, made)?;
        columns(id, width, made)?;
        Ok(made)
    }

    /// That numbers which are passed on as they are fit.
    fn repeats(&self, result: TensorId, input: &Tensor) -> Verdict {
        few_bits(result, self.tensor(result)?, input.values.bits().unwrap_or(32))
    }
}

/// The rows of what is an artifact's.
fn height(found: &Tensor) -> u32 {
    match found.rows {
        Rows::Fixed(rows) => rows,
        _ => 0,
    }
}

fn few_bits(id: TensorId, made: &Tensor, need: u8) -> Verdict {
    match made.values.bits() {
        Some(have) if have < need => Err(Flaw::FewBits { tensor: id, need, have }),
        _ => Ok(()),
    }
}

fn kind(id: TensorId, need: Kind, found: &Tensor) -> Verdict {
    let have = found.values;
    let fits = match need {
        Kind::Tokens => matches!(have, Values::Tokens { .. }),
        Kind::Targets => matches!(have, Values::Targets { .. }),
        Kind::Masters => matches!(have, Values::Masters | Values::Moved),
        Kind::Constants => have == Values::Constants,
        Kind::Narrow => matches!(have, Values::Features { .. } | Values::Activations { .. }),
        Kind::Numbers => have.bits().is_some(),
        Kind::Saturated => matches!(have, Values::Activations { .. } | Values::Wide),
        Kind::Choices => matches!(have, Values::Choices { .. }),
        Kind::Exponents => matches!(have, Values::Exponents { .. }),
        Kind::Wide => have == Values::Wide,
        Kind::Moved => have == Values::Moved,
    };
    if fits {
        Ok(())
    } else {
        Err(Flaw::Kind { tensor: id, need, have })
    }
}

fn rows(id: TensorId, need: Rows, found: &Tensor) -> Verdict {
    if found.rows == need {
        Ok(())
    } else {
        Err(Flaw::Rows { tensor: id, need, have: found.rows })
    }
}

fn columns(id: TensorId, need: u64, found: &Tensor) -> Verdict {
    if u64::from(found.columns) == need {
        Ok(())
    } else {
        Err(Flaw::Columns { tensor: id, need, have: found.columns })
    }
}

/// That what is named are columns of `most`.
fn names(id: TensorId, found: &Tensor, most: u32) -> Verdict {
    match identities(found) {
        have if have <= most => Ok(()),
        have => Err(Flaw::Identities { tensor: id, most, have }),
    }
}

fn identities(found: &Tensor) -> u32 {
    match found.values {
        Values::Tokens { below } | Values::Targets { below } | Values::Choices { below } => below,
        _ => 0,
    }
}

fn parts(what: &'static str, whole: u32, parts: u32) -> Result<u32, Flaw> {
    if parts > 0 && whole.is_multiple_of(parts) {
        Ok(whole / parts)
    } else {
        Err(Flaw::Parts { what, whole, parts })
    }
}
