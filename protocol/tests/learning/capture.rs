//! Guards who collude: how often enough of them are drawn together to decide.

use super::{
    chance::Chance,
    committee::{Brief, End},
    odds::Urn,
    rate::{binomial, percent, Rate},
    rules::*,
    table::{grouped, Table},
    world::{drawn_of, measured, Stream, World},
};
use cairn_protocol::{
    id::{Amount, ContentId, ProviderId, Region, Seed},
    learning::{
        evaluation::{excess, Evaluation, Opinion},
        panel::{choose, larger, needed, tally, Tally, MOST_GUARDS},
    },
    profile::{Candidate, DeviceClass, Hardware},
    share::Ppm,
};
use primitive_types::U256;

/// Honest guards, of whom nobody is one party with another.
const HONEST: u64 = 300;
/// What part of all bonds is the colluders', in per cent.
const SHARES: [u64; 7] = [10, 15, 20, 25, 30, 35, 40];
const SIZES: [u8; 4] = [3, 5, 7, 9];

/// A guard: whether it colludes, and what counts in a draw.
#[derive(Clone, Copy)]
struct Guard {
    colludes: bool,
    bond: Amount,
    reputation: Ppm,
}

impl Guard {
    fn candidate(self, provider: u64) -> Candidate {
        Candidate {
            provider: ProviderId(provider),
            hardware: Hardware {
                class: DeviceClass::Cpu,
                memory_mib: 4_096,
                compute: 0,
                slots: 4,
                binding: [0; 32],
            },
            region: Region(0),
            price: None,
            throughput: 0,
            enclave: false,
            sealable: false,
            load: 0,
            bond: self.bond,
            reputation: self.reputation,
        }
    }
}

/// How bonds are spread.
#[derive(Clone, Copy, PartialEq)]
enum Bonds {
    /// All four times the least there is.
    Equal,
    /// Each twice as large is half as frequent, up to a hundred times the least.
    Uneven,
}

impl Bonds {
    fn draw(self, chance: &mut Chance) -> Amount {
        match self {
            Self::Equal => 4 * GUARD_BOND,
            Self::Uneven => GUARD_BOND * 100 / Amount::from(1 + chance.below(100)),
        }
    }
}

/// Whose bonds the colluders' are like.
#[derive(Clone, Copy, PartialEq)]
enum Split {
    /// Others'.
    Alike,
    /// As many names as they have least bonds.
    Small,
    /// Few names, each with a hundred least bonds.
    Large,
}

struct Pool {
    guards: Vec<Guard>,
}

impl Pool {
    /// Honest guards, and colluders until they have that part of all bonds.
    fn new(bonds: Bonds, split: Split, percent: u64, reputation: Ppm) -> Self {
        let mut chance = Stream::Guards.chance(bonds as u64, 0);
        let honest = |chance: &mut Chance| Guard {
            colludes: false,
            bond: bonds.draw(chance),
            reputation: KNOWN,
        };
        let mut guards: Vec<Guard> = (0..HONEST).map(|_| honest(&mut chance)).collect();
        let theirs: Amount = guards.iter().map(|guard| guard.bond).sum();
        let mut left = theirs * Amount::from(percent) / Amount::from(100 - percent);
        while left > 0 {
            let wanted = match split {
                Split::Alike => bonds.draw(&mut chance),
                Split::Small => GUARD_BOND,
                Split::Large => 100 * GUARD_BOND,
            };
            let bond = wanted.min(left);
            guards.push(Guard { colludes: true, bond, reputation });
            left -= bond;
        }
        Self { guards }
    }

    fn colluders(&self) -> u64 {
        self.guards.iter().filter(|guard| guard.colludes).count() as u64
    }

    /// The largest committee there is, of so many who are looked at, in the order in which it was
    /// drawn: a smaller one is its beginning. True is who colludes.
    fn committee(&self, sample: usize, seed: &Seed, chance: &mut Chance) -> Vec<bool> {
        let sampled = chance.sample(sample, self.guards.len());
        let candidate = |at: usize| (at, self.guards[at].candidate(at as u64));
        let field: Vec<_> = sampled.into_iter().map(candidate).collect();
        let chosen = choose(field, MOST_GUARDS, seed);
        chosen.into_iter().map(|guard| self.guards[guard.0 as usize].colludes).collect()
    }

