//! What is better on the examples that everyone knows, and on no others.

use super::{
    committee::{Brief, End},
    language::{Model, Text},
    rate::Rate,
    rules::*,
    table::{grouped, spread, Table},
    world::{all_of, drawn_of, Stream, World, WORLDS},
};
use cairn_protocol::{
    id::Amount,
    learning::{
        acceptance::variance,
        evaluation::Opinion,
        panel::tally,
        reward::{gain, held_share, progress},
        sealed::{median, Climb},
    },
    share,
};

/// Records of a set, public or sealed: so few that they can be learnt by heart.
const RECORDS: usize = 1_024;
const CURATORS: u64 = 3;
/// Public sets, and with them periods, of each world.
const SETS: u64 = 2;

/// A period, of which one set is public and the others are sealed.
struct Period<'a> {
    world: &'a World,
    public: Text,
    sealed: Vec<Text>,
}

impl<'a> Period<'a> {
    fn new(world: &'a World, nth: u64) -> Self {
        let set = |part| world.language.text(RECORDS, Stream::Sealed.name(world.name, part));
        let mut sets = (0..=CURATORS).map(|curator| set(nth * (CURATORS + 1) + curator));
        let public = sets.next().expect("there is one");
        Self { world, public, sealed: sets.collect() }
    }

    /// What everyone could learn of the language.
    fn learnt(&self) -> &Model {
        &self.world.researched[0]
    }

    /// So many 2^16ths of the way to what the public set alone says.
    fn by_heart(&self, part: i64) -> Model {
        self.learnt().towards(&Model::counted(&self.public), part)
    }

    fn judged(&self, base: &Model, candidate: &Model, nth: u64) -> End {
        let before = base.reader(&self.public);
        let varies = variance(&all_of(&self.public, base, candidate));
        let brief = Brief {
            text: &self.public,
            base,
            before: &before,
            artifact: candidate.id(),
            count: drawn_of(&self.public, varies),
            attempts: 0,
            seed: Stream::Seed.chance(self.world.name, nth).seed(),
        };
        let opinion = Opinion::Measured(brief.measured(candidate));
        brief.ended(tally(&[opinion; GUARDS as usize], GUARDS))
    }

    /// By how much one model is better than another by each curator's set, in millionths.
    fn on_sets(&self, start: &Model, end: &Model) -> Vec<i64> {
        let of = |text: &Text| {
            let total = |model: &Model| model.reader(text).total();
            progress(total(start), total(end))
        };
        self.sealed.iter().map(of).collect()
    }

    /// The median of them.
    fn sealed_gain(&self, start: &Model, end: &Model) -> i64 {
        middle(&self.on_sets(start, end))
    }
}

fn middle(gains: &[i64]) -> i64 {
    median(&mut gains.to_vec()).expect("there are curators")
}

/// What a submission gains where it is judged, and what it is paid on that.
fn passed(end: End) -> Option<(u64, Amount)> {
    match end {
        End::Passed { evaluation, reward } => {
            Some((gain(evaluation.baseline, evaluation.loss), reward))
        }
        _ => None,
    }
}

fn positive(gain: i64) -> u64 {
    u64::try_from(gain).unwrap_or(0)
}

#[test]
fn a_delta_should_be_paid_nothing_when_it_is_better_on_the_public_set_alone() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let mut table = Table::new(&[
        "learnt by heart, %",
        "submissions",
        "passed",
        "public gain, %",
        "sealed gain, %",
        "CRN each, nothing sealed",
        "minted for",
        "minted for, % (95 %)",
        "CRN each, minted",
    ]);
    let periods: Vec<Period> =
        (0..SETS).flat_map(|nth| worlds.iter().map(move |world| Period::new(world, nth))).collect();
    let (mut all, mut paid) = (0, 0.0);
    for quarters in 1..=4 {
        let of = SUBMISSIONS / 4;
        let (mut passes, mut minted_for, mut promised, mut minted) = (0, 0, 0.0, 0.0);
        let (mut public, mut sealed) = (vec![], vec![]);
        let candidates = periods.iter().map(|period| {
            let candidate = period.by_heart(quarters << 14);
            let held = period.sealed_gain(period.learnt(), &candidate);
            (period, candidate, held)
        });
        let candidates: Vec<_> = candidates.collect();
        for (nth, (period, candidate, held)) in (0..of).zip(candidates.iter().cycle()) {
            let Some((gain, reward)) = passed(period.judged(period.learnt(), candidate, nth))
            else {
                continue;
            };
            let share = held_share(gain, positive(*held));
            passes += 1;
            minted_for += u64::from(share > 0);
            promised += crn(reward);
            minted += crn(share::of(share, reward));
            public.push(gain as f64 / 1e4);
            sealed.push(*held as f64 / 1e4);
        }
        table.row(&[
            &(25 * quarters),
            &of,
            &passes,
            &spread(public, 1),
            &spread(sealed, 1),
            &grouped(promised / of as f64, 0),
            &minted_for,
            &Rate { times: minted_for, of },
            &grouped(minted / of as f64, 2),
        ]);
        all += passes;
        paid += minted;
    }
    table.close();
    assert!(all > SUBMISSIONS / 2, "nothing was learnt by heart");
    assert_eq!(paid, 0.0);
}

