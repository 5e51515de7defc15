//! What a module may ask for: its input, a place for its output, and memory.

use crate::input::Bytes;
use cairn_protocol::failure::Failure;
use std::ops::Range;
use wasmtime::{Caller, Error, Extern, Linker, ResourceLimiter, Trap};

/// What it is called that a module may import from.
pub(super) const MODULE: &str = "cairn";
pub(super) const NAMES: [&str; 3] = ["input_len", "input_read", "output_write"];
/// Elements of all its tables together, each of eight bytes.
pub(super) const ELEMENTS: usize = 1 << 20;
/// Bytes of an output at most.
const OUTPUT: usize = 64 << 20;
const PAGE: usize = 64 << 10;

/// What a module is run with.
pub(super) struct Host {
    input: Bytes,
    pub output: Vec<u8>,
    pub room: Room,
}

/// What is left for its memory and its tables.
pub(super) struct Room {
    memory: usize,
    elements: usize,
    /// Whether it has asked for more.
    pub refused: bool,
}

/// Why a module is stopped that did not stop by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Stop {
    #[error("the module exports no memory as 'memory', which its input and output pass through")]
    Closed,
    #[error("its output is longer than {OUTPUT} bytes; write less")]
    Output,
    #[error("the worker has less memory than the job allows the module")]
    Memory,
    #[error("the module exports no function that makes records, taking and giving nothing")]
    Mute,
}

impl Stop {
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Closed => Failure::Trapped,
            Self::Output => Failure::Contained,
            Self::Memory => Failure::OutOfMemory,
            Self::Mute => Failure::MalformedSpec,
        }
    }
}

impl Host {
    pub(super) fn new(input: Bytes, pages: u32) -> Self {
        let memory = (pages as usize).saturating_mul(PAGE);
        Self {
            input,
            output: Vec::new(),
            room: Room { memory, elements: ELEMENTS, refused: false },
        }
    }
}

impl ResourceLimiter for Room {
    /// No more than the job says is the same on every machine: the module is told, and goes on.
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error> {
        let fits = desired <= maximum.unwrap_or(usize::MAX).min(self.memory);
        self.refused |= !fits;
        Ok(fits)
    }

    /// What only this machine lacks must not change what the module comes to.
    fn memory_grow_failed(&mut self, _: Error) -> Result<(), Error> {
        Err(Stop::Memory.into())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error> {
        let more = desired.saturating_sub(current);
        if desired > maximum.unwrap_or(usize::MAX) || more > self.elements {
            self.refused = true;
            return Ok(false);
        }
        self.elements -= more;
        Ok(true)
    }

    fn table_grow_failed(&mut self, _: Error) -> Result<(), Error> {
        Err(Stop::Memory.into())
    }
}

pub(super) fn link(linker: &mut Linker<Host>) -> Result<(), Error> {
    let [len, read, write] = NAMES;
    linker.func_wrap(MODULE, len, input_len)?.func_wrap(MODULE, read, input_read)?.func_wrap(
        MODULE,
        write,
        output_write,
    )?;
    Ok(())
}

/// Bytes of the input, of which a module reaches as many as it can count.
fn input_len(caller: Caller<'_, Host>) -> u32 {
    u32::try_from(caller.data().input.len()).unwrap_or(u32::MAX)
}

/// Copies a part of the input into the module's memory, and says how much of it there was.
fn input_read(
    mut caller: Caller<'_, Host>,
    to: u32,
    offset: u32,
    length: u32,
) -> Result<u32, Error> {
    let (memory, host) = memory(&mut caller)?;
    let rest = host.input.get(offset as usize..).unwrap_or_default();
    let part = rest.get(..length as usize).unwrap_or(rest);
    let place = memory.get_mut(span(to, part.len())).ok_or(Trap::MemoryOutOfBounds)?;
    place.copy_from_slice(part);
    // No longer than what was asked for.
    Ok(part.len() as u32)
}

/// Adds a part of the module's memory to the output.
fn output_write(mut caller: Caller<'_, Host>, from: u32, length: u32) -> Result<(), Error> {
    let (memory, host) = memory(&mut caller)?;
    let part = memory.get(span(from, length as usize)).ok_or(Trap::MemoryOutOfBounds)?;
    if host.output.len() + part.len() > OUTPUT {
        return Err(Stop::Output.into());
    }
    host.output.extend_from_slice(part);
    Ok(())
}

fn memory<'a>(caller: &'a mut Caller<'_, Host>) -> Result<(&'a mut [u8], &'a mut Host), Stop> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    Ok(memory.ok_or(Stop::Closed)?.data_and_store_mut(caller))
}

fn span(start: u32, length: usize) -> Range<usize> {
    let start = start as usize;
    start..start.saturating_add(length)
}
