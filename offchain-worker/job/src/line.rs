//! The orders of one process, in the order in which they came. More may come while those before are
//! worked on, and each is told of as soon as it has ended.

use crate::{
    check_engine, fault, float, input,
    product::{self, numbered},
};
use cairn_order::{Fault, Made, Order, Outcome, Product};
use cairn_protocol::spec::Spec;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{mpsc::Receiver, Arc},
};

/// An order, and by which number what comes of it is told.
pub(crate) type Numbered = (u32, Order);
/// Who is told what comes of an order.
pub(crate) type Tell<'a> = dyn FnMut(u32, Outcome) + Send + 'a;

type Shared = (u32, Arc<Order>);

/// Those that come, and those that have no outcome yet.
pub(crate) struct Orders<'a> {
    come: Receiver<Numbered>,
    /// What outputs are called that are files; each as its order's number says where there are
    /// several.
    name: Option<&'static str>,
    tell: &'a mut Tell<'a>,
    /// The first of all, which the others are to be like.
    first: Option<Arc<Order>>,
    /// Has come, and is not taken.
    ahead: Option<Shared>,
    open: BTreeMap<u32, Arc<Order>>,
}

/// A job on a text whose order makes sense, as far as it says.
pub(crate) struct Asked<S> {
    number: u32,
    name: String,
    pub order: Arc<Order>,
    pub spec: S,
    pub text: String,
}

/// What a kind of jobs on texts is asked for.
pub(crate) trait OnText: Sized {
    /// Its spec among those of all kinds.
    fn of(spec: Spec) -> Option<Self>;
}

/// Orders of one kind on texts.
pub(crate) struct Line<'l, 'a, S> {
    orders: &'l mut Orders<'a>,
    ahead: Option<Asked<S>>,
}

impl<'a> Orders<'a> {
    pub(crate) fn new(
        come: Receiver<Numbered>,
        name: Option<&'static str>,
        tell: &'a mut Tell<'a>,
    ) -> Self {
        Self { come, name, tell, first: None, ahead: None, open: BTreeMap::new() }
    }

    /// The first of all, for which it waits; none where none comes.
    pub(crate) fn first(&mut self) -> Option<Arc<Order>> {
        if self.first.is_none() {
            let ahead = self.come(true)?;
            self.first = Some(Arc::clone(&ahead.1));
            self.ahead = Some(ahead);
        }
        self.first.clone()
    }

    /// The next, if it is there or is to be waited for; none where none will come.
    pub(crate) fn next(&mut self, waits: bool) -> Option<Shared> {
        loop {
            let ahead = self.ahead.take();
            let (number, order) = ahead.or_else(|| self.come(waits))?;
            self.open.insert(number, Arc::clone(&order));
            if self.first.as_ref().is_none_or(|first| belongs(first, &order)) {
                return Some((number, order));
            }
            self.tell(number, Outcome::Failed(fault::internal(UNLIKE)));
        }
    }

    /// What came of one that was taken.
    pub(crate) fn tell(&mut self, number: u32, outcome: Outcome) {
        if self.open.remove(&number).is_some() {
            (self.tell)(number, outcome);
        }
    }

    /// Those that were taken, and have no outcome.
    pub(crate) fn left(&self) -> Vec<Shared> {
        self.open.iter().map(|(number, order)| (*number, Arc::clone(order))).collect()
    }

    fn come(&mut self, waits: bool) -> Option<Shared> {
        let (number, order) = match waits {
            true => self.come.recv().ok()?,
            false => self.come.try_recv().ok()?,
        };
        Some((number, Arc::new(order)))
    }
}

/// What is said of one that another process is to be given.
pub(crate) const UNLIKE: &str =
    "jobs done together are on texts, of one kind, engine, model and device";

/// Whether one process does both.
pub(crate) fn belongs(first: &Order, order: &Order) -> bool {
    let alike = order.kind == first.kind && order.engine == first.engine;
    alike && order.bundle == first.bundle && order.device == first.device
}

impl<'l, 'a, S: OnText> Line<'l, 'a, S> {
    pub(crate) fn of(orders: &'l mut Orders<'a>) -> Self {
        Self { orders, ahead: None }
    }

    /// Has all done by what `run` makes of the model of one of them. Where it can make nothing of
    /// it, that is the failure of this one, and the next is tried.
    pub(crate) fn serve(&mut self, run: impl Fn(&Order, &mut Self) -> Result<(), Fault>) {
        while let Some(first) = self.wait() {
            let order = Arc::clone(&first.order);
            self.ahead = Some(first);
            if let Err(fault) = run(&order, self) {
                if let Some(first) = self.ahead.take() {
                    self.tell(&first, Err(fault));
                }
            }
        }
    }

    /// The next, for which it waits; none where none will come.
    pub(crate) fn wait(&mut self) -> Option<Asked<S>> {
        self.take(true)
    }

    /// The next, if it is there.
    pub(crate) fn ready(&mut self) -> Option<Asked<S>> {
        self.take(false)
    }

