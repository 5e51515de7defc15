use super::{fitting, pass, EmbedError, Embedder, ROWS};
use crate::{
    model::{ModelError, Segment},
    service::{Cancel, Front, Line, Told, Work},
};
use std::{
    collections::VecDeque,
    sync::{
        atomic::{AtomicUsize, Ordering},
        Arc,
    },
};

/// What a service computes at once, and what it lets wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Tokens that are computed at once, unless one text has more.
    pub rows: usize,
    /// Texts that may wait or be computed; more are refused. Zero counts as one.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: ROWS, waiting: 1024 }
    }
}

/// An embedder on a thread of its own, which computes the texts of all callers together.
/// Dropping it ends all requests after the pass that is being computed.
pub struct Service {
    embedder: Arc<Embedder>,
    front: Front<Queue>,
    passes: Arc<AtomicUsize>,
}

/// What a text comes to, once it is computed. Dropping it takes the text out of those that wait.
pub struct Answer(Line<Vec<f32>>);

impl Service {
    pub fn start(embedder: Arc<Embedder>, limits: Limits) -> std::io::Result<Self> {
        let (queue, passes) = Queue::new(embedder.clone(), limits);
        let front = Front::start("cairn-embed", queue, limits.waiting.max(1))?;
        Ok(Self { embedder, front, passes })
    }

    /// Has a text computed with the others that wait, unless as many do as may. One that is
    /// longer than the model takes is cut.
    pub fn submit(&self, text: &str) -> Result<Answer, EmbedError> {
        let tokens = self.embedder.tokenizer.encode(text)?;
        // What one text is refused for may not end those that it would be computed with.
        self.embedder.encoder.check(&Segment { tokens: &tokens, types: &[] })?;
        Ok(Answer(self.front.submit(tokens)?))
    }

    /// How often the model has been run, each time for as many texts as waited and fit.
    pub fn passes(&self) -> usize {
        self.passes.load(Ordering::Relaxed)
    }
}

impl Answer {
    /// The row of the text; none where it was cancelled before it was computed.
    pub fn wait(mut self) -> Result<Option<Vec<f32>>, EmbedError> {
        Ok(self.0.next().transpose()?)
    }

    /// Takes the text out of those that wait. One that is being computed still is, for nobody.
    pub fn cancel(&self) {
        self.cancel_handle().cancel();
    }

    /// What cancels from another thread, while this one waits for the row.
    pub fn cancel_handle(&self) -> Cancel {
        self.0.cancel_handle()
    }
}

/// Texts in tokens, in the order in which they came.
struct Queue {
    embedder: Arc<Embedder>,
    rows: usize,
    waiting: VecDeque<(u64, Vec<u32>)>,
    next: u64,
    passes: Arc<AtomicUsize>,
}

impl Queue {
    /// Also what counts how often it runs the model.
    fn new(embedder: Arc<Embedder>, limits: Limits) -> (Self, Arc<AtomicUsize>) {
        let passes: Arc<AtomicUsize> = Arc::default();
        let (rows, waiting) = (limits.rows, VecDeque::new());
        (Self { embedder, rows, waiting, next: 0, passes: passes.clone() }, passes)
    }
}

impl Work for Queue {
    type Id = u64;
    type Request = Vec<u32>;
    type News = Vec<f32>;

    fn admit(&mut self, tokens: Vec<u32>) -> u64 {
        let id = self.next;
        self.next += 1;
        self.waiting.push_back((id, tokens));
        id
    }

    fn dismiss(&mut self, id: u64) {
        self.waiting.retain(|(other, _)| *other != id);
    }

    fn dismiss_all(&mut self) {
        self.waiting.clear();
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    fn compute(&mut self) -> Result<Vec<Told<Self>>, ModelError> {
        if self.waiting.is_empty() {
            return Ok(Vec::new());
        }
        let count = fitting(self.waiting.iter().map(|(_, tokens)| tokens.len()), self.rows);
        let (ids, texts): (Vec<u64>, Vec<Vec<u32>>) = self.waiting.drain(..count).unzip();
        self.passes.fetch_add(1, Ordering::Relaxed);
        let rows = pass(&texts, |segments| self.embedder.encoder.embed(segments))?;
        let told = |(id, news)| Told::<Self> { id, news, last: true };
        Ok(ids.into_iter().zip(rows).map(told).collect())
    }
}

#[cfg(test)]
mod tests;
