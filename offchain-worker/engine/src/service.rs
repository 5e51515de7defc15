//! Requests of callers on any thread, computed together on a thread of their own.

use crate::model::ModelError;
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
use thiserror::Error;

/// Why a request is not computed.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Unserved {
    #[error("{most} requests run or wait, and there may be no more; try again when one has ended, or let more of them wait (Limits::waiting)")]
    Full { most: usize },
    #[error("the service has ended")]
    Ended,
    #[error("the thread that computes was lost; start the service anew")]
    Lost,
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Ends a request from any thread, also while another waits for what it comes to.
#[derive(Clone)]
pub struct Cancel {
    cancelled: Arc<AtomicBool>,
    /// Has whoever waits hear of it at once.
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// What the thread computes: the requests that were taken in, some or all of them at once.
pub(crate) trait Work: Sized + Send + 'static {
    type Id: Copy + Ord + Send;
    type Request: Send;
    /// What is said to whoever asked.
    type News: Send;

    /// Takes in a request that was checked, and for which there is room.
    fn admit(&mut self, request: Self::Request) -> Self::Id;

    /// Drops a request that has not ended.
    fn dismiss(&mut self, id: Self::Id);

    fn dismiss_all(&mut self);

    /// Whether there is nothing to compute.
    fn is_idle(&self) -> bool;

    /// Goes one step on. Others may join and leave before the next.
    fn compute(&mut self) -> Result<Vec<Told<Self>>, ModelError>;
}

/// What a step came to for one request.
pub(crate) struct Told<W: Work> {
    pub(crate) id: W::Id,
    pub(crate) news: W::News,
    /// Whether the request has ended with it.
    pub(crate) last: bool,
}

/// The callers' side. Dropping it ends all requests after the step that is being computed.
pub(crate) struct Front<W: Work> {
    orders: Option<Sender<Order<W>>>,
    pub(crate) thread: Option<JoinHandle<()>>,
    /// Requests that have not ended, and how many there may be.
    pub(crate) taken: Arc<AtomicUsize>,
    most: usize,
}

/// What is said of one request as it comes. Dropping it cancels the request.
pub(crate) struct Line<N> {
    news: Receiver<Message<N>>,
    cancel: Cancel,
    /// Whether nothing comes any more.
    over: bool,
}

pub(crate) struct Order<W: Work> {
    request: W::Request,
    outlet: Outlet<W::News>,
}

pub(crate) struct Outlet<N> {
    /// Given back before whoever listens hears that nothing more comes, unless they cancelled: the
    /// first field is dropped first.
    place: Place,
    news: Arc<Sender<Message<N>>>,
    cancelled: Arc<AtomicBool>,
}

/// One of the requests that there may be, until it is dropped.
struct Place(Arc<AtomicUsize>);

enum Message<N> {
    News(N),
    Last(N),
    Failed(Unserved),
    Cancelled,
}

impl Cancel {
    fn new<N: Send + 'static>(news: &Arc<Sender<Message<N>>>) -> Self {
        // Whoever waits hears by itself that nobody is left to say more, also while this is kept.
        let news = Arc::downgrade(news);
        let wake = move || {
            if let Some(news) = news.upgrade() {
                // Whoever has stopped listening waits for nothing.
                let _ = news.send(Message::Cancelled);
            }
        };
        Self { cancelled: Arc::default(), wake: Arc::new(wake) }
    }

    /// Whoever waits hears at once that nothing more comes. The request is left out of the next
    /// step, and then its place is another's. One that has ended stays what it came to.
    pub fn cancel(&self) {
        if !self.cancelled.swap(true, Ordering::Relaxed) {
            (self.wake)();
        }
    }
}

impl<W: Work> Front<W> {
    /// Has a thread of that name compute so many requests at most, running and waiting.
    pub(crate) fn start(name: &str, work: W, most: usize) -> std::io::Result<Self> {
        let (mut front, desk, orders) = Self::idle(work, most);
        let thread = Builder::new().name(name.to_owned()).spawn(move || desk.run(&orders))?;
        front.thread = Some(thread);
        Ok(front)
    }

    /// The callers' side without its thread, and what that thread is to have.
    pub(crate) fn idle(work: W, most: usize) -> (Self, Desk<W>, Receiver<Order<W>>) {
        let (sender, orders) = channel();
        let desk = Desk { work, outlets: BTreeMap::new() };
        let front = Self { orders: Some(sender), thread: None, taken: Arc::default(), most };
        (front, desk, orders)
    }

