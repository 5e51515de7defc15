//! A thousand submissions of each kind that deserves nothing, and of one that does.

use super::{
    chance::Chance,
    committee::{Brief, End},
    language::{Model, ROWS, TOKENS},
    rate::{percent, Rate},
    rules::*,
    table::{grouped, Table},
    world::{drawn_of, Stream, World, HEADS, WORLDS},
};
use cairn_kernel::delta::{Delta, LowRank, Sparse};
use cairn_protocol::{
    chunk::content,
    id::{ContentId, Digest},
    learning::panel::tally,
    preimage::{DeltaCommitment, Statement},
};

/// A delta before it is judged.
struct Submission {
    /// What it is laid on.
    base: Model,
    /// What its header names.
    artifact: ContentId,
    /// What guards get who ask for that.
    served: Vec<u8>,
}

impl Submission {
    fn of(base: Model, delta: &Delta) -> Self {
        let served = delta.encode();
        Self { base, artifact: content(&served), served }
    }
}

/// Where a submission comes from: one of the worlds, a head of it, and numbers of its own.
struct Place<'a> {
    world: &'a World,
    nth: u64,
    head: usize,
    chance: Chance,
}

impl<'a> Place<'a> {
    fn of(worlds: &'a [World], kind: u64, nth: u64) -> Self {
        let world = &worlds[(nth % WORLDS) as usize];
        let head = (nth / WORLDS % HEADS) as usize;
        Self { world, nth, head, chance: Stream::Change.chance(kind, nth) }
    }

    fn base(&self) -> &'a Model {
        &self.world.heads[self.head]
    }

    fn honest(&self) -> Model {
        self.world.honest(self.base(), self.nth)
    }

    /// What the committee makes of a submission.
    fn judged(&mut self, submission: &Submission) -> End {
        let text = &self.world.public;
        let before = submission.base.reader(text);
        let count = drawn_of(text, self.world.variances[self.head]);
        let brief = Brief {
            text,
            base: &submission.base,
            before: &before,
            artifact: submission.artifact,
            count,
            attempts: 0,
            seed: self.chance.seed(),
        };
        // Honest guards all say the same, so one of them is asked.
        let opinion = brief.judged(&submission.served);
        brief.ended(tally(&[opinion; GUARDS as usize], GUARDS))
    }
}

/// What came of a kind.
#[derive(Default)]
struct Found {
    refused: u64,
    unmeasured: u64,
    failed: u64,
    passed: u64,
    /// What those that passed would be paid on public examples.
    reward: f64,
}

impl Found {
    fn note(&mut self, end: End) {
        match end {
            End::Refused => self.refused += 1,
            End::Unmeasured => self.unmeasured += 1,
            End::Failed | End::Lapsed => self.failed += 1,
            End::Passed { reward, .. } => {
                self.passed += 1;
                self.reward += crn(reward);
            }
        }
    }

    fn rate(&self) -> Rate {
        Rate { times: self.passed, of: SUBMISSIONS }
    }
}

fn found(worlds: &[World], kind: u64, of: impl Fn(&mut Place) -> End) -> Found {
    let mut found = Found::default();
    for nth in 0..SUBMISSIONS {
        found.note(of(&mut Place::of(worlds, kind, nth)));
    }
    found
}

/// Changes nothing, in one of three ways: it is empty, it is rounded away, or each number of a row
/// changes alike, which no probability hangs on.
fn zero(place: &mut Place) -> Submission {
    let (rows, columns) = (ROWS as u32, TOKENS as u32);
    let delta = match place.nth % 3 {
        0 => Delta::Sparse(Sparse::new(rows, columns, vec![]).expect("no row is out of order")),
        1 => {
            let (high, wide) = (vec![1; ROWS], vec![1; TOKENS]);
            Delta::LowRank(LowRank::new([rows, columns], 1, 8, high, wide).expect("they fit"))
        }
        _ => {
            let row = place.chance.below(rows.into()) as usize;
            let step = 1 + place.chance.below(1_000) as i16;
            place.base().delta(|at| if at / TOKENS == row { -step } else { 0 })
        }
    };
    Submission::of(place.base().clone(), &delta)
}

/// Away from what is better, as far as an honest delta goes towards it.
fn negated(place: &mut Place) -> Submission {
    Submission::of(place.base().clone(), &place.honest().delta_to(place.base()))
}

/// A delta that was laid already, in other bytes: one master is a step off.
fn laid_again(place: &mut Place) -> Submission {
    let head = place.honest();
    let other = place.chance.below((ROWS * TOKENS) as u64) as usize;
    let step = |at: usize| i16::from(at == other);
    let copy = place.base().delta_to(&head);
    let copy = place.base().delta(|at| {
        let change = copy.at((at / TOKENS) as u32, (at % TOKENS) as u32) as i16;
        change.saturating_sub(step(at)).max(-i16::MAX)
    });
    Submission::of(head, &copy)
}

/// Numbers of any size in any place, up to the largest there are.
fn huge(place: &mut Place) -> Submission {
    let most = [1 << 11, 1 << 13, u64::from(i16::MAX.unsigned_abs())][(place.nth % 3) as usize];
    let chance = &mut place.chance;
    let rows = 1 + chance.below(ROWS as u64) as usize;
    let taken = chance.sample(rows, ROWS);
    let base = &place.world.heads[place.head];
    let delta = base.delta(|at| {
        let size = 1 + chance.below(most) as i16;
        match (taken.contains(&(at / TOKENS)), chance.below(2)) {
            (false, _) => 0,
            (true, 0) => size,
            (true, _) => -size,
        }
    });
    Submission::of(base.clone(), &delta)
}

