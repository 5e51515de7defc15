use super::{Batch, Event, GenerateError, Id, Limits, Reason, Request};
use crate::model::Decoder;
use std::{
    collections::BTreeMap,
    panic::{catch_unwind, AssertUnwindSafe},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{channel, Receiver, Sender, TryRecvError},
        Arc,
    },
    thread::{Builder, JoinHandle},
};

/// A batch on a thread of its own.
pub struct Service {
    decoder: Arc<Decoder>,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    /// Requests that have not ended, and how many there may be.
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// The tokens of a request as they are made. Dropping it takes the request out of the batch.
pub struct Stream {
    tokens: Receiver<Message>,
    cancelled: Arc<AtomicBool>,
    reason: Option<Reason>,
    /// Whether nothing comes any more.
    over: bool,
}

struct Order {
    request: Request,
    outlet: Outlet,
}

struct Outlet {
    tokens: Sender<Message>,
    cancelled: Arc<AtomicBool>,
    place: Place,
}

/// One of the requests that there may be, until it is dropped.
struct Place(Arc<AtomicUsize>);

enum Message {
    Event(Event),
    Failed(GenerateError),
}

impl Service {
    pub fn start(decoder: Arc<Decoder>, limits: Limits) -> std::io::Result<Self> {
        let (mut service, desk, orders) = Self::idle(decoder, limits);
        let thread =
            Builder::new().name("cairn-generate".to_owned()).spawn(move || desk.run(&orders))?;
        service.thread = Some(thread);
        Ok(service)
    }

    /// A service without its thread, and what that thread is to have.
    fn idle(decoder: Arc<Decoder>, limits: Limits) -> (Self, Desk, Receiver<Order>) {
        let (sender, orders) = channel();
        let desk = Desk { batch: Batch::new(decoder.clone(), limits), outlets: BTreeMap::new() };
        let (taken, most) = (Arc::default(), limits.most());
        (Self { decoder, orders: Some(sender), thread: None, taken, most }, desk, orders)
    }

    /// Has a request computed, unless as many wait as may.
    pub fn submit(&self, request: Request) -> Result<Stream, GenerateError> {
        request.check(&self.decoder)?;
        let orders = self.orders.as_ref().ok_or(GenerateError::Ended)?;
        let full = GenerateError::Full { most: self.most };
        let place = Place::take(&self.taken, self.most).ok_or(full)?;
        let (sender, tokens) = channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let outlet = Outlet { tokens: sender, cancelled: cancelled.clone(), place };
        orders.send(Order { request, outlet }).map_err(|_| GenerateError::Lost)?;
        Ok(Stream { tokens, cancelled, reason: None, over: false })
    }
}

impl Drop for Service {
    /// Ends all requests after the step that is being computed.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

impl Stream {
    /// Why it ended; nothing while it has not, where it failed or where it was cut off.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// Ends the request before the next step.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Iterator for Stream {
    type Item = Result<u32, GenerateError>;

    /// A failure is the last that comes. A stream that was cancelled ends without one.
    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let failure = match self.tokens.recv() {
            Ok(Message::Event(event)) => {
                self.reason = event.reason;
                self.over = event.reason.is_some();
                return event.token.map(Ok);
            }
            Ok(Message::Failed(error)) => error,
            // Whoever was to say more is gone.
            Err(_) => GenerateError::Lost,
        };
        self.over = true;
        let cancelled = self.cancelled.load(Ordering::Relaxed);
        (!cancelled).then_some(Err(failure))
    }
}

/// The thread's side.
struct Desk {
    batch: Batch,
    outlets: BTreeMap<Id, Outlet>,
}

impl Desk {
    /// Serves as long as it can, and tells all that are left why it cannot any more.
    fn run(mut self, orders: &Receiver<Order>) {
        let why = self.serve(orders);
        self.fail(&why);
        // Of orders that nobody took.
        for Order { outlet, .. } in orders.try_iter() {
            outlet.end(Message::Failed(why.clone()));
        }
    }

    /// Takes orders, and the batch on step by step. Returns why there are no more.
    fn serve(&mut self, orders: &Receiver<Order>) -> GenerateError {
        loop {
            if self.batch.is_empty() {
                match orders.recv() {
                    Ok(order) => self.take(order),
                    Err(_) => return GenerateError::Ended,
                }
            }
            loop {
                match orders.try_recv() {
                    Ok(order) => self.take(order),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return GenerateError::Ended,
                }
            }
            self.drop_cancelled();
            // What a panic leaves half done is computed with no more.
            match catch_unwind(AssertUnwindSafe(|| self.batch.step())) {
                Ok(Ok(events)) => events.into_iter().for_each(|event| self.deliver(event)),
                Ok(Err(error)) => self.fail(&GenerateError::from(error)),
                Err(_) => return GenerateError::Lost,
            }
        }
    }

    fn take(&mut self, Order { request, outlet }: Order) {
        match self.batch.join(request) {
            Ok(id) => drop(self.outlets.insert(id, outlet)),
            // It was checked when it was submitted, and has a place.
            Err(error) => outlet.end(Message::Failed(error)),
        }
    }

    fn drop_cancelled(&mut self) {
        let batch = &mut self.batch;
        self.outlets.retain(|id, outlet| {
            let cancelled = outlet.cancelled.load(Ordering::Relaxed);
            if cancelled {
                batch.leave(*id);
            }
            !cancelled
        });
    }

    fn deliver(&mut self, event: Event) {
        if event.reason.is_some() {
            if let Some(outlet) = self.outlets.remove(&event.id) {
                outlet.end(Message::Event(event));
            }
        } else if let Some(outlet) = self.outlets.get(&event.id) {
            // Whoever has stopped listening has said so by the flag.
            let _ = outlet.tokens.send(Message::Event(event));
        }
    }

    /// Ends all requests. A device that failed once may serve the next one.
    fn fail(&mut self, error: &GenerateError) {
        self.batch.clear();
        for (_, outlet) in std::mem::take(&mut self.outlets) {
            outlet.end(Message::Failed(error.clone()));
        }
    }
}

impl Outlet {
    /// Says the last that there is to say. Whoever hears it may submit another at once.
    fn end(self, message: Message) {
        let Self { tokens, place, .. } = self;
        drop(place);
        // Whoever has stopped listening has said so by the flag.
        let _ = tokens.send(message);
    }
}

impl Place {
    /// None where all are taken.
    fn take(taken: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let before = taken.fetch_add(1, Ordering::Relaxed);
        // One too many gives itself back.
        let place = Self(taken.clone());
        (before < most).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
