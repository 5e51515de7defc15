//! A thousand who copy what others made: each sees an original at some step of its life, commits to
//! the same artifact then, and hands it in as soon as its commitment counts, and again in every
//! block after.

use super::mock::*;
use crate::{types::*, Artifacts, Error};
use cairn_protocol::{
    dag::Header,
    id::{Amount, ContentId, DeltaId, Height},
};
use cairn_seams::Kept;
use chance::Chance;
use frame_support::assert_ok;
use rate::Rate;
use std::collections::BTreeMap;
use table::Table;

// Not all that is drawn elsewhere is drawn here.
#[allow(dead_code)]
#[path = "../../../../protocol/tests/shared/chance.rs"]
mod chance;
#[path = "../../../../protocol/tests/shared/rate.rs"]
mod rate;
// No mean is told here.
#[allow(dead_code)]
#[path = "../../../../protocol/tests/shared/table.rs"]
mod table;

/// The page that has to say what is found here.
const PAGE: &str = include_str!("../../../../docs/learning-simulation.md");
const COPIERS: u64 = 1_000;
/// What Carol made, and Dave copies.
const ORIGINAL: u8 = 20;
/// What Erin made, who is before Carol in the queue half of the time.
const OTHER_DELTA: u8 = 21;
const TERMS: Terms = RULES.terms;
/// More blocks than a copier and what it copies take together.
const LONGEST: u64 = 500;

/// A step of an original's life.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    InPool,
    Judged,
    Passed,
    Laid,
    TakenOff,
    Rejected,
    Stale,
    Lapsed,
}

impl Step {
    const ALL: [Self; 8] = [
        Self::InPool,
        Self::Judged,
        Self::Passed,
        Self::Laid,
        Self::TakenOff,
        Self::Rejected,
        Self::Stale,
        Self::Lapsed,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::InPool => "in the pool",
            Self::Judged => "waiting for guards, or judged by them",
            Self::Passed => "judged, and waiting for its turn or its keepers",
            Self::Laid => "laid",
            Self::TakenOff => "laid, and taken off again",
            Self::Rejected => "rejected",
            Self::Stale => "stale, and kept for its author",
            Self::Lapsed => "lapsed, and kept for its author",
        }
    }

    /// How an original may end that comes to this step.
    fn ends(self) -> &'static [Self] {
        match self {
            Self::InPool | Self::Judged => {
                &[Self::Laid, Self::TakenOff, Self::Rejected, Self::Stale, Self::Lapsed]
            }
            Self::Passed => &[Self::Laid, Self::TakenOff, Self::Lapsed],
            Self::Laid => &[Self::Laid],
            Self::TakenOff => &[Self::TakenOff],
            Self::Rejected => &[Self::Rejected],
            Self::Stale => &[Self::Stale],
            Self::Lapsed => &[Self::Lapsed],
        }
    }

    /// For how many blocks at most it is seen after that.
    fn lasts(self) -> u64 {
        match self {
            Self::InPool => 0,
            // Guards and keepers do not wait for ever.
            Self::Judged | Self::Passed => 25,
            // It ended in the block before the first of them. Whoever sees it in the last hands in
            // in the last in which it is kept for its author.
            _ => u64::from(TERMS.life - TERMS.delay - 1),
        }
    }
}

/// Originals, and what becomes of them.
struct Life {
    end: Step,
    chance: Chance,
    /// What is in the pool, and for how many blocks yet.
    pool: Vec<Header<AccountId>>,
    blocks: u64,
    /// The one that is copied, once it is out of the pool.
    original: Option<DeltaId>,
    other_is_better: bool,
    published: bool,
}

impl Life {
    /// Of an original that can be seen at that step. It is committed to long ago.
    fn new(step: Step, mut chance: Chance) -> Self {
        let ends = step.ends();
        let end = ends[chance.below(ends.len() as u64) as usize];
        let pool: Vec<_> = [header(ERIN, A, OTHER_DELTA), header(CAROL, A, ORIGINAL)]
            .into_iter()
            .skip(chance.below(2) as usize)
            .collect();
        for header in &pool {
            assert_ok!(commit(header));
        }
        run(TERMS.delay.into());
        Self {
            end,
            pool,
            blocks: chance.below(TERMS.delay.into()),
            original: None,
            other_is_better: chance.below(2) == 0,
            published: false,
            chance,
        }
    }

    fn stage(&self) -> Option<Stage> {
        self.original.map(|id| stage(id).0)
    }

    fn is_at(&self, step: Step) -> bool {
        match self.stage() {
            None => step == Step::InPool,
            Some(Stage::Judging) => step == Step::Judged,
            Some(Stage::Queued | Stage::Keeping) => step == Step::Passed,
            Some(Stage::Laid) => step == Step::Laid,
            Some(Stage::RolledBack) => step == Step::TakenOff,
            Some(Stage::Rejected) => step == Step::Rejected,
            Some(Stage::Stale) => step == Step::Stale,
            Some(Stage::Lapsed) => step == Step::Lapsed,
        }
    }

    /// Why a copy is refused now.
    fn refusal(&self) -> Error<Test> {
        match self.stage().expect("it is not in the pool for as long as that") {
            Stage::Queued | Stage::Judging | Stage::Keeping => Error::PendingAlready,
            Stage::Laid | Stage::RolledBack => Error::LaidAlready,
            Stage::Rejected => Error::TriedAlready,
            Stage::Stale | Stage::Lapsed => Error::KeptForItsAuthor,
        }
    }

    /// Not all do what they have to in the first block.
    fn happens(&mut self) -> bool {
        self.chance.below(3) == 0
    }

