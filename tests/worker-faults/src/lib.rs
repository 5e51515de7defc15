#![doc = include_str!("../README.md")]

use std::{str::FromStr, thread, time::Duration};

use cairn_order::{Made, Product};
use cairn_protocol::{
    id::ContentId,
    learning::evaluation::{DeltaFlaw, Evaluation, Opinion},
    result::{Fingerprint, WITHIN},
    share::WHOLE,
};
use cairn_worker::{Faults, Part, Point};
use codec::{DecodeAll, Encode};
use nix::{
    sys::signal::{kill, Signal},
    unistd::Pid,
};
use thiserror::Error;

/// Where the fault is named.
pub const VARIABLE: &str = "CAIRN_WORKER_FAULT";
/// What this program says of itself, and no worker of a release holds.
pub const MARKER: &str = "cairn-worker-faulty: a worker of tests, which may lie and die";
/// How far off a forged fingerprint is, in parts per million: no cheaper model comes nearer, as the
/// engine's test of fingerprints holds.
pub const FORGED: u32 = 4 * WITHIN;

/// How long a slow one waits before it says anything to a panel.
pub const SLOW: Duration = Duration::from_secs(10);

/// The steps of the journal, by name.
pub const STEPS: [(&str, Point); 11] = [
    ("seen", Point::Seen),
    ("made", Point::Made),
    ("salted", Point::Salted),
    ("commit-sent", Point::CommitSent),
    ("committed", Point::Committed),
    ("reveal-sent", Point::RevealSent),
    ("revealed", Point::Revealed),
    ("failed", Point::Failed),
    ("decline-sent", Point::DeclineSent),
    ("rejected", Point::Rejected),
    ("ended", Point::Ended),
];

/// What is recorded of a challenge, by name.
pub const ANSWERED: &str = "answered";

/// What a worker is to a task, a panel or a delta, by name.
pub const PARTS: [(&str, Part); 5] = [
    ("worker", Part::Worker),
    ("witness", Part::Witness),
    ("guard", Part::Guard),
    ("judge", Part::Judge),
    ("keeper", Part::Keeper),
];

/// A step that it dies at, of all work or of what it does in one part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Death {
    pub part: Option<Part>,
    pub point: Point,
}

/// What is wrong with a worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It says that its jobs came to something else, and has another opinion of whatever it judges.
    Lie,
    /// It has another opinion of whatever it judges, and does all else as it should.
    Flip,
    /// It is slow to have an opinion.
    Slow,
    /// It commits to opinions, and never shows one.
    Withhold,
    /// It says of jobs that are judged by a fingerprint what a cheaper model comes to.
    Forge,
    /// It never says what its jobs came to.
    Silent,
    /// It dies when it would record this step.
    Before(Death),
    /// It dies when it has recorded this step.
    After(Death),
    /// It dies when it would record its answer to a challenge.
    Answering,
    /// It dies when it has recorded that.
    Answered,
}

#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "{VARIABLE} is '{0}'; name lie, forge, silent, flip, slow, withhold, before:STEP or \
     after:STEP, with a journal's step or answered, of a challenge, and before a step worker:, \
     witness:, guard:, judge: or keeper: where it is of one part alone"
)]
pub struct UnknownFault(String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let words: Vec<&str> = text.split(':').collect();
        let named = match words[..] {
            ["lie"] => Some(Self::Lie),
            ["forge"] => Some(Self::Forge),
            ["silent"] => Some(Self::Silent),
            ["flip"] => Some(Self::Flip),
            ["slow"] => Some(Self::Slow),
            ["withhold"] => Some(Self::Withhold),
            ["before", ANSWERED] => Some(Self::Answering),
            ["after", ANSWERED] => Some(Self::Answered),
            [when, step] => known(&STEPS, step).and_then(|point| Self::dies(when, None, point)),
            [part, when, step] => known(&PARTS, part)
                .zip(known(&STEPS, step))
                .and_then(|(part, point)| Self::dies(when, Some(part), point)),
            _ => None,
        };
        named.ok_or_else(|| UnknownFault(text.into()))
    }
}

