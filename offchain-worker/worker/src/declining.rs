//! When a worker gives a job up, and what it says of it on the chain.
//!
//! Silence costs some of the bond, and tells the requester nothing. So a worker that has no result
//! and will have none says why, as long as the chain waits for it.

use crate::{
    job::Trouble,
    scheduler::BLOCK,
    work::{Part, Work},
};
use cairn_order::Fault;
use cairn_protocol::{
    failure::{self, Failure, Reason},
    id::Height,
};
use std::time::Duration;

/// Blocks within which a job that waits is begun again for sure, and what it is given up for
/// gets to the chain.
const LAST_TRY: Height = 16;

/// Gives a job up that waits for something, where too little time is left to wait on: less than
/// half of it, or than it takes to try once more. Who only looks at a result waits to the end, as
/// an audit cannot be declined; and for what panels and keepers are to do nothing is final, since
/// all that can go wrong with it is of this machine.
pub(crate) fn settled(work: &Work, left: Duration, trouble: Trouble) -> Trouble {
    let least = LAST_TRY.max(work.terms.work_blocks / 2);
    match trouble {
        Trouble::Later(fault)
            if work.seat.part == Part::Worker && left <= BLOCK.saturating_mul(least) =>
        {
            Trouble::Fault(fault)
        }
        Trouble::Fault(fault) if work.errand.is_some() => Trouble::Later(fault),
        other => other,
    }
}

/// Why a job is not begun that has waited too long for others to end.
pub(crate) fn too_late() -> Fault {
    Fault::new(Failure::OutOfTime, "other work left no time for it")
}

/// A fault as the chain takes it: in words that can be shown as they are.
pub(crate) fn reason(fault: &Fault) -> Reason {
    let words = String::from_utf8_lossy(&fault.reason);
    let plain: String =
        words.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match plain.trim() {
        "" => failure::reason(&fault.failure.to_string()),
        plain => failure::reason(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::{
        errand::testing::judging,
        testing::{terms, work},
    };
    use cairn_protocol::job::Terms;
    use std::sync::Arc;

    fn waits() -> Trouble {
        Trouble::later(Failure::MissingArtifact, "it is not in the archive")
    }

    fn is_given_up(work: &Work, seconds: u64) -> bool {
        matches!(settled(work, Duration::from_secs(seconds), waits()), Trouble::Fault(_))
    }

    #[test]
    fn settled_should_give_up_when_half_of_the_time_is_over() {
        let terms = Arc::new(Terms { work_blocks: 100, ..terms() });
        let long = Work { terms, ..work(1, 50, 1) };
        assert!(!is_given_up(&long, 51));
        assert!(is_given_up(&long, 50));
    }

    #[test]
    fn settled_should_give_up_when_there_is_no_time_for_another_try() {
        let terms = Arc::new(Terms { work_blocks: 20, ..terms() });
        let short = Work { terms, ..work(1, 50, 1) };
        assert!(!is_given_up(&short, 17));
        assert!(is_given_up(&short, 16));
    }

    #[test]
    fn settled_should_wait_on_when_nothing_can_be_declined_or_nobody_waits() {
        let mut guard = work(1, 50, 1);
        guard.seat.part = Part::Guard;
        assert!(!is_given_up(&guard, 0));
        let stopped = settled(&work(1, 50, 1), Duration::ZERO, Trouble::Stopped);
        assert!(matches!(stopped, Trouble::Stopped));
    }

    #[test]
    fn settled_should_try_again_what_failed_on_this_machine_alone() {
        let failed = || Fault::new(Failure::OutOfMemory, "as a test wants it").into();
        let half = Duration::from_secs(20);
        let judged = settled(&judging(6, 1, 50), half, failed());
        assert!(matches!(judged, Trouble::Later(_)), "{judged:?}");
        assert!(matches!(settled(&work(1, 50, 1), half, failed()), Trouble::Fault(_)));
    }

    #[test]
    fn reason_should_be_words_that_the_chain_takes() {
        let said = |words: &str| {
            let reason = reason(&Fault::new(Failure::OutOfMemory, words));
            String::from_utf8(reason.into_inner()).unwrap()
        };
        assert_eq!(said("signal 9: \x1b[2Jno room\n"), "signal 9:  [2Jno room");
        assert_eq!(said(" \n"), Failure::OutOfMemory.to_string());
        assert_eq!(said(""), Failure::OutOfMemory.to_string());
        assert_eq!(said(&"ä".repeat(100)).len(), 128);
    }
}