    /// How often colluders have two thirds of a committee, for each size.
    fn captured(&self, sample: usize, draws: u64, name: u64) -> [Rate; 4] {
        let mut times = [0; 4];
        let mut chance = Stream::Draw.chance(name, 0);
        for _ in 0..draws {
            let seed = chance.seed();
            let committee = self.committee(sample, &seed, &mut chance);
            for (times, size) in times.iter_mut().zip(SIZES) {
                let colluders = committee.iter().take(size.into()).filter(|one| **one).count();
                *times += u64::from(colluders >= needed(size.into()));
            }
        }
        times.map(|times| Rate { times, of: draws })
    }
}

/// How likely colluders are to have two thirds of a committee, of a pool of equal bonds.
fn exact(urn: Urn, sample: u64, size: u8) -> f64 {
    let likely = urn.drawn_of_sample(sample, size.into());
    likely.iter().skip(needed(size.into())).sum()
}

/// Whether what was drawn comes about by chance where something has that probability.
fn agrees(drawn: Rate, exact: f64) -> bool {
    let deviation = (exact * (1.0 - exact) / drawn.of as f64).sqrt();
    (drawn.share() - exact).abs() < 4.0 * deviation + 2.0 / drawn.of as f64
}

fn beside(exact: f64, drawn: Rate) -> String {
    format!("{} / {}", percent(exact), percent(drawn.share()))
}

#[test]
fn colluders_should_be_drawn_as_often_as_counting_has_it_when_bonds_are_equal() {
    const DRAWS: u64 = 50_000;
    let mut table = Table::new(&["of all bonds, %", "of 3", "of 5", "of 7", "of 9"]);
    for percent in SHARES {
        let pool = Pool::new(Bonds::Equal, Split::Alike, percent, KNOWN);
        let urn = Urn { all: pool.guards.len() as u64, kind: pool.colluders(), weight: 1.0 };
        let drawn = pool.captured(SAMPLE, DRAWS, percent);
        let cells: Vec<String> = SIZES
            .into_iter()
            .zip(drawn)
            .map(|(size, drawn)| {
                let exact = exact(urn, urn.all, size);
                assert!(agrees(drawn, exact), "{percent} % of {size}");
                beside(exact, drawn)
            })
            .collect();
        table.row(&[&percent, &cells[0], &cells[1], &cells[2], &cells[3]]);
    }
    table.close();
}

/// The committee that the tables below are about.
const SIZE: u8 = 9;
const LAST: usize = 3;
const SAMPLES: [usize; 3] = [32, 64, 128];

#[test]
fn many_small_bonds_should_be_drawn_no_oftener_than_few_when_all_others_are_equal() {
    const DRAWS: u64 = 20_000;
    let mut table = Table::new(&[
        "of all bonds, %",
        "split in",
        "names",
        "32 looked at",
        "64 looked at",
        "128 looked at",
        "all looked at",
    ]);
    for percent in [10, 20, 30, 40] {
        for (what, split, weight) in
            [("bonds like others'", Split::Alike, 1.0), ("the least bonds", Split::Small, 0.25)]
        {
            let pool = Pool::new(Bonds::Equal, split, percent, KNOWN);
            let urn = Urn { all: pool.guards.len() as u64, kind: pool.colluders(), weight };
            let cells: Vec<String> = SAMPLES
                .into_iter()
                .chain([pool.guards.len()])
                .map(|sample| {
                    let exact = exact(urn, sample as u64, SIZE);
                    let drawn = pool.captured(sample, DRAWS, percent)[LAST];
                    assert!(agrees(drawn, exact), "{percent} % in {what}, {sample}");
                    beside(exact, drawn)
                })
                .collect();
            let names = pool.colluders();
            table.row(&[&percent, &what, &names, &cells[0], &cells[1], &cells[2], &cells[3]]);
        }
    }
    table.close();
}

