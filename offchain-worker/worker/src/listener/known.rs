//! What is read of the chain after a block. All tasks are of all providers, and are far more than
//! those of one.

use cairn_sdk::{Named, Touched};

/// Blocks between two looks where no event asks for one.
const EVERY: u64 = 10;
/// Blocks between two looks at everything, for what no event has said.
const ALL: u64 = 100;

/// What is read.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Scope {
    All,
    /// These tasks, audits, challenges, panels and files alone.
    These(Named),
}

/// What this provider takes part in, as far as it was seen.
#[derive(Debug, Default)]
pub(super) struct Known {
    named: Named,
    /// The block after which everything was read.
    all: Option<u64>,
}

impl Known {
    /// What is read after a block; nothing where nothing of this provider can have changed.
    pub fn scope(&self, block: u64, touched: &Touched) -> Option<Scope> {
        if self.all.is_none_or(|all| block >= all.saturating_add(ALL)) {
            return Some(Scope::All);
        }
        let is_mine = !touched.given.is_empty() || !touched.changed.shared(&self.named).is_empty();
        if !is_mine && !touched.itself && !block.is_multiple_of(EVERY) {
            return None;
        }
        Some(Scope::These(self.named.joined(&touched.given)))
    }

    /// Takes note of what was found where that was read.
    pub fn learn(&mut self, block: u64, scope: &Scope, named: Named) {
        self.named = named;
        if *scope == Scope::All {
            self.all = Some(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::id::{DeltaId, PanelId, TaskId};

    fn tasks(numbers: &[u64]) -> Named {
        Named { tasks: numbers.iter().copied().map(TaskId).collect(), ..Named::default() }
    }

    fn learning(panels: &[u64], deltas: &[u64]) -> Named {
        let panels = panels.iter().copied().map(PanelId).collect();
        let deltas = deltas.iter().copied().map(DeltaId).collect();
        Named { panels, deltas, ..Named::default() }
    }

    fn challenges(numbers: &[u64]) -> Named {
        Named { challenges: numbers.iter().copied().collect(), ..Named::default() }
    }

    /// With one task and one challenge, after all was read.
    fn known() -> Known {
        let mut known = Known::default();
        known.learn(101, &Scope::All, tasks(&[3]).joined(&challenges(&[8])));
        known
    }

    fn happened(changed: Named) -> Touched {
        Touched { changed, ..Touched::default() }
    }

    #[test]
    fn scope_should_be_nothing_when_all_that_happens_concerns_others() {
        let known = known();
        for touched in [Touched::default(), happened(tasks(&[4, 8])), happened(challenges(&[3]))] {
            assert_eq!(known.scope(102, &touched), None, "{touched:?}");
        }
    }

    #[test]
    fn scope_should_be_its_own_when_something_of_them_happens_or_nothing_did_for_long() {
        let known = known();
        let mine = Some(Scope::These(tasks(&[3]).joined(&challenges(&[8]))));
        assert_eq!(known.scope(102, &happened(tasks(&[3, 4]))), mine);
        assert_eq!(known.scope(102, &happened(challenges(&[8]))), mine);
        assert_eq!(known.scope(102, &Touched { itself: true, ..Touched::default() }), mine);
        assert_eq!(known.scope(110, &Touched::default()), mine);
    }

    #[test]
    fn scope_should_have_what_is_given_to_it_besides() {
        let (given, changed) = (tasks(&[5]), tasks(&[5]));
        let touched = Touched { given, changed, itself: false };
        let scope = known().scope(102, &touched);
        assert_eq!(scope, Some(Scope::These(tasks(&[3, 5]).joined(&challenges(&[8])))));
    }

    #[test]
    fn scope_should_have_panels_and_files_as_it_has_tasks() {
        let mut known = known();
        known.learn(101, &Scope::All, learning(&[4], &[6]));
        let mine = Some(Scope::These(learning(&[4], &[6])));
        assert_eq!(known.scope(102, &happened(learning(&[5], &[7]))), None);
        assert_eq!(known.scope(102, &happened(learning(&[4], &[]))), mine);
        assert_eq!(known.scope(102, &happened(learning(&[], &[6]))), mine);
        let given = learning(&[9], &[8]);
        let touched = Touched { given, ..Touched::default() };
        let joined = Scope::These(learning(&[4, 9], &[6, 8]));
        assert_eq!(known.scope(102, &touched), Some(joined));
    }

    #[test]
    fn scope_should_be_all_at_the_start_and_now_and_then() {
        assert_eq!(Known::default().scope(7, &Touched::default()), Some(Scope::All));
        let mut known = known();
        assert_eq!(known.scope(101 + ALL, &Touched::default()), Some(Scope::All));
        // What is read of its own says nothing of the rest.
        known.learn(110, &Scope::These(tasks(&[3])), Named::default());
        assert_eq!(known.scope(101 + ALL, &Touched::default()), Some(Scope::All));
        assert_eq!(known.scope(102, &happened(tasks(&[3]))), None);
    }
}