fn known<T: Copy>(all: &[(&str, T)], name: &str) -> Option<T> {
    all.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
}

impl Fault {
    fn dies(when: &str, part: Option<Part>, point: Point) -> Option<Self> {
        let death = Death { part, point };
        match when {
            "before" => Some(Self::Before(death)),
            "after" => Some(Self::After(death)),
            _ => None,
        }
    }
}

impl Death {
    fn is_at(&self, part: Part, point: Point) -> bool {
        self.point == point && self.part.is_none_or(|own| own == part)
    }
}

impl Faults for Fault {
    fn bend(&self, part: Part, made: Made) -> Made {
        match (self, part) {
            (Self::Silent, _) => wait_for_ever(),
            (Self::Lie | Self::Flip, Part::Judge) => flip(made),
            (Self::Slow, Part::Judge) => {
                thread::sleep(SLOW);
                made
            }
            // What is to be kept is known by its hash before.
            (_, Part::Judge | Part::Keeper) => made,
            (Self::Lie, _) => lie(made),
            (Self::Forge, _) => forge(made),
            _ => made,
        }
    }

    fn withholds(&self, part: Part) -> bool {
        *self == Self::Withhold && part == Part::Judge
    }

    fn before(&self, part: Part, point: Point) {
        if matches!(self, Self::Before(death) if death.is_at(part, point)) {
            die();
        }
    }

    fn at(&self, part: Part, point: Point) {
        if matches!(self, Self::After(death) if death.is_at(part, point)) {
            die();
        }
    }

    fn before_answer(&self) {
        if *self == Self::Answering {
            die();
        }
    }