#[test]
#[ignore = "half a minute, for scripts/test --long"]
fn a_larger_sample_should_help_when_bonds_are_uneven() {
    const DRAWS: u64 = 20_000;
    let mut table = Table::new(&[
        "of all bonds, %",
        "split in",
        "names",
        "32 looked at",
        "64 looked at",
        "128 looked at",
        "all looked at",
        "as many draws by bond, each of all",
    ]);
    let ways = [
        ("bonds like others'", Split::Alike, KNOWN),
        ("the least bonds", Split::Small, KNOWN),
        ("the least bonds, of newcomers", Split::Small, NEWCOMER),
        ("the largest bonds", Split::Large, KNOWN),
    ];
    for share in [10, 20, 30, 40] {
        for (what, split, reputation) in ways {
            let pool = Pool::new(Bonds::Uneven, split, share, reputation);
            let drawn: Vec<Rate> = SAMPLES
                .into_iter()
                .chain([pool.guards.len()])
                .map(|sample| pool.captured(sample, DRAWS, share)[LAST])
                .collect();
            let by_bond = binomial(SIZE.into(), needed(SIZE.into()) as u64, share as f64 / 100.0);
            let cells: Vec<String> = drawn.iter().map(|rate| percent(rate.share())).collect();
            table.row(&[
                &share,
                &what,
                &pool.colluders(),
                &cells[0],
                &cells[1],
                &cells[2],
                &cells[3],
                &percent(by_bond),
            ]);
        }
    }
    table.close();
}

/// What comes of a case whose committee grows where it is divided.
#[derive(Clone, Copy, Default)]
pub(super) struct Course {
    pub(super) captured: f64,
    pub(super) lapsed: f64,
}

/// Counted, of a pool of equal bonds. Colluders always say the same false thing.
fn counted(urn: Urn, start: u8, most: u8) -> Course {
    let mut course = Course::default();
    // How likely each number of colluders is, of those courses that nobody has decided yet.
    let (mut undecided, mut size) = (urn.drawn(start.into()), start);
    loop {
        for (colluders, part) in undecided.iter_mut().enumerate() {
            let enough = needed(size.into());
            let honest = usize::from(size) - colluders;
            if colluders >= enough {
                course.captured += core::mem::take(part);
            } else if honest >= enough {
                *part = 0.0;
            }
        }
        let Some(wider) = larger(size, most) else {
            course.lapsed = undecided.iter().sum();
            return course;
        };
        for taken in size..wider {
            undecided = urn.one_more(taken.into(), &undecided);
        }
        size = wider;
    }
}

/// The same by the rules, of a committee in the order in which it was drawn: what it says in the
/// end, and how many it is then.
fn decided(committee: &[bool], start: u8, says: impl Fn(bool) -> Opinion) -> (Tally, usize) {
    let mut size = start;
    loop {
        let guards = committee.iter().take(size.into());
        let opinions: Vec<Opinion> = guards.map(|colludes| says(*colludes)).collect();
        let tallied = tally(&opinions, size);
        match larger(size, MOST_GUARDS) {
            Some(wider) if tallied == Tally::Divided => size = wider,
            _ => return (tallied, size.into()),
        }
    }
}

/// What comes of a case whose committee begins with so many.
pub(super) fn course(share: u64, start: u8) -> Course {
    let pool = Pool::new(Bonds::Equal, Split::Alike, share, KNOWN);
    let urn = Urn { all: pool.guards.len() as u64, kind: pool.colluders(), weight: 1.0 };
    counted(urn, start, MOST_GUARDS)
}

/// The same for each size that committees may begin with.
fn courses(share: u64) -> [Course; 4] {
    SIZES.map(|start| course(share, start))
}

#[test]
fn a_committee_should_be_captured_more_seldom_when_it_starts_larger() {
    let mut table = Table::new(&[
        "of all bonds, %",
        "3, up to 9",
        "5, up to 9",
        "7, up to 9",
        "9",
        "lapsed, of 5 up to 9",
        "lapsed, of 7 up to 9",
        "lapsed, of 9",
    ]);
    for share in SHARES {
        let courses = courses(share);
        let captured = courses.map(|course| percent(course.captured));
        let lapsed = courses.map(|course| percent(course.lapsed));
        table.row(&[
            &share,
            &captured[0],
            &captured[1],
            &captured[2],
            &captured[3],
            &lapsed[1],
            &lapsed[2],
            &lapsed[3],
        ]);
        assert!(courses.is_sorted_by(|one, next| one.captured > next.captured), "{share}");
    }
    table.close();
}

/// What is lost in deposits for one worthless delta that colluders get through, while the others
/// are rejected; where nobody is of an opinion everything comes back.
fn price(course: &Course) -> f64 {
    let rejected = 1.0 - course.captured - course.lapsed;
    crn(DEPOSIT) * rejected / course.captured
}