    /// What happens in a block.
    fn move_on(&mut self) {
        let Some(original) = self.original else { return self.leave_pool() };
        if self.end == Step::Stale && !self.published && self.happens() {
            publish(MODEL, A);
            self.published = true;
        }
        for id in Learning::queue_of(MODEL, component(A)) {
            if self.happens() {
                self.answer(id, id == original);
            }
        }
        if self.end == Step::TakenOff && self.is_at(Step::Laid) && self.happens() {
            assert_ok!(Learning::invalidate(RuntimeOrigin::root(), original));
        }
    }

    fn leave_pool(&mut self) {
        match self.blocks.checked_sub(1) {
            Some(left) => self.blocks = left,
            None => {
                for header in core::mem::take(&mut self.pool) {
                    self.original = Some(submit(&header).expect("it may be"));
                }
            }
        }
    }

    /// Guards say what they found of a delta, or keepers whether they have it.
    fn answer(&self, id: DeltaId, is_original: bool) {
        let delta = delta(id);
        // What is to be stale comes to nothing else before.
        let is_early = is_original && self.end == Step::Stale && !self.published;
        if is_open(&delta) && !is_early {
            let is_better =
                if is_original { self.end != Step::Rejected } else { self.other_is_better };
            let says = if is_better { better } else { no_better };
            say(panel_of(id), |_, brief| says(brief));
        } else if delta.stage == Stage::Keeping {
            if is_original && self.end == Step::Lapsed {
                Learning::unkept(id);
            } else {
                Learning::kept(id);
            }
        }
    }
}

/// The last block in which a copy is refused that was committed to in that one: after it the
/// commitment is too old, or what came to nothing is anyone's.
fn last(made: Height) -> Height {
    let counts = made + TERMS.life;
    match Artifacts::<Test>::get(place(A), ContentId([ORIGINAL; 32])) {
        Some(Taken::Reserved { until, .. }) => counts.min(until),
        _ => counts,
    }
}

/// What came of a copy.
struct Copied {
    /// What the chain said when the commitment counted first.
    refusal: &'static str,
    /// What its author has more than before.
    gain: Amount,
}

/// Dave sees an original at that step, and copies it.
fn copied(step: Step, mut chance: Chance) -> Copied {
    let mut wait = chance.below(step.lasts() + 1);
    let mut life = Life::new(step, chance);
    let issued = Balances::total_issuance();
    let (mut made, mut refusal) = (None, None);
    for _ in 0..LONGEST {
        if let Some(made) = made {
            if now() > last(made) {
                break;
            }
            // On the head as it is, whatever the original was made on.
            let error = submit(&header(DAVE, A, ORIGINAL)).expect_err("a copy was taken");
            let counts = now() >= made + TERMS.delay;
            let expected = if counts { life.refusal() } else { Error::CommittedTooLate };
            assert_eq!(error, expected.into(), "{step:?} to {:?}", life.end);
            if counts && refusal.is_none() {
                refusal = Some(error.into());
            }
        } else if life.is_at(step) {
            match wait.checked_sub(1) {
                // Nothing happens to it before it is seen.
                Some(left) => {
                    wait = left;
                    run(1);
                    continue;
                }
                None => {
                    assert_ok!(commit(&header(DAVE, A, ORIGINAL)));
                    made = Some(now());
                }
            }
        }
        life.move_on();
        run(1);
    }
    assert!(made.is_some_and(|made| now() > last(made)), "{step:?} took too long");
    // Nothing is made but what Carol and Erin are paid.
    let paid: Amount = known().paid.iter().map(|(_, amount)| *amount).sum();
    assert_eq!(Balances::total_issuance(), issued + paid);
    assert!(known().reserved.is_empty());
    assert_eq!(crate::DeltasOf::<Test>::iter_key_prefix(DAVE).count(), 0);
    Copied {
        refusal: refusal.expect("its commitment counted"),
        gain: (free(DAVE) + held(DAVE)).saturating_sub(RICH),
    }
}

#[test]
fn copies_should_be_refused_and_paid_nothing_whenever_they_are_made() {
    let mut table = Table::new(&["the original is", "copiers", "refused", "paid, % (95 %)"]);
    let mut row = |name: &str, copies: &[&Copied]| {
        let paid = copies.iter().filter(|one| one.gain > 0).count();
        let rate = Rate { times: paid as u64, of: copies.len() as u64 };
        // Each has its refusal, or it would not have come so far.
        table.row(&[&name, &copies.len(), &copies.len(), &rate]);
    };
    let mut all = vec![];
    for (kind, step) in (0u64..).zip(Step::ALL) {
        let each = COPIERS / Step::ALL.len() as u64;
        let copies = (0..each).map(|nth| execute(|| copied(step, Chance::of([kind, nth, 0, 0]))));
        let copies: Vec<Copied> = copies.collect();
        row(step.name(), &copies.iter().collect::<Vec<_>>());
        all.extend(copies);
    }
    row("any of these", &all.iter().collect::<Vec<_>>());
    let mut refusals = BTreeMap::<&str, u64>::new();
    for Copied { refusal, gain } in &all {
        assert_eq!(*gain, 0);
        *refusals.entry(refusal).or_default() += 1;
    }
    for (refusal, times) in &refusals {
        println!("{refusal}, %: {}", Rate { times: *times, of: COPIERS });
    }
    table.close();
    // A thousand for one reason would prove nothing of the others.
    for refusal in ["PendingAlready", "LaidAlready", "TriedAlready", "KeptForItsAuthor"] {
        let times = refusals.get(refusal).copied().unwrap_or_default();
        assert!(times >= COPIERS / 20, "{refusal} came {times} times");
    }
}
