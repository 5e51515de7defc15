//! Where tests can make a worker lie, or end it before a step is recorded or taken.
//!
//! The program itself has `()`, which does nothing. What lies is in the tests' own program, so no
//! flag and no build of this crate makes a dishonest worker.

use crate::{Part, Point};
use cairn_order::Made;

pub trait Faults: Send + Sync + 'static {
    /// What it says that the job came to.
    fn bend(&self, _part: Part, made: Made) -> Made {
        made
    }

    /// Whether it never shows what it has committed to.
    fn withholds(&self, _part: Part) -> bool {
        false
    }

    /// A step is about to be recorded.
    fn before(&self, _part: Part, _point: Point) {}

    /// A step is on disk, and about to be taken.
    fn at(&self, _part: Part, _point: Point) {}

    /// The answer to a challenge is about to be recorded.
    fn before_answer(&self) {}

    /// The answer to a challenge is on disk, and about to be committed to.
    fn at_answer(&self) {}
}

impl Faults for () {}
