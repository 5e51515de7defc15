//! Several orders in one process, of which each ends as it would alone.

use crate::{
    fault, guarded, judge,
    line::{belongs, Numbered, Orders, Tell, UNLIKE},
    texts,
};
use cairn_order::{is_judging, Judging, Order, Outcome, Unreadable};
use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    panic::{catch_unwind, AssertUnwindSafe},
    path::Path,
    sync::mpsc::{self, Receiver},
    thread,
};

/// What comes of each. They are jobs of one kind on texts, by one engine, on one model.
pub fn run_all(orders: &[Order], scratch: &Path) -> Vec<Outcome> {
    if !orders.iter().all(|order| orders.first().is_some_and(|first| belongs(first, order))) {
        return vec![Outcome::Failed(fault::internal(UNLIKE)); orders.len()];
    }
    let (to, come) = mpsc::channel();
    for (number, order) in (0..).zip(orders) {
        // Who takes it is here.
        let _ = to.send((number, order.clone()));
    }
    drop(to);
    let mut outcomes = BTreeMap::new();
    serve(come, scratch, &mut |number, outcome| {
        outcomes.insert(number, outcome);
    });
    outcomes.into_values().collect()
}

/// Does orders as they come, the first of which has come already, and says in bytes what came of
/// each as soon as it has ended. Ends when no more come. They are all jobs, or all to be judged.
pub fn work_off(
    first: &[u8],
    more: impl FnMut() -> io::Result<Option<Vec<u8>>> + Send + 'static,
    scratch: &Path,
    tell: impl FnMut(&[u8]) -> io::Result<()> + Send,
) -> io::Result<()> {
    match is_judging(first) {
        false => each_of(first, more, Order::numbered_from_bytes, tell, |come, tell| {
            serve(come, scratch, tell);
        }),
        true => each_of(first, more, Judging::numbered_from_bytes, tell, |come, tell| {
            judge::serve(come, scratch, tell);
        }),
    }
}

/// Reads one of several, and its number.
type Read<T> = fn(&[u8]) -> Result<(u32, T), Unreadable>;

/// The same for what is read so and served so.
fn each_of<T: Send + Sync + 'static>(
    first: &[u8],
    mut more: impl FnMut() -> io::Result<Option<Vec<u8>>> + Send + 'static,
    read: Read<T>,
    mut tell: impl FnMut(&[u8]) -> io::Result<()> + Send,
    serve: impl FnOnce(Receiver<(u32, T)>, &mut Tell<'_>),
) -> io::Result<()> {
    let (to, come) = mpsc::channel();
    // Whoever works them off has ended where one finds nobody.
    let put = move |bytes: &[u8]| -> io::Result<()> {
        let numbered = read(bytes)
            .map_err(|reason| io::Error::new(ErrorKind::InvalidData, crate::unread(&reason)))?;
        to.send(numbered).map_err(io::Error::other)
    };
    put(first)?;
    let reads = move || -> io::Result<()> {
        while let Some(bytes) = more()? {
            put(&bytes)?;
        }
        Ok(())
    };
    let reader = thread::Builder::new().name("orders".into()).spawn(reads)?;
    let mut told = Ok(());
    serve(come, &mut |number, outcome: Outcome| {
        if told.is_ok() {
            told = tell(&outcome.numbered_to_bytes(number));
        }
    });
    told?;
    // It has ended, or more would come.
    reader.join().unwrap_or_else(|_| Err(io::Error::other("orders are not read any more")))
}

/// Does orders as they come, until no more do.
pub(crate) fn serve(come: Receiver<Numbered>, scratch: &Path, tell: &mut Tell<'_>) {
    let mut orders = Orders::new(come, None, tell);
    loop {
        let served = catch_unwind(AssertUnwindSafe(|| texts::run(&mut orders, scratch)));
        // Nobody knows which of those it was that panicked.
        for (number, order) in orders.left() {
            let outcome = guarded(|| texts::alone((number, &order), None, scratch));
            orders.tell(number, outcome);
        }
        if served.is_ok() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{failure::Failure, job::JobKind};

    fn nonsense() -> Order {
        let job = cairn_protocol::job::Job {
            kind: JobKind::Embed,
            model: None,
            engine: cairn_order::engines::exact(),
            input: cairn_protocol::job::Payload::Inline(Default::default()),
            parameters: Default::default(),
            seed: [3; 32],
            units: 4,
            sampled: false,
        };
        Order::of(&job, cairn_order::Input::Inline(vec![0xff]), None)
    }

    /// What is told of orders that come so, and how it ended.
    fn told(first: &[u8], mut more: Vec<Vec<u8>>) -> (Vec<u32>, io::Result<()>) {
        more.reverse();
        let mut numbers = Vec::new();
        let ended = work_off(
            first,
            move || Ok(more.pop()),
            Path::new("."),
            |bytes| {
                let (number, outcome) = Outcome::numbered_from_bytes(bytes).unwrap();
                let Outcome::Failed(fault) = outcome else { panic!("{outcome:?}") };
                assert_eq!(fault.failure, Failure::MalformedSpec);
                numbers.push(number);
                Ok(())
            },
        );
        (numbers, ended)
    }

    #[test]
    fn work_off_should_answer_each_by_its_number_until_no_more_come() {
        let order = nonsense();
        let more = [9, 1].map(|number| order.numbered_to_bytes(number));
        let (numbers, ended) = told(&order.numbered_to_bytes(7), more.into());
        assert_eq!(numbers, [7, 9, 1]);
        ended.unwrap();
    }

    #[test]
    fn work_off_should_end_when_what_comes_is_no_order() {
        let order = nonsense().numbered_to_bytes(7);
        for bytes in [Vec::new(), order[..order.len() - 1].to_vec(), nonsense().to_bytes()] {
            let (numbers, ended) = told(&order, vec![bytes.clone()]);
            assert_eq!(numbers, [7]);
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::InvalidData);
            let (numbers, ended) = told(&bytes, Vec::new());
            assert!(numbers.is_empty() && ended.is_err());
        }
    }
}