    /// Has a request computed, which was checked, unless as many wait as may.
    pub(crate) fn submit(&self, request: W::Request) -> Result<Line<W::News>, Unserved> {
        let orders = self.orders.as_ref().ok_or(Unserved::Ended)?;
        let full = Unserved::Full { most: self.most };
        let place = Place::take(&self.taken, self.most).ok_or(full)?;
        let (sender, news) = channel();
        let sender = Arc::new(sender);
        let cancel = Cancel::new(&sender);
        let outlet = Outlet { place, news: sender, cancelled: cancel.cancelled.clone() };
        orders.send(Order { request, outlet }).map_err(|_| Unserved::Lost)?;
        Ok(Line { news, cancel, over: false })
    }
}

impl<W: Work> Drop for Front<W> {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

impl<N> Line<N> {
    pub(crate) fn cancel_handle(&self) -> Cancel {
        self.cancel.clone()
    }
}

impl<N> Drop for Line<N> {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl<N> Iterator for Line<N> {
    type Item = Result<N, Unserved>;

    /// A failure is the last that comes. A line that was cancelled ends without one.
    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let failure = match self.news.recv() {
            Ok(Message::News(news)) => return Some(Ok(news)),
            Ok(Message::Last(news)) => {
                self.over = true;
                return Some(Ok(news));
            }
            Ok(Message::Failed(error)) => error,
            Ok(Message::Cancelled) => {
                self.over = true;
                return None;
            }
            // Whoever was to say more is gone.
            Err(_) => Unserved::Lost,
        };
        self.over = true;
        let cancelled = self.cancel.cancelled.load(Ordering::Relaxed);
        (!cancelled).then_some(Err(failure))
    }
}

/// The thread's side.
pub(crate) struct Desk<W: Work> {
    pub(crate) work: W,
    pub(crate) outlets: BTreeMap<W::Id, Outlet<W::News>>,
}

impl<W: Work> Desk<W> {
    /// Serves as long as it can, and tells all that are left why it cannot any more.
    pub(crate) fn run(mut self, orders: &Receiver<Order<W>>) {
        let why = loop {
            if let Err(why) = self.turn(orders) {
                break why;
            }
        };
        self.fail(&why);
        // Of orders that nobody took.
        for Order { outlet, .. } in orders.try_iter() {
            outlet.end(Message::Failed(why.clone()));
        }
    }

    /// Takes orders, leaves out what was cancelled, and goes one step on. Fails where there
    /// can be no other turn.
    pub(crate) fn turn(&mut self, orders: &Receiver<Order<W>>) -> Result<(), Unserved> {
        self.take_all(orders)?;
        self.drop_cancelled();
        // What a panic leaves half done is computed with no more.
        match catch_unwind(AssertUnwindSafe(|| self.work.compute())) {
            Ok(Ok(told)) => told.into_iter().for_each(|told| self.deliver(told)),
            Ok(Err(error)) => self.fail(&Unserved::from(error)),
            Err(_) => return Err(Unserved::Lost),
        }
        Ok(())
    }

    /// Takes all orders that there are, and waits for one where there is nothing to compute.
    fn take_all(&mut self, orders: &Receiver<Order<W>>) -> Result<(), Unserved> {
        if self.work.is_idle() {
            self.take(orders.recv().map_err(|_| Unserved::Ended)?);
        }
        loop {
            match orders.try_recv() {
                Ok(order) => self.take(order),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(Unserved::Ended),
            }
        }
    }

    fn take(&mut self, Order { request, outlet }: Order<W>) {
        let id = self.work.admit(request);
        self.outlets.insert(id, outlet);
    }

    fn drop_cancelled(&mut self) {
        let work = &mut self.work;
        self.outlets.retain(|id, outlet| {
            let cancelled = outlet.cancelled.load(Ordering::Relaxed);
            if cancelled {
                work.dismiss(*id);
            }
            !cancelled
        });
    }

    fn deliver(&mut self, Told { id, news, last }: Told<W>) {
        if last {
            if let Some(outlet) = self.outlets.remove(&id) {
                outlet.end(Message::Last(news));
            }
        } else if let Some(outlet) = self.outlets.get(&id) {
            // Whoever has stopped listening has said so by the flag.
            let _ = outlet.news.send(Message::News(news));
        }
    }

    /// Ends all requests. A device that failed once may serve the next one.
    fn fail(&mut self, error: &Unserved) {
        self.work.dismiss_all();
        for (_, outlet) in std::mem::take(&mut self.outlets) {
            outlet.end(Message::Failed(error.clone()));
        }
    }
}

impl<N> Outlet<N> {
    /// Says the last that there is to say. Whoever hears it may submit another at once.
    fn end(self, message: Message<N>) {
        let Self { place, news, .. } = self;
        drop(place);
        // Whoever has stopped listening has said so by the flag.
        let _ = news.send(message);
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
