use super::{Batch, Event, GenerateError, Id, Limits, Reason, Request};
use crate::model::{Decoder, ModelError};
use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{channel, Receiver, Sender},
        Arc,
    },
    thread::{Builder, JoinHandle},
};

/// A batch on a thread of its own.
pub struct Service {
    decoder: Arc<Decoder>,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// The tokens of a request as they are made. Dropping it takes the request out of the batch.
pub struct Stream {
    tokens: Receiver<Message>,
    cancelled: Arc<AtomicBool>,
    reason: Option<Reason>,
}

struct Order {
    request: Request,
    outlet: Outlet,
}

struct Outlet {
    tokens: Sender<Message>,
    cancelled: Arc<AtomicBool>,
}

enum Message {
    Event(Event),
    Failed(ModelError),
}

impl Service {
    pub fn start(decoder: Arc<Decoder>, limits: Limits) -> std::io::Result<Self> {
        let (orders, taken) = channel();
        let batch = Batch::new(decoder.clone(), limits);
        let thread = Builder::new()
            .name("cairn-generate".to_owned())
            .spawn(move || Desk { batch, outlets: BTreeMap::new() }.run(&taken))?;
        Ok(Self { decoder, orders: Some(orders), thread: Some(thread) })
    }

    pub fn submit(&self, request: Request) -> Result<Stream, GenerateError> {
        request.check(&self.decoder)?;
        let (sender, tokens) = channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let outlet = Outlet { tokens: sender, cancelled: cancelled.clone() };
        let orders = self.orders.as_ref().ok_or(GenerateError::Ended)?;
        orders.send(Order { request, outlet }).map_err(|_| GenerateError::Ended)?;
        Ok(Stream { tokens, cancelled, reason: None })
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
    /// Why it ended; nothing while it has not, or where it was cut off.
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

    fn next(&mut self) -> Option<Self::Item> {
        if self.reason.is_some() {
            return None;
        }
        match self.tokens.recv() {
            Ok(Message::Event(event)) => {
                self.reason = event.reason;
                event.token.map(Ok)
            }
            Ok(Message::Failed(error)) => Some(Err(error.into())),
            Err(_) => None,
        }
    }
}

/// The thread's side.
struct Desk {
    batch: Batch,
    outlets: BTreeMap<Id, Outlet>,
}

impl Desk {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            if self.batch.is_empty() {
                match orders.recv() {
                    Ok(order) => self.take(order),
                    Err(_) => return,
                }
            }
            loop {
                match orders.try_recv() {
                    Ok(order) => self.take(order),
                    Err(std::sync::mpsc::TryRecvError::Empty) => break,
                    Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
                }
            }
            self.drop_cancelled();
            match self.batch.step() {
                Ok(events) => events.into_iter().for_each(|event| self.deliver(event)),
                Err(error) => self.fail(&error),
            }
        }
    }

    fn take(&mut self, Order { request, outlet }: Order) {
        // Checked when it was submitted.
        if let Ok(id) = self.batch.join(request) {
            self.outlets.insert(id, outlet);
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
        if let Some(outlet) = self.outlets.get(&event.id) {
            // Whoever has stopped listening has said so by the flag.
            let _ = outlet.tokens.send(Message::Event(event));
        }
        if event.reason.is_some() {
            self.outlets.remove(&event.id);
        }
    }

    /// A device that failed once may serve the next request.
    fn fail(&mut self, error: &ModelError) {
        self.batch.clear();
        for (_, outlet) in std::mem::take(&mut self.outlets) {
            let _ = outlet.tokens.send(Message::Failed(error.clone()));
        }
    }
}