    /// Each that makes no sense has its own fault, and is told of at once.
    fn take(&mut self, waits: bool) -> Option<Asked<S>> {
        if let Some(ahead) = self.ahead.take() {
            return Some(ahead);
        }
        loop {
            let (number, order) = self.orders.next(waits)?;
            let name = self.orders.name.map_or_else(|| numbered(number), str::to_owned);
            match Asked::read(number, name, order) {
                Ok(asked) => return Some(asked),
                Err(fault) => self.orders.tell(number, Outcome::Failed(fault)),
            }
        }
    }

    pub(crate) fn tell(&mut self, asked: &Asked<S>, made: Result<Made, Fault>) {
        self.orders.tell(asked.number, made.into());
    }
}

impl<S: OnText> Asked<S> {
    fn read(number: u32, name: String, order: Arc<Order>) -> Result<Self, Fault> {
        let spec = Spec::decode(order.kind, &order.parameters).map_err(fault::malformed)?;
        check_engine(&order)?;
        check_judged(&order)?;
        let other = || fault::malformed("the parameters are another kind of job's");
        let spec = S::of(spec).ok_or_else(other)?;
        let bytes = input::read(&order)?;
        let text = input::text(&bytes)?.to_owned();
        Ok(Self { number, name, order, spec, text })
    }

    pub(crate) fn product(&self, bytes: Vec<u8>, scratch: &Path) -> Result<Product, Fault> {
        product::named(&self.name, bytes, self.order.inline, scratch)
    }
}

/// Floats are judged by fingerprints, and what is exact by its bits.
fn check_judged(order: &Order) -> Result<(), Fault> {
    match (order.engine == float::engine(), &order.fingerprint) {
        (true, None) => Err(fault::malformed(
            "results in floats are judged by their fingerprints alone; ask for Tolerance",
        )),
        (false, Some(_)) => Err(fault::malformed(
            "results of the exact engine are judged by their bits; ask for Proven",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_order::{engines, Input};
    use cairn_protocol::{
        job::{Job, JobKind, Payload},
        spec::EmbedSpec,
    };
    use std::sync::mpsc;

    fn order(text: &[u8]) -> Order {
        let job = Job {
            kind: JobKind::Embed,
            model: None,
            engine: engines::exact(),
            input: Payload::Inline(Default::default()),
            parameters: Spec::Embed(EmbedSpec).encode(),
            seed: [3; 32],
            units: 4,
            sampled: false,
        };
        Order::of(&job, Input::Inline(text.to_vec()), None)
    }

    fn made(units: u64) -> Result<Made, Fault> {
        let product = Product::Inline(Vec::new());
        Ok(Made { product, units, trace: [0; 32], fingerprint: None })
    }

    fn outcome(units: u64) -> Outcome {
        made(units).into()
    }

    /// What is told of orders that all have come, where this is made of them.
    fn told(
        all: Vec<Order>,
        run: impl Fn(&Order, &mut Line<'_, '_, EmbedSpec>) -> Result<(), Fault>,
    ) -> Vec<Outcome> {
        let (to, come) = mpsc::channel();
        for (number, order) in (0..).zip(all) {
            to.send((number, order)).unwrap();
        }
        drop(to);
        let mut told = BTreeMap::new();
        let mut tell = |number: u32, outcome| {
            assert!(told.insert(number, outcome).is_none());
        };
        let mut orders = Orders::new(come, None, &mut tell);
        orders.first().unwrap();
        Line::<EmbedSpec>::of(&mut orders).serve(run);
        assert!(orders.left().is_empty());
        told.into_values().collect()
    }

    #[test]
    fn together_should_leave_each_its_own_fault() {
        let all = || vec![order(&[0xff]), order(b"a"), order(&[0xff; 2]), order(b"two")];
        let each = told(all(), |_, line| {
            while let Some(asked) = line.wait() {
                line.tell(&asked, made(asked.text.len() as u64));
            }
            Ok(())
        });
        let is_fault = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        assert!(is_fault(&each[0]) && is_fault(&each[2]));
        assert_eq!([&each[1], &each[3]], [&outcome(1), &outcome(3)]);
        // What all of them need.
        let missing = fault::internal("no model");
        let each = told(all(), |_, _| Err(missing.clone()));
        assert_eq!([&each[1], &each[3]], [&Outcome::Failed(missing.clone()); 2]);
        assert!(is_fault(&each[0]) && each[0] != each[1]);
        // Nothing is opened for nobody.
        let none = told(vec![order(&[0xff])], |_, _| panic!("there is nothing to do"));
        assert!(is_fault(&none[0]));
    }

    #[test]
    fn order_should_be_refused_by_itself_when_it_is_not_like_the_first() {
        let other = Order { threads: 2, kind: JobKind::Infer, ..order(b"a") };
        let each = told(vec![order(b"a"), other, order(b"two")], |_, line| {
            while let Some(asked) = line.wait() {
                line.tell(&asked, made(1));
            }
            Ok(())
        });
        let unlike = Outcome::Failed(fault::internal(UNLIKE));
        assert_eq!(each, [outcome(1), unlike, outcome(1)]);
    }
}