/// For a matrix of other rows or columns, once with as many numbers.
fn shapeless(place: &mut Place) -> Submission {
    let (rows, columns) = (ROWS as u32, TOKENS as u32);
    let shapes = [(columns, rows), (rows + 1, columns), (rows, columns - 1), (1, rows * columns)];
    let (rows, columns) = shapes[(place.nth % 4) as usize];
    let at = place.chance.below(columns.into()) as u32;
    let delta = Sparse::new(rows, columns, vec![(0, vec![(at, 1)])]).expect("it is in the matrix");
    Submission::of(place.base().clone(), &Delta::Sparse(delta))
}

/// A good delta by its name, of which guards get something else; or a name of what is no delta.
fn tampered(place: &mut Place) -> Submission {
    let mut submission =
        Submission::of(place.base().clone(), &place.base().delta_to(&place.honest()));
    let served = &mut submission.served;
    let at = place.chance.below(served.len() as u64) as usize;
    match place.nth % 4 {
        0 => served[at] ^= 1 << place.chance.below(8),
        1 => served.truncate(at),
        2 => *served = huge(place).served,
        _ => {
            served.truncate(at);
            submission.artifact = content(served);
        }
    }
    submission
}

/// A commitment of somebody else's that was seen in the pool, opened in another name: with the
/// salt that was seen, or with another one.
fn opens(place: &mut Place) -> bool {
    const GENESIS: Digest = [0; 32];
    let artifact = content(&place.base().delta_to(&place.honest()).encode());
    let salt = place.chance.seed();
    let seen = DeltaCommitment { author: place.nth, artifact, salt };
    let salt = if place.nth.is_multiple_of(2) { salt } else { place.chance.seed() };
    let own = DeltaCommitment { author: SUBMISSIONS + place.nth, salt, ..seen.clone() };
    own.digest(&GENESIS) == seen.digest(&GENESIS)
}

#[test]
fn submissions_should_be_paid_nothing_when_nothing_is_better() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let mut table = Table::new(&[
        "submissions",
        "refused",
        "not to be measured",
        "failed",
        "passed",
        "passed, % (95 %)",
        "CRN each",
    ]);
    let mut row = |name: &str, found: &Found| {
        table.row(&[
            &name,
            &found.refused,
            &found.unmeasured,
            &found.failed,
            &found.passed,
            &found.rate(),
            &grouped(found.reward / SUBMISSIONS as f64, 2),
        ]);
    };
    let judged = |kind, make: fn(&mut Place) -> Submission| {
        found(&worlds, kind, |place| {
            let submission = make(place);
            place.judged(&submission)
        })
    };
    let mut honest = vec![];
    for head in 0..HEADS as usize {
        let found = found(&worlds, 0, |place| {
            place.head = head;
            let base = place.base().clone();
            let delta = base.delta_to(&place.honest());
            place.judged(&Submission::of(base, &delta))
        });
        let world = &worlds[0];
        let gain = world.gain(&world.heads[head], &world.honest(&world.heads[head], 0));
        row(&format!("honest, better by {} %", percent(gain)), &found);
        honest.push(found.rate().share());
    }
    let kinds = [
        ("zero", judged(1, zero)),
        ("negated", judged(2, negated)),
        (
            "copied from a pending one, its commitment opened in another name",
            found(&worlds, 3, |place| if opens(place) { End::Failed } else { End::Refused }),
        ),
        ("copied or replayed in other bytes, after it was laid", judged(4, laid_again)),
        ("of a huge norm", judged(5, huge)),
        ("of a wrong shape", judged(6, shapeless)),
        ("the right name and wrong bytes", judged(7, tampered)),
    ];
    for (name, found) in &kinds {
        row(name, found);
    }
    table.close();
    assert!(honest[0] > 0.99 && honest[1] > 0.99, "the rules refuse what is good");
    assert!(honest[3] < 0.01, "the rules accept what is better by less than the threshold");
    for (name, found) in &kinds {
        assert_eq!((found.passed, found.reward), (0, 0.0), "{name}");
    }
    let of = |kind: usize| &kinds[kind].1;
    assert_eq!(of(2).refused, SUBMISSIONS);
    assert_eq!(of(5).unmeasured, SUBMISSIONS);
    assert_eq!(of(6).unmeasured, SUBMISSIONS);
    // What is measured is measured, and not refused on a way round it.
    for kind in [0, 1, 3, 4] {
        assert_eq!(of(kind).failed, SUBMISSIONS);
    }
}

/// What the curve says of a model that its author made bad.
#[test]
fn an_easy_model_should_pass_so_that_only_admission_keeps_it_from_the_budget() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let easy = found(&worlds, 8, |place| {
        let base = Model::blank();
        let delta = base.delta_to(&place.honest());
        place.judged(&Submission::of(base, &delta))
    });
    let each = easy.reward / SUBMISSIONS as f64;
    let mut table = Table::new(&[
        "submissions",
        "passed, % (95 %)",
        "CRN each by the curve",
        "of what a model may draw in a period, %",
    ]);
    let share = each * 100.0 / crn(room());
    table.row(&[&SUBMISSIONS, &easy.rate(), &grouped(each, 0), &grouped(share, 1)]);
    table.close();
    assert!(easy.passed > SUBMISSIONS * 9 / 10);
}
