use super::{Batch, Event, GenerateError, Id, Limits, Reason, Request};
use crate::{
    model::{Decoder, ModelError},
    service::{Cancel, Front, Line, Told, Work},
};
use std::sync::Arc;

/// A batch on a thread of its own. Dropping it ends all requests after the step that is being
/// computed.
pub struct Service {
    decoder: Arc<Decoder>,
    front: Front<Batch>,
}

/// The tokens of a request as they are made. Dropping it takes the request out of the batch.
pub struct Stream {
    events: Line<Event>,
    reason: Option<Reason>,
}

impl Service {
    pub fn start(decoder: Arc<Decoder>, limits: Limits) -> std::io::Result<Self> {
        let batch = Batch::new(decoder.clone(), limits);
        Ok(Self { decoder, front: Front::start("cairn-generate", batch, limits.most())? })
    }

    /// Has a request computed, unless as many wait as may.
    pub fn submit(&self, request: Request) -> Result<Stream, GenerateError> {
        request.check(&self.decoder)?;
        Ok(Stream { events: self.front.submit(request)?, reason: None })
    }
}

impl Stream {
    /// Why it ended; nothing while it has not, where it failed or where it was cut off.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// Nothing comes any more, and the request is out of the batch before its next step.
    pub fn cancel(&self) {
        self.cancel_handle().cancel();
    }

    /// What cancels from another thread, while this one waits for a token.
    pub fn cancel_handle(&self) -> Cancel {
        self.events.cancel_handle()
    }
}

impl Iterator for Stream {
    type Item = Result<u32, GenerateError>;

    /// A failure is the last that comes. A stream that was cancelled ends without one.
    fn next(&mut self) -> Option<Self::Item> {
        match self.events.next()? {
            Ok(event) => {
                self.reason = event.reason;
                event.token.map(Ok)
            }
            Err(error) => Some(Err(error.into())),
        }
    }
}

impl Work for Batch {
    type Id = Id;
    type Request = Request;
    type News = Event;

    fn admit(&mut self, request: Request) -> Id {
        self.enter(request)
    }

    fn dismiss(&mut self, id: Id) {
        self.leave(id);
    }

    fn dismiss_all(&mut self) {
        self.clear();
    }

    fn is_idle(&self) -> bool {
        self.is_empty()
    }

    fn compute(&mut self) -> Result<Vec<Told<Self>>, ModelError> {
        let told = |event: Event| {
            let last = event.reason.is_some();
            Told::<Self> { id: event.id, news: event, last }
        };
        Ok(self.step()?.into_iter().map(told).collect())
    }
}

#[cfg(test)]
mod tests;
