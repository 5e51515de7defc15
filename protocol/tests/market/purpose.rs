//! What numbers are drawn for.

use super::chance::Chance;

/// No purpose takes another one's numbers, so two markets that differ in how somebody behaves draw
/// the same workers for as long as both stay the same.
#[derive(Clone, Copy)]
pub enum Purpose {
    Population,
    Draw,
    Work,
    Audited,
    Planted,
    Guards,
}

impl Purpose {
    /// The numbers of this purpose in one task of one run, and of one part of it.
    pub fn chance(self, run: u64, task: u64, part: u64) -> Chance {
        Chance::of([run, self as u64, task, part])
    }
}