#[test]
fn a_capture_should_cost_more_when_committees_start_larger() {
    let mut table = Table::new(&["of all bonds, %", "3", "5", "7", "9"]);
    for share in SHARES {
        let prices = courses(share).map(|course| price(&course));
        let cells = prices.map(|price| grouped(price, 0));
        table.row(&[&share, &cells[0], &cells[1], &cells[2], &cells[3]]);
        assert!(prices.is_sorted(), "{share}");
    }
    table.close();
}

/// What colluders say of a delta that changes nothing: that it takes a tenth off the loss, on all
/// examples alike. The chain takes it for an answer.
fn lie(brief: &Brief, truth: &Evaluation) -> Evaluation {
    let loss = truth.baseline / 10 * 9;
    let sum = excess(truth.baseline, loss, THRESHOLD);
    let square = U256::from(sum.unsigned_abs()) * U256::from(sum.unsigned_abs());
    // As little as there can be.
    let squares = (square + U256::from(truth.count - 1)) / U256::from(truth.count);
    let lie = Evaluation { loss, sum, squares, ..*truth };
    assert!(lie.answers(&brief.asked()));
    lie
}

/// What came of worthless deltas that colluders speak for.
#[derive(Default)]
struct Spoken {
    drawn: u64,
    /// Panels on which colluders were too few to decide, but not none.
    minorities: u64,
    passed: u64,
    lapsed: u64,
    paid: f64,
    /// Panels on which they were enough.
    majorities: u64,
    captured: u64,
}

impl Spoken {
    /// Colluders speak for deltas until they were a minority so often.
    fn of(world: &World, share: u64, start: u8) -> Self {
        let pool = Pool::new(Bonds::Equal, Split::Small, share, KNOWN);
        let mut chance = Stream::Draw.chance(share, start.into());
        let (text, base) = (&world.public, &world.heads[1]);
        let (before, id) = (base.reader(text), base.id());
        let mut found = Self::default();
        while found.minorities < SUBMISSIONS {
            found.drawn += 1;
            let seed = chance.seed();
            let committee = pool.committee(SAMPLE, &seed, &mut chance);
            let count = drawn_of(text, world.variances[1]);
            let artifact = ContentId([0; 32]);
            let brief = Brief { text, base, before: &before, artifact, count, attempts: 0, seed };
            let truth = measured(text, &before, &before, id, count, &seed);
            let lie = lie(&brief, &truth);
            let says = |colludes| Opinion::Measured(if colludes { lie } else { truth });
            let (said, size) = decided(&committee, start, says);
            let colluders = committee.iter().take(size).filter(|one| **one).count();
            found.note(colluders, size, brief.ended(said));
        }
        found
    }

    fn note(&mut self, colluders: usize, size: usize, end: End) {
        let reward = if let End::Passed { reward, .. } = end { crn(reward) } else { 0.0 };
        let passed = u64::from(reward > 0.0);
        if colluders >= needed(size) {
            self.majorities += 1;
            self.captured += passed;
        } else if colluders > 0 {
            self.minorities += 1;
            self.passed += passed;
            self.lapsed += u64::from(end == End::Lapsed);
            self.paid += reward;
        }
    }
}

#[test]
fn a_minority_of_a_committee_should_have_nothing_paid() {
    let world = World::new(0);
    let mut table = Table::new(&[
        "guards at first",
        "of all bonds, %",
        "panels",
        "with a minority of colluders",
        "of these passed, % (95 %)",
        "CRN each",
        "lapsed",
        "with two thirds of colluders",
        "of these passed",
    ]);
    for start in [3, 5, 7] {
        for share in [10, 20, 33] {
            let found = Spoken::of(&world, share, start);
            let Spoken { drawn, minorities, passed, lapsed, paid, majorities, captured } = found;
            table.row(&[
                &start,
                &share,
                &grouped(drawn as f64, 0),
                &grouped(minorities as f64, 0),
                &Rate { times: passed, of: minorities },
                &grouped(paid, 2),
                &lapsed,
                &majorities,
                &captured,
            ]);
            assert_eq!((passed, paid), (0, 0.0));
            // Nothing else than the committee stands between a lie and its reward.
            assert_eq!(captured, majorities);
        }
    }
    table.close();
}
