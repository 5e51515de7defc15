#![doc = include_str!("../README.md")]

use std::{str::FromStr, thread};

use cairn_order::{Made, Product};
use cairn_worker::{Faults, Point};
use nix::{
    sys::signal::{kill, Signal},
    unistd::Pid,
};
use thiserror::Error;

/// Where the fault is named.
pub const VARIABLE: &str = "CAIRN_WORKER_FAULT";
/// What this program says of itself, and no worker of a release holds.
pub const MARKER: &str = "cairn-worker-faulty: a worker of tests, which may lie and die";

/// The steps of the journal that a worker takes which has a result, by name.
pub const STEPS: [(&str, Point); 7] = [
    ("seen", Point::Seen),
    ("made", Point::Made),
    ("salted", Point::Salted),
    ("commit-sent", Point::CommitSent),
    ("committed", Point::Committed),
    ("reveal-sent", Point::RevealSent),
    ("revealed", Point::Revealed),
];

/// What is wrong with a worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It says that its jobs came to something else.
    Lie,
    /// It never says what its jobs came to.
    Silent,
    /// It dies when it would record this step.
    Before(Point),
    /// It dies when it has recorded this step.
    After(Point),
}

#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{VARIABLE} is '{0}'; name lie, silent, before:STEP or after:STEP, with a journal's step")]
pub struct UnknownFault(String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault(text.into());
        match text.split_once(':') {
            None if text == "lie" => Ok(Self::Lie),
            None if text == "silent" => Ok(Self::Silent),
            Some(("before", name)) => step(name).map(Self::Before).ok_or_else(unknown),
            Some(("after", name)) => step(name).map(Self::After).ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }
}

fn step(name: &str) -> Option<Point> {
    STEPS.iter().find(|(known, _)| *known == name).map(|(_, point)| *point)
}

impl Faults for Fault {
    fn bend(&self, made: Made) -> Made {
        match self {
            Self::Lie => lie(made),
            Self::Silent => wait_for_ever(),
            Self::None | Self::Before(_) | Self::After(_) => made,
        }
    }

    fn before(&self, point: Point) {
        if *self == Self::Before(point) {
            die();
        }
    }

    fn at(&self, point: Point) {
        if *self == Self::After(point) {
            die();
        }
    }
}

/// The same but for its bits, all of them.
fn lie(made: Made) -> Made {
    let product = match made.product {
        Product::Inline(bytes) if !bytes.is_empty() => {
            Product::Inline(bytes.into_iter().map(|byte| !byte).collect())
        }
        // Of a file it is enough that something else is said.
        Product::Inline(_) | Product::Scratch(_) => Product::Inline(MARKER.into()),
    };
    Made { product, trace: made.trace.map(|byte| !byte), ..made }
}

/// Ends this process as a power cut would: nothing is written, closed or told any more.
fn die() -> ! {
    // Where it fails the worker stays as silent as a dead one.
    let _ = kill(Pid::this(), Signal::SIGKILL);
    wait_for_ever()
}

fn wait_for_ever() -> ! {
    loop {
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(product: Product) -> Made {
        Made { product, units: 5, trace: [0x0f; 32], fingerprint: None }
    }

    #[test]
    fn fault_should_be_what_the_variable_names() {
        assert_eq!("lie".parse::<Fault>(), Ok(Fault::Lie));
        assert_eq!("silent".parse::<Fault>(), Ok(Fault::Silent));
        assert_eq!("before:made".parse::<Fault>(), Ok(Fault::Before(Point::Made)));
        assert_eq!("after:commit-sent".parse::<Fault>(), Ok(Fault::After(Point::CommitSent)));
        for bad in ["", "Lie", "after", "after:", "after:failed", "during:made", "before:made:"] {
            assert!(bad.parse::<Fault>().is_err(), "{bad}");
        }
    }

    #[test]
    fn bend_should_change_what_is_said_when_the_worker_lies() {
        let truth = made(Product::Inline(vec![0, 1]));
        assert_eq!(Fault::None.bend(truth.clone()), truth);
        let told = Fault::Lie.bend(truth.clone());
        assert_eq!(told.product, Product::Inline(vec![255, 254]));
        assert_eq!((told.trace, told.units), ([0xf0; 32], truth.units));
        for product in [Product::Inline(Vec::new()), Product::Scratch("output".into())] {
            assert_ne!(Fault::Lie.bend(made(product.clone())).product, product);
        }
    }
}
