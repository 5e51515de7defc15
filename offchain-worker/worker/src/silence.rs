//! What keeps a guard from saying anything. That is nobody's business on the chain, and its
//! operator's.

use crate::work::{Part, Seat};
use cairn_order::Fault;
use cairn_protocol::failure::Failure;
use std::sync::{Mutex, PoisonError};

/// What last went wrong on this machine with what a panel was to be told.
#[derive(Debug, Default)]
pub(crate) struct Silence(Mutex<Option<String>>);

impl Silence {
    /// This came of it here. What nobody has is no fault of this machine.
    pub fn note(&self, seat: Seat, fault: &Fault) {
        if seat.part == Part::Judge && fault.failure != Failure::MissingArtifact {
            self.set(Some(format!("{seat}: there is no opinion: {fault}")));
        }
    }

    /// There is an opinion again.
    pub fn is_over(&self, seat: Seat) {
        if seat.part == Part::Judge {
            self.set(None);
        }
    }

    pub fn trouble(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, trouble: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::{errand::testing::judging, testing::seat};

    #[test]
    fn trouble_should_be_what_a_guard_could_not_do_until_it_can() {
        let (silence, panel) = (Silence::default(), judging(6, 1, 50).seat);
        let fault = |failure| Fault::new(failure, "as a test wants it");
        silence.note(seat(3), &fault(Failure::OutOfMemory));
        silence.note(panel, &fault(Failure::MissingArtifact));
        assert_eq!(silence.trouble(), None);
        silence.note(panel, &fault(Failure::OutOfMemory));
        let said = silence.trouble().unwrap();
        assert!(said.starts_with("panel 6") && said.contains("as a test wants it"), "{said}");
        silence.is_over(seat(3));
        assert!(silence.trouble().is_some());
        silence.is_over(panel);
        assert_eq!(silence.trouble(), None);
    }
}