    fn at_answer(&self) {
        if *self == Self::Answered {
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

/// Another opinion, which is none that an honest guard has of the same brief.
fn flip(made: Made) -> Made {
    let Product::Inline(bytes) = &made.product else { return made };
    let said = match Opinion::decode_all(&mut bytes.as_slice()) {
        Ok(Opinion::Measured(found)) => Opinion::Measured(better(&found)),
        Ok(Opinion::Unavailable(_)) => Opinion::Flawed(DeltaFlaw::NotAChange),
        Ok(Opinion::Flawed(_)) => Opinion::Unavailable(ContentId(Default::default())),
        Err(_) => return made,
    };
    Made { product: Product::Inline(said.encode()), ..made }
}

/// The lie that would pay: half of the loss, gained on all examples alike. Its numbers go together,
/// so that only whoever measures the same can tell.
fn better(found: &Evaluation) -> Evaluation {
    let loss = found.loss / 2;
    let gained = i128::from(WHOLE) * i128::from(found.loss - loss);
    let sum = found.sum.saturating_add(gained);
    let trace = found.trace.map(|byte| !byte);
    let mut lie = Evaluation { loss, sum, squares: sum.unsigned_abs().into(), trace, ..*found };
    // No fewer: no mean of squares is less than the square of the mean.
    let count = found.count.max(1);
    lie.squares = (lie.squares * lie.squares + (count - 1)) / count;
    lie
}

/// Another result with a fingerprint that fits none of the model's; the truth where none is given.
fn forge(made: Made) -> Made {
    let Some(fingerprint) = made.fingerprint.as_ref().map(far_from) else { return made };
    Made { fingerprint: Some(fingerprint), ..lie(made) }
}

/// The same numbers but for the first of them, which is as far off as it has to be.
fn far_from(fingerprint: &Fingerprint) -> Fingerprint {
    let mut forged = fingerprint.clone();
    let largest = forged.0.iter().map(|value| value.unsigned_abs()).max().unwrap_or_default();
    let off = (u64::from(largest) * u64::from(FORGED)).div_ceil(1_000_000).max(1);
    let off = i32::try_from(off).unwrap_or(i32::MAX);
    if let Some(first) = forged.0.get_mut(0) {
        // Towards nothing, so that it is not measured by a larger number.
        *first = if *first > 0 { first.saturating_sub(off) } else { first.saturating_add(off) };
    }
    forged
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
    use cairn_protocol::{
        id::{BlockId, File},
        learning::{
            acceptance::passes,
            brief::{Brief, Subject},
            source::Source,
            sums::{tree, Leaf},
        },
        share::Ppm,
        spec::Records,
    };

    const THRESHOLD: Ppm = 10_000;
    const EXAMPLES: u32 = 512;

    /// What a delta comes to that makes each example lose as much as before, more or less.
    fn measured() -> Evaluation {
        let leaf = |record: u64| Leaf {
            record,
            baseline: 1_000_000 + record * 7_919 % 4_001,
            loss: 1_000_000 + record * 6_007 % 4_003,
            trace: [0; 32],
        };
        let leaves: Vec<Leaf> = (0..EXAMPLES.into()).map(leaf).collect();
        let tree = tree(&leaves, THRESHOLD).expect("they are few");
        Evaluation::of(ContentId([9; 32]), tree.root())
    }

    fn brief() -> Brief {
        let file = File { id: ContentId([1; 32]), bytes: 1 << 20 };
        Brief {
            model: BlockId([2; 32]),
            bundle: file,
            judge: ContentId([3; 32]),
            parts: Default::default(),
            subject: Subject::Heads(Default::default()),
            source: Source::Records(Records { file, record_bytes: 256 }),
            count: EXAMPLES,
            threshold: THRESHOLD,
            attempts: 0,
            seed: [4; 32],
        }
    }

    fn made(product: Product) -> Made {
        Made { product, units: 5, trace: [0x0f; 32], fingerprint: None }
    }

    #[test]
    fn fault_should_be_what_the_variable_names() {
        assert_eq!("lie".parse::<Fault>(), Ok(Fault::Lie));
        assert_eq!("forge".parse::<Fault>(), Ok(Fault::Forge));
        assert_eq!("silent".parse::<Fault>(), Ok(Fault::Silent));
        assert_eq!("flip".parse::<Fault>(), Ok(Fault::Flip));
        assert_eq!("slow".parse::<Fault>(), Ok(Fault::Slow));
        assert_eq!("withhold".parse::<Fault>(), Ok(Fault::Withhold));
        let of = |part, point| Death { part, point };
        let made = Fault::Before(of(None, Point::Made));
        assert_eq!("before:made".parse::<Fault>(), Ok(made));
        let sent = Fault::After(of(Some(Part::Guard), Point::CommitSent));
        assert_eq!("guard:after:commit-sent".parse::<Fault>(), Ok(sent));
        assert_eq!("before:answered".parse::<Fault>(), Ok(Fault::Answering));
        assert_eq!("after:answered".parse::<Fault>(), Ok(Fault::Answered));
        let bad = ["", "Lie", "after", "after:", "after:dead", "during:made", "before:made:"];
        for bad in bad.into_iter().chain([
            "lie:before:made",
            "guard:made",
            "guard:before:made:",
            "guard:after:answered",
        ]) {
            assert!(bad.parse::<Fault>().is_err(), "{bad}");
        }
    }

    #[test]
    fn death_should_be_of_its_part_alone_when_that_is_named() {
        let any = Death { part: None, point: Point::Made };
        let guards = Death { part: Some(Part::Guard), ..any };
        for (_, part) in PARTS {
            assert!(any.is_at(part, Point::Made));
            assert_eq!(guards.is_at(part, Point::Made), part == Part::Guard, "{part:?}");
        }
        assert!(!any.is_at(Part::Guard, Point::Salted));
    }

    #[test]
    fn bend_should_change_what_is_said_when_the_worker_lies() {
        let truth = made(Product::Inline(vec![0, 1]));
        assert_eq!(Fault::None.bend(Part::Worker, truth.clone()), truth);
        let told = Fault::Lie.bend(Part::Worker, truth.clone());
        assert_eq!(told.product, Product::Inline(vec![255, 254]));
        assert_eq!((told.trace, told.units), ([0xf0; 32], truth.units));
        for product in [Product::Inline(Vec::new()), Product::Scratch("output".into())] {
            assert_ne!(Fault::Lie.bend(Part::Worker, made(product.clone())).product, product);
        }
    }

    #[test]
    fn bend_should_flip_opinions_of_those_alone_who_judge() {
        let id = ContentId([1; 32]);
        let opinions =
            [Opinion::Unavailable(id), Opinion::Unavailable(ContentId(Default::default()))]
                .into_iter();
        for truth in opinions.chain(DeltaFlaw::ALL.map(Opinion::Flawed)) {
            let made = made(Product::Inline(truth.encode()));
            for fault in [Fault::Lie, Fault::Flip] {
                let told = fault.bend(Part::Judge, made.clone());
                let Product::Inline(bytes) = told.product else { panic!("it is short") };
                assert_ne!(Opinion::decode_all(&mut bytes.as_slice()), Ok(truth), "{fault:?}");
            }
            assert_eq!(Fault::Flip.bend(Part::Guard, made.clone()), made);
            assert_eq!(Fault::Lie.bend(Part::Keeper, made.clone()), made);
        }
    }

    /// A panel takes it for an answer, and a delta that it decided about would be paid for.
    #[test]
    fn bend_should_answer_the_brief_when_what_was_measured_is_lied_about() {
        let (truth, brief) = (measured(), brief());
        assert!(truth.answers(&brief) && !passes(&truth, brief.attempts));
        let nothing = Evaluation { loss: 0, sum: 0, squares: 0u64.into(), baseline: 0, ..truth };
        for truth in [truth, nothing] {
            let made = made(Product::Inline(Opinion::Measured(truth).encode()));
            for fault in [Fault::Lie, Fault::Flip] {
                let told = fault.bend(Part::Judge, made.clone());
                let Product::Inline(bytes) = told.product else { panic!("it is short") };
                let said = Opinion::decode_all(&mut bytes.as_slice());
                let Ok(Opinion::Measured(said)) = said else { panic!("{said:?}") };
                assert!(said != truth && said.answers(&brief), "{fault:?}: {said:?}");
                assert_eq!(passes(&said, brief.attempts), truth.loss > 0, "{said:?}");
            }
        }
    }

    #[test]
    fn withholds_should_hold_of_opinions_alone() {
        assert!(Fault::Withhold.withholds(Part::Judge));
        assert!(!Fault::Withhold.withholds(Part::Worker) && !Fault::Flip.withholds(Part::Judge));
    }

    #[test]
    fn bend_should_be_too_far_off_when_a_fingerprint_is_forged() {
        let truth = made(Product::Inline(vec![0, 1]));
        assert_eq!(
            Fault::Forge.bend(Part::Worker, truth.clone()),
            truth,
            "it is judged by its bits"
        );
        for values in [vec![900, -1_000_000, 5], vec![-3, 2], vec![1_000_000], vec![0, 0]] {
            let honest = Fingerprint(values.try_into().expect("they are few"));
            let truth = Made { fingerprint: Some(honest.clone()), ..truth.clone() };
            let told = Fault::Forge.bend(Part::Worker, truth.clone());
            let distance = told.fingerprint.as_ref().and_then(|told| told.distance(&honest));
            assert!(distance >= Some(FORGED.into()), "{told:?}");
            assert_ne!(told.product, truth.product);
            // Whoever only lies is as near as the honest are.
            assert_eq!(Fault::Lie.bend(Part::Worker, truth).fingerprint, Some(honest));
        }
    }
}