/// What is paid for deltas that were laid one after the other, where the model stood so on sealed
/// sets before, between and after them.
fn minted(laid: &[(u64, Amount)], levels: &[Vec<i64>]) -> Vec<Amount> {
    let mut climb = Climb::default();
    let steps = levels.windows(2).zip(laid);
    let paid = steps.map(|(level, (gain, reward))| {
        let own = climb.lay(&level[0], &level[1]);
        share::of(held_share(*gain, own), *reward)
    });
    paid.collect()
}

/// A period in which so many honest researchers each repair a quarter of the rows.
struct Honest<'a> {
    period: &'a Period<'a>,
    start: Model,
    head: Model,
    laid: Vec<(u64, Amount)>,
    /// How the model stood on each sealed set before, between and after them.
    levels: Vec<Vec<i64>>,
}

impl<'a> Honest<'a> {
    fn new(period: &'a Period<'a>, honest: usize) -> Self {
        /// How far a quarter is on the way to knowing nothing when the period starts.
        const SPOILT: i64 = 1 << 15;
        let spoilt = period.learnt().towards(&Model::blank(), SPOILT);
        let quarter = |row: usize| row % 4;
        let start = period.learnt().with_rows(&spoilt, |row| quarter(row) < honest);
        let mut head = start.clone();
        let (mut laid, mut levels) = (vec![], vec![vec![0; CURATORS as usize]]);
        for nth in 0..honest {
            let candidate = head.with_rows(period.learnt(), |row| quarter(row) == nth);
            laid.extend(passed(period.judged(&head, &candidate, nth as u64)));
            levels.push(period.on_sets(&start, &candidate));
            head = candidate;
        }
        assert_eq!(laid.len(), honest, "an honest delta failed");
        Self { period, start, head, laid, levels }
    }

    /// What all are paid where another delta comes last that passed, and makes the model stand so.
    fn with(&self, last: (u64, Amount), level: &[i64]) -> Vec<Amount> {
        let laid = [self.laid.as_slice(), &[last]].concat();
        minted(&laid, &[self.levels.as_slice(), &[level.to_vec()]].concat())
    }
}

#[test]
fn what_is_learnt_by_heart_should_be_paid_nothing_when_it_is_laid_beside_honest_deltas() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let mut table = Table::new(&[
        "honest deltas beside it",
        "submissions",
        "passed",
        "minted for",
        "minted for, % (95 %)",
        "CRN each, by heart",
        "CRN, each honest one",
        "CRN, each honest one alone",
    ]);
    let periods: Vec<Period> =
        (0..SETS).flat_map(|nth| worlds.iter().map(move |world| Period::new(world, nth))).collect();
    for honest in 1..=4usize {
        let of = SUBMISSIONS / 4;
        let beside: Vec<Honest> =
            periods.iter().map(|period| Honest::new(period, honest)).collect();
        // All parts of the way, in all periods.
        let candidates: Vec<_> = beside
            .iter()
            .flat_map(|beside| (1..=4i64).map(move |quarters| (beside, quarters << 14)))
            .map(|(beside, part)| {
                let candidate = beside.period.by_heart(part);
                let level = beside.period.on_sets(&beside.start, &candidate);
                (beside, candidate, level)
            })
            .collect();
        let (mut passes, mut minted_for, mut other) = (0u64, 0u64, 0.0);
        let (mut honestly, mut alone) = (vec![], vec![]);
        for (nth, (beside, candidate, level)) in (0..of).zip(candidates.iter().cycle()) {
            // The numbers before are the honest ones' verdicts.
            let end = beside.period.judged(&beside.head, candidate, 4 + nth);
            let Some(last) = passed(end) else { continue };
            passes += 1;
            let paid = beside.with(last, level);
            minted_for += u64::from(paid[honest] > 0);
            other += crn(paid[honest]);
            let without = minted(&beside.laid, &beside.levels);
            // It takes nothing from those before it, and all that is paid was gained.
            assert_eq!(paid[..honest], without, "{honest}");
            let highest = beside.levels.iter().map(|levels| middle(levels)).max().unwrap_or(0);
            let worth = CURVE.reward(positive(highest), DIFFICULTY);
            assert!(paid.iter().sum::<Amount>() <= worth);
            let each = |all: &[Amount]| crn(all.iter().sum()) / honest as f64;
            honestly.push(each(&paid[..honest]));
            alone.push(each(&without));
        }
        table.row(&[
            &honest,
            &of,
            &passes,
            &minted_for,
            &Rate { times: minted_for, of },
            &grouped(other / of as f64, 2),
            &spread(honestly, 0),
            &spread(alone, 0),
        ]);
        assert!(passes > of * 9 / 10, "hardly anything was learnt by heart");
        assert_eq!((minted_for, other), (0, 0.0), "{honest}");
    }
    table.close();
}
