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
        sealed::median,
    },
    share::{self, Ppm, WHOLE},
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

    /// What a model gained in the period by the curators' sets, in millionths.
    fn sealed_gain(&self, start: &Model, end: &Model) -> i64 {
        let of = |text: &Text| {
            let total = |model: &Model| model.reader(text).total();
            progress(total(start), total(end))
        };
        let mut gains: Vec<i64> = self.sealed.iter().map(of).collect();
        median(&mut gains).expect("there are curators")
    }
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

/// What came of a period in which honest researchers and one who learns by heart share.
struct Shared {
    minted: Ppm,
    /// What the honest get together, and what they would without the other one.
    honest: Amount,
    alone: Amount,
    other: Amount,
    /// What the curve says of the period's gain on sealed sets.
    worth: Amount,
}

/// Each of so many honest researchers repairs a quarter of the rows; then comes the other one.
fn shared(period: &Period, honest: usize) -> Shared {
    /// What pays best: a fourth of the way to what the public set alone says does hardly any harm.
    const LITTLE: i64 = 1 << 14;
    /// How far a quarter is on the way to knowing nothing when the period starts.
    const SPOILT: i64 = 1 << 15;
    let spoilt = period.learnt().towards(&Model::blank(), SPOILT);
    let quarter = |row: usize| row % 4;
    let start = period.learnt().with_rows(&spoilt, |row| quarter(row) < honest);
    let mut head = start.clone();
    let mut laid = vec![];
    for nth in 0..honest {
        let candidate = head.with_rows(period.learnt(), |row| quarter(row) == nth);
        laid.extend(passed(period.judged(&head, &candidate, nth as u64)));
        head = candidate;
    }
    assert_eq!(laid.len(), honest, "an honest delta failed");
    let by_heart = period.by_heart(LITTLE);
    let last = passed(period.judged(&head, &by_heart, honest as u64));
    // What is minted of rewards, with the sum of the gains and the model at the period's end.
    let minted = |laid: &[(u64, Amount)], end: &Model| {
        let public = laid.iter().map(|(gain, _)| gain).sum();
        held_share(public, positive(period.sealed_gain(&start, end)))
    };
    let paid = |laid: &[(u64, Amount)], share| -> Amount {
        laid.iter().map(|(_, reward)| share::of(share, *reward)).sum()
    };
    let alone = paid(&laid, minted(&laid, &head));
    let all: Vec<_> = laid.iter().copied().chain(last).collect();
    let end = if last.is_some() { &by_heart } else { &head };
    let share = minted(&all, end);
    Shared {
        minted: share,
        honest: paid(&laid, share),
        alone,
        other: paid(&all[honest..], share),
        worth: CURVE.reward(positive(period.sealed_gain(&start, end)), DIFFICULTY),
    }
}

#[test]
fn what_is_learnt_by_heart_should_cost_honest_researchers_when_they_share_a_period() {
    let worlds: Vec<World> = (0..WORLDS).map(World::new).collect();
    let mut table = Table::new(&[
        "honest deltas beside it",
        "minted of all rewards, %",
        "CRN, by heart",
        "CRN, each honest one",
        "CRN, each honest one alone",
    ]);
    for honest in 0..=4 {
        let found: Vec<Shared> = (0..SETS)
            .flat_map(|nth| worlds.iter().map(move |world| Period::new(world, nth)))
            .map(|period| shared(&period, honest))
            .collect();
        let of =
            |value: &dyn Fn(&Shared) -> f64, decimals| spread(found.iter().map(value), decimals);
        let each = honest.max(1) as f64;
        table.row(&[
            &honest,
            &of(&|one| f64::from(one.minted) * 100.0 / f64::from(WHOLE), 1),
            &of(&|one| crn(one.other), 0),
            &of(&|one| crn(one.honest) / each, 0),
            &of(&|one| crn(one.alone) / each, 0),
        ]);
        // Alone it gets nothing. With others it lives on them, since what is minted in a period is
        // no more than what the model gained in it.
        assert_eq!(found.iter().any(|one| one.other > 0), honest > 0, "{honest}");
        for one in &found {
            assert!(one.honest <= one.alone);
            assert!(one.honest + one.other <= one.worth);
        }
    }
    table.close();
}
