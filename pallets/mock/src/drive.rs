//! Bytes in, a course of the market out.

use crate::{
    config::Luck,
    course::{Course, CALLS},
    dice::Dice,
    market::new_market,
};

/// The pallets whose calls are made. Blocks and safe-mode go on around all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Area {
    /// All of them.
    All,
    /// With the tasks that are audited.
    Audits,
    Capability,
    /// With the deltas whose rewards wait for sealed sets.
    Curation,
    /// With the deltas that files are kept of.
    Custody,
    Entropy,
    /// With the deltas that are laid on them.
    Experts,
    /// Deltas, judged and kept.
    Learning,
    /// With the tasks that are worth something to validators.
    Merit,
    /// With the deltas that are judged.
    Panels,
    Providers,
    /// It has no calls, so that others report to it.
    Reputation,
    /// With the deltas and the tasks that are paid.
    Rewards,
    Tasks,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    pub calls: u64,
    /// Those that were not refused.
    pub accepted: u64,
    pub blocks: u64,
    /// Tasks that were paid.
    pub settled: u64,
    /// Tasks whose money went back.
    pub refunded: u64,
    /// Tasks that were paid with the price of their model.
    pub priced: u64,
    /// Tasks that were paid and ran on a licensed model.
    pub licensed: u64,
    /// Audits that came to an end.
    pub audited: u64,
    /// Results that were planted, and said to be.
    pub unmasked: u64,
    /// Validators who got points for work.
    pub rewarded: u64,
    /// Challenges that came to an end.
    pub judged: u64,
    /// Contributions to the beacon that were revealed.
    pub contributed: u64,
    /// Blocks that were published or laid, and such as were taken off again.
    pub laid: u64,
    pub unlaid: u64,
    /// Deltas that their component became, and such as came to nothing.
    pub bettered: u64,
    pub failed: u64,
    /// Deltas that were taken back.
    pub undone: u64,
    /// Panels that came to an end.
    pub heard: u64,
    /// Keepers who showed what they were asked for, and such as did not.
    pub shown: u64,
    pub withheld: u64,
    /// Trials whose sets said what holds, and rewards that waited for one in vain.
    pub measured: u64,
    pub unpaid: u64,
    /// Rewards that waited, and were paid.
    pub paid: u64,
    /// Grants for serving.
    pub granted: u64,
    /// Sponsors who took back what was left.
    pub withdrawn: u64,
    /// Faults that were paid for.
    pub slashed: u64,
    /// Registrations that ended.
    pub gone: u64,
}

impl Tally {
    /// What came of both.
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            accepted: self.accepted + other.accepted,
            blocks: self.blocks + other.blocks,
            settled: self.settled + other.settled,
            refunded: self.refunded + other.refunded,
            priced: self.priced + other.priced,
            licensed: self.licensed + other.licensed,
            audited: self.audited + other.audited,
            unmasked: self.unmasked + other.unmasked,
            rewarded: self.rewarded + other.rewarded,
            judged: self.judged + other.judged,
            contributed: self.contributed + other.contributed,
            laid: self.laid + other.laid,
            unlaid: self.unlaid + other.unlaid,
            bettered: self.bettered + other.bettered,
            failed: self.failed + other.failed,
            undone: self.undone + other.undone,
            heard: self.heard + other.heard,
            shown: self.shown + other.shown,
            withheld: self.withheld + other.withheld,
            measured: self.measured + other.measured,
            unpaid: self.unpaid + other.unpaid,
            paid: self.paid + other.paid,
            granted: self.granted + other.granted,
            withdrawn: self.withdrawn + other.withdrawn,
            slashed: self.slashed + other.slashed,
            gone: self.gone + other.gone,
        }
    }
}

/// Takes a new market through what the bytes say: up to [`CALLS`] calls and the blocks between
/// them, and then as many more as it takes until nothing of learning is under way.
///
/// # Panics
///
/// Where a check fails.
pub fn drive(area: Area, bytes: &[u8]) -> Tally {
    new_market().execute_with(|| {
        let mut dice = Dice::new(bytes);
        Luck::set(dice.between(0, 255));
        let mut course = Course::new(area);
        while !dice.is_empty() && course.tally.calls < CALLS {
            course.step(&mut dice);
        }
        course.end();
        course.tally
    })
}
