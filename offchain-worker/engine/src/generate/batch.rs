use super::{GenerateError, Reason, Request};
use crate::{
    model::{numbers, Cache, Decoder, ModelError, Piece},
    service::Unserved,
};
use std::{collections::VecDeque, sync::Arc};

/// A request's, and no other's in this batch before or after.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Id(u64);

/// What a batch computes at once, and what it lets wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Sequences; more wait.
    pub sequences: usize,
    /// Tokens of a step: a long prompt takes several, so that it does not hold up others.
    pub rows: usize,
    /// Requests that may wait beside the sequences; more are refused.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sequences: 32, rows: 512, waiting: 256 }
    }
}

impl Limits {
    /// Requests that there may be, running and waiting.
    pub(super) fn most(&self) -> usize {
        self.sequences.max(1).saturating_add(self.waiting)
    }
}

/// What a step did for one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Event {
    pub id: Id,
    /// The token that was made, unless it is one that ends the sequence.
    pub token: Option<u32>,
    /// Why the request has left the batch, if it has.
    pub reason: Option<Reason>,
}

/// Requests that are computed together.
pub struct Batch {
    decoder: Arc<Decoder>,
    limits: Limits,
    waiting: VecDeque<Sequence>,
    running: Vec<Sequence>,
    next: u64,
}

struct Sequence {
    id: Id,
    request: Request,
    cache: Cache,
    made: usize,
    /// The token that was made last and is not in the cache.
    last: Option<u32>,
}

impl Batch {
    /// Limits of zero count as one, but for that of those that wait.
    pub fn new(decoder: Arc<Decoder>, limits: Limits) -> Self {
        let sequences = limits.sequences.max(1);
        // Each sequence that is past its prompt needs a row.
        let limits = Limits { sequences, rows: limits.rows.max(sequences), ..limits };
        Self { decoder, limits, waiting: VecDeque::new(), running: Vec::new(), next: 0 }
    }

    /// Takes a request in, unless as many wait as may; it is computed from the next step on in
    /// which there is room.
    pub fn join(&mut self, request: Request) -> Result<Id, GenerateError> {
        request.check(&self.decoder)?;
        let most = self.limits.most();
        if self.len() >= most {
            return Err(Unserved::Full { most }.into());
        }
        Ok(self.enter(request))
    }

    /// Takes in a request that was checked, and for which there is room.
    pub(super) fn enter(&mut self, request: Request) -> Id {
        let id = Id(self.next);
        self.next += 1;
        let cache = self.decoder.cache();
        self.waiting.push_back(Sequence { id, request, cache, made: 0, last: None });
        id
    }

    /// Drops a request, wherever it is. False where it has left already.
    pub fn leave(&mut self, id: Id) -> bool {
        let before = self.len();
        self.waiting.retain(|sequence| sequence.id != id);
        self.running.retain(|sequence| sequence.id != id);
        self.len() < before
    }

    /// Requests that have not ended.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
        self.running.clear();
    }

    /// Takes each sequence on by a token, or by some of its prompt. After an error the batch
    /// is as it was.
    pub fn step(&mut self) -> Result<Vec<Event>, ModelError> {
        while self.running.len() < self.limits.sequences {
            let Some(sequence) = self.waiting.pop_front() else { break };
            self.running.push(sequence);
        }
        if self.running.is_empty() {
            return Ok(Vec::new());
        }
        let counts = self.counts();
        let mut pieces: Vec<Piece<'_>> = self
            .running
            .iter_mut()
            .zip(&counts)
            .filter(|(_, count)| **count > 0)
            .map(|(sequence, count)| sequence.piece(*count))
            .collect();
        let logits = numbers(self.decoder.advance(&mut pieces)?)?;
        let moved = self.running.iter_mut().zip(counts).filter(|(_, count)| *count > 0);
        let context = self.decoder.config().context;
        let events = moved
            .zip(logits.chunks(self.decoder.config().vocabulary))
            .filter_map(|((sequence, _), logits)| sequence.go_on(logits, context))
            .collect::<Vec<Event>>();
        let ended = |id: Id| events.iter().any(|event| event.id == id && event.reason.is_some());
        self.running.retain(|sequence| !ended(sequence.id));
        Ok(events)
    }

    /// How many tokens of each running sequence are computed: those that make tokens go
    /// first, and prompts share what is left in the order in which they came.
    fn counts(&self) -> Vec<usize> {
        let making = self.running.iter().filter(|sequence| sequence.last.is_some()).count();
        let mut room = self.limits.rows - making;
        let count = |sequence: &Sequence| {
            if sequence.last.is_some() {
                return 1;
            }
            let count = (sequence.request.prompt.len() - sequence.cache.length()).min(room);
            room -= count;
            count
        };
        self.running.iter().map(count).collect()
    }
}

impl Sequence {
    fn piece(&mut self, count: usize) -> Piece<'_> {
        let tokens = match &self.last {
            Some(last) => std::slice::from_ref(last),
            None => {
                let from = self.cache.length();
                &self.request.prompt[from..from + count]
            }
        };
        Piece { tokens, cache: &mut self.cache }
    }

    /// What follows the logits after the last token computed: nothing while there is more of
    /// the prompt.
    fn go_on(&mut self, logits: &[f32], context: usize) -> Option<Event> {
        let length = self.cache.length();
        if length < self.request.prompt.len() {
            return None;
        }
        let id = self.id;
        let Some(token) = self.request.sampling.choose(logits, length - 1) else {
            return Some(Event { id, token: None, reason: Some(Reason::NotFinite) });
        };
        if self.request.stops.contains(&token) {
            return Some(Event { id, token: None, reason: Some(Reason::Stop) });
        }
        self.made += 1;
        self.last = Some(token);
        let reason = if self.made >= self.request.most {
            Some(Reason::Most)
        } else if length >= context {
            Some(Reason::Context)
        } else {
            None
        };
        Some(Event { id, token: Some(token), reason })
    }
}
