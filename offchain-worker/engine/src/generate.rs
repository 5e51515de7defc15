//! Sequences taken on token by token.
//!
//! A [`Batch`] takes on many at once, of which each may join and leave between two steps; a
//! [`Service`] does so on a thread of its own for callers on any other.

mod batch;
mod sampling;
mod service;

pub use batch::{Batch, Event, Id, Limits};
pub use sampling::Sampling;
pub use service::{Service, Stream};

use crate::{
    model::{Decoder, ModelError},
    service::Unserved,
};
use std::sync::Arc;
use thiserror::Error;

/// Why a request makes no tokens.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum GenerateError {
    #[error("the prompt has no token; give at least one")]
    NoPrompt,
    #[error("a prompt of {have} tokens leaves no room in the {most} that the model takes")]
    Prompt { have: usize, most: usize },
    #[error("the temperature is {0}, and has to be a finite number above zero")]
    Temperature(f32),
    #[error("the share of likely tokens is {0}, and has to be above zero and at most one")]
    Share(f32),
    #[error("at most {0} tokens are to be made or chosen from; it has to be one at least")]
    Most(usize),
    #[error(transparent)]
    Unserved(#[from] Unserved),
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub prompt: Vec<u32>,
    pub sampling: Sampling,
    /// The most tokens to make.
    pub most: usize,
    /// Tokens that end it, and are not part of it.
    pub stops: Vec<u32>,
}

/// Why a sequence went no further.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The model made one of the tokens that end a sequence.
    Stop,
    /// As many tokens as were asked for are made.
    Most,
    /// The model takes no longer sequences.
    Context,
    /// The model's numbers have left what floats hold.
    NotFinite,
}

impl Request {
    pub(crate) fn check(&self, decoder: &Decoder) -> Result<(), GenerateError> {
        let most = decoder.config().context;
        match self.prompt.len() {
            0 => return Err(GenerateError::NoPrompt),
            have if have > most => return Err(GenerateError::Prompt { have, most }),
            _ => {}
        }
        if self.most == 0 {
            return Err(GenerateError::Most(self.most));
        }
        decoder.check_tokens(&self.prompt)?;
        self.sampling.check()
    }
}

/// The tokens of one request, made as they are asked for. Dropping it ends it.
pub struct Generation {
    batch: Batch,
    reason: Option<Reason>,
}

impl Generation {
    pub fn new(decoder: Arc<Decoder>, request: Request) -> Result<Self, GenerateError> {
        let mut batch = Batch::new(decoder, Limits::default());
        batch.join(request)?;
        Ok(Self { batch, reason: None })
    }

    /// Why it ended, once it has.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }
}

impl Iterator for Generation {
    type Item = Result<u32, ModelError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.reason.is_none() && !self.batch.is_empty() {
            let events = match self.batch.step() {
                Ok(events) => events,
                Err(error) => {
                    self.batch.clear();
                    return Some(Err(error));
                }
            };
            for event in events {
                self.reason = event.reason;
                if event.token.is_some() {
                    return event.token.map(Ok);
                }
            }
        }
        None
    }
}
