//! The operators that multiply with weights.

use super::{
    channels::{Channels, Out},
    PANEL,
};
use crate::{
    program::{Expert, TensorId},
    run::{
        matrix::Numbers,
        parts::Held,
        simd::{Inputs, Tiling},
        step::Worker,
        Error, Matrix,
    },
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// So many products take as long as one number of other operators.
const QUICK: usize = 1 << 4;

/// Some rows and panels of a result.
struct Part<'a, T> {
    channels: &'a Channels<'a>,
    panels: Range<usize>,
    out: Vec<Out<'a, T>>,
}

impl Worker<'_> {
    pub(in crate::run) fn linear(
        &self,
        result: TensorId,
        values: TensorId,
        weights: Expert,
        biases: Option<TensorId>,
        exponents: Option<TensorId>,
    ) -> Result<Matrix, Error> {
        let (mut made, bits) = self.blank(result)?;
        let channels = self.channels(weights, biases, exponents, bits)?;
        let columns = made.columns();
        match made.numbers_mut() {
            Numbers::Narrow(numbers) => self.products(values, &channels, numbers, columns)?,
            Numbers::Wide(numbers) => self.products(values, &channels, numbers, columns)?,
        }
        Ok(made)
    }

    fn products<T: Held>(
        &self,
        values: TensorId,
        channels: &Channels<'_>,
        numbers: &mut [T],
        columns: usize,
    ) -> Result<(), Error> {
        let rows = numbers.chunks_exact_mut(columns).enumerate();
        let rows: Vec<_> = rows.map(|(input, numbers)| Out { input, numbers }).collect();
        let mut parts = Vec::new();
        self.split(channels, rows, &mut parts);
        self.multiply(values, parts)
    }

    pub(in crate::run) fn expert(
        &self,
        result: TensorId,
        values: TensorId,
        choices: TensorId,
        experts: &[Expert],
        exponents: Option<TensorId>,
    ) -> Result<Matrix, Error> {
        let (mut made, bits) = self.blank(result)?;
        let channels = |expert: &Expert| self.channels(*expert, None, exponents, bits);
        let channels: Vec<_> = experts.iter().map(channels).collect::<Result<_, _>>()?;
        let columns = made.columns();
        match made.numbers_mut() {
            Numbers::Narrow(numbers) => {
                self.chosen(values, choices, &channels, numbers, columns)?
            }
            Numbers::Wide(numbers) => self.chosen(values, choices, &channels, numbers, columns)?,
        }
        Ok(made)
    }

    fn chosen<T: Held>(
        &self,
        values: TensorId,
        choices: TensorId,
        experts: &[Channels<'_>],
        numbers: &mut [T],
        columns: usize,
    ) -> Result<(), Error> {
        let choices = self.matrix(choices)?;
        // Slots that have a row of their own, or share their token's.
        let sharing = choices.rows() * choices.columns() / self.matrix(values)?.rows().max(1);
        let mut rows: Vec<_> = experts.iter().map(|_| Vec::new()).collect();
        for (slot, numbers) in numbers.chunks_exact_mut(columns).enumerate() {
            let choice = choices.at(slot / choices.columns(), slot % choices.columns());
            let chosen = rows.get_mut(choice.unwrap_or(0).unsigned_abs() as usize);
            // A choice is below what the check found to be the number of experts.
            let chosen = chosen.ok_or(Error::Unreachable { tensor: values })?;
            chosen.push(Out { input: slot / sharing.max(1), numbers });
        }
        let mut parts = Vec::new();
        for (channels, rows) in experts.iter().zip(rows) {
            self.split(channels, rows, &mut parts);
        }
        self.multiply(values, parts)
    }

    fn channels(
        &self,
        Expert { weights, scales }: Expert,
        biases: Option<TensorId>,
        exponents: Option<TensorId>,
        bits: u32,
    ) -> Result<Channels<'_>, Error> {
        let packed = self.plan.weights.packed.get(&weights);
        Ok(Channels {
            packed: packed.ok_or(Error::Unreachable { tensor: weights })?,
            scales: self.constants(scales)?,
            biases: biases.map(|biases| self.constants(biases)).transpose()?,
            exponents: exponents.map(|exponents| self.matrix(exponents)).transpose()?,
            bits,
            pairs: self.plan.tiling.pairs,
        })
    }

    /// Into blocks of rows, or where there are few rows, into panels.
    fn split<'a, T>(
        &self,
        channels: &'a Channels<'a>,
        mut rows: Vec<Out<'a, T>>,
        parts: &mut Vec<Part<'a, T>>,
    ) {
        let hands = self.crew.hands();
        let Tiling { rows: tile, block, .. } = self.plan.tiling;
        let panels = channels.packed.panels();
        let products = rows.len() * channels.packed.columns * channels.packed.outputs;
        let shared = hands > 1 && products / QUICK >= self.crew.least();
        if shared && rows.len() < hands * tile {
            let count = panels.div_ceil(2 * hands);
            let mut of: Vec<_> = (0..panels.div_ceil(count)).map(|_| Vec::new()).collect();
            for Out { input, numbers } in rows {
                for (of, numbers) in of.iter_mut().zip(numbers.chunks_mut(count * PANEL)) {
                    of.push(Out { input, numbers });
                }
            }
            for (part, out) in of.into_iter().enumerate() {
                let panels = part * count..((part + 1) * count).min(panels);
                parts.push(Part { channels, panels, out });
            }
            return;
        }
        let share = rows.len().div_ceil(if shared { hands } else { 1 });
        let block = share.next_multiple_of(tile).min(block);
        while !rows.is_empty() {
            let rest = rows.split_off(block.min(rows.len()));
            let out = core::mem::replace(&mut rows, rest);
            parts.push(Part { channels, panels: 0..panels, out });
        }
    }

    fn multiply<T: Held>(&self, values: TensorId, parts: Vec<Part<'_, T>>) -> Result<(), Error> {
        let numbers = self.narrow(values)?;
        let columns = self.matrix(values)?.columns();
        let tile = self.plan.tiling.rows;
        self.spread(parts, |Part { channels, panels, mut out }| {
            let memory = Error::Memory { tensor: values };
            let mut inputs = vec![Inputs::default(); out.len().div_ceil(tile)];
            for (inputs, out) in inputs.iter_mut().zip(out.chunks(tile)) {
                let rows = out.iter().map(|out| &numbers[out.input * columns..][..columns]);
                inputs.fill(columns, rows).ok_or(memory)?;
            }
            for panel in panels.clone() {
                for (inputs, out) in inputs.iter().zip(out.chunks_mut(tile)) {
                    channels.compute(&panels, panel, inputs, out);
                }
            }
            Ok(())
        })
    }
}
