//! What a job is given, inline or as files of the store.

use crate::fault;
use cairn_artifact::store::{Held, Store};
use cairn_order::{Fault, Input, Order};
use cairn_protocol::id::File;
use std::ops::Deref;

pub(crate) enum Bytes {
    Inline(Vec<u8>),
    Stored(Held),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Inline(bytes) => bytes,
            Self::Stored(held) => held,
        }
    }
}

pub(crate) fn read(order: &Order) -> Result<Bytes, Fault> {
    bytes(order, &order.input)
}

/// What the order has itself, or a file that it names.
pub(crate) fn bytes(order: &Order, input: &Input) -> Result<Bytes, Fault> {
    match input {
        Input::Inline(bytes) => Ok(Bytes::Inline(bytes.clone())),
        Input::Stored(file) => stored(order, file).map(Bytes::Stored),
    }
}

/// A file that the job names, which is what it is called and as long as the job says.
pub(crate) fn stored(order: &Order, file: &File) -> Result<Held, Fault> {
    Store::existing(&order.store).open_file(file).map_err(fault::folder)
}

pub(crate) fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes)
        .map_err(|reason| fault::malformed(format_args!("the input is to be UTF-8: {reason}")))
}
