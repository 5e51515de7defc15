//! A reward that was measured on records which everyone knows waits for sets that nobody knew:
//! four curators seal some before the period, three of them open theirs, and their medians say of
//! two deltas how much of the reward of each is minted. The fourth says nothing, and pays for it.

use std::{collections::BTreeMap, fs, thread};

use cairn_artifact::{hex as named, store::Store};
use cairn_e2e::{said, Failure, Said, Test, TestNet, User};
use cairn_localnet::{
    keys,
    school::{LETTERS, STEPS, TRUNK},
    Course, Market, Setup,
};
use cairn_protocol::{
    chunk,
    id::{Amount, DeltaId},
    learning::{curation::Lack, reward::held_share, sealed::median},
    share::{of, Ppm},
    spec::Records,
};
use cairn_runtime::{units::UNITS, AccountId, Runtime};
use pallet_cairn_curation::{types::SnapshotId, Event};
use pallet_cairn_rewards::{
    types::{Ledger, Payer, Reserve},
    Reserves,
};
use serde_json::{json, Value};
use tokio::try_join;

use super::time;
use crate::{
    command::{hex, refused},
    school::{Lessons, School},
    work::wealth,
};

/// One mends what the other does not.
const RESEARCHERS: [&str; 2] = ["Charlie", "Alice"];
/// The last one opens nothing.
const CURATORS: [&str; 4] = ["Bob", "Dave", "Eve", "Ferdie"];
const HONEST: usize = 3;
const BOND: Amount = 500 * UNITS;
/// What silence costs, and what a set is paid that was measured.
const LOST: Amount = 100 * UNITS;
const PAY: Amount = 20 * UNITS;
/// Of a reward, for whoever made the set that it was measured on.
const DATA: Ppm = 285_714;
const GUARDS: usize = 3;
/// Each may be at a panel for each set, and at a challenge.
const SLOTS: u8 = 8;
/// So many blocks has a period; curators have half of them to open their sets. Both deltas are
/// judged and laid within two of them.
const PERIOD: u32 = 120;
/// Tokens of a record, and its bytes.
const LENGTH: &str = "64";
const RECORD_BYTES: u32 = 256;
/// Records that everyone knows, and those of a curator, far from each other.
const KNOWN: u32 = 512;
const OWN: u32 = 128;
const APART: usize = 10_000;

type Curated = Event<Runtime>;

/// The curators, each with records of its own.
struct Curators<'a> {
    net: &'a TestNet,
    market: Market,
    /// Up to which period sets are sealed.
    sealed: u32,
}

impl Curators<'_> {
    /// Has several of them say the same at once, `RECORDS` being the file of each.
    fn at_once(&self, who: &[&str], line: &str) -> Result<Vec<Said>, Failure> {
        let begun: Vec<_> = who
            .iter()
            .map(|seed| {
                let (user, records) = (User::new(self.net, seed), records(self.net, seed));
                let line = line.replace("RECORDS", &records);
                thread::spawn(move || user.cairn(&line.split_whitespace().collect::<Vec<_>>()))
            })
            .collect();
        let broken = |_| Failure::new("a command was given up by this test");
        begun.into_iter().map(|one| one.join().map_err(broken)?).collect()
    }

    fn line(&self, what: &str, period: u32) -> String {
        let model = hex(&self.market.model.0);
        let archive = self.market.archive.display();
        format!("curate {what} --model {model} --period {period} --archive {archive}")
    }

    fn sealing(&self, period: u32) -> String {
        self.line(&format!("seal --records RECORDS --record-bytes {RECORD_BYTES}"), period)
    }

    /// All of them seal sets for the next period.
    fn seal(&mut self) -> Test {
        self.sealed += 1;
        for said in self.at_once(&CURATORS, &self.sealing(self.sealed))? {
            assert_eq!(said.ended(0).number("records"), u64::from(OWN));
        }
        Ok(())
    }

    fn trial(&self, period: u32) -> Result<Value, Failure> {
        let (model, period) = (hex(&self.market.model.0), period.to_string());
        let trial = ["curate", "trial", "--model", &model, "--period", &period];
        Ok(User::new(self.net, RESEARCHERS[0]).cairn(&trial)?.ended(0).json)
    }
}

fn records(net: &TestNet, whose: &str) -> String {
    net.scratch().join(format!("records-{whose}")).display().to_string()
}

/// Cuts records of the text that the model learned from.
fn cut(net: &TestNet, market: &Market, whose: &str, count: u32, from: usize) -> Test {
    let (folder, out) = (market.folder.display().to_string(), records(net, whose));
    let (count, from) = (count.to_string(), from.to_string());
    let text = ["records", &folder, "--out", &out, "--synthetic", "1", "--length", LENGTH];
    let which = ["--records", &count, "--from", &from, "--json"];
    said("cairn-engine", &[text.as_slice(), &which].concat())?.ended(0);
    Ok(())
}

/// A model that is admitted, and judged on records that everyone knows.
async fn open() -> Result<School, Failure> {
    let mut patch = time(GUARDS);
    patch["launch"]["periodBlocks"] = PERIOD.into();
    let setups = vec![Setup { slots: SLOTS, ..Setup::default() }; GUARDS];
    let net = TestNet::with_lessons(setups, patch, STEPS).await?;
    let market = net.market().cloned().ok_or_else(|| Failure::new("the network has no market"))?;
    cut(&net, &market, "everyone", KNOWN, 0)?;
    for (nth, seed) in (1..).zip(CURATORS) {
        cut(&net, &market, seed, OWN, nth * APART)?;
    }
    let known = fs::read(records(&net, "everyone"))?;
    let file = Store::at(&market.archive)?.put(&known)?;
    let records = Records { file, record_bytes: RECORD_BYTES };
    let course = Course { records: Some(records), sponsored: false };
    School::of(net, &[(TRUNK, &LETTERS[..2])], &course).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "rewards wait for the end of their period, and for curators who have half of one"]
async fn rewards_should_be_held_until_the_medians_of_sealed_sets_and_silence_be_slashed() -> Test {
    let mut school = open().await?;
    let front = school.front.clone();
    let market = school.market()?.clone();
    let mut curators = Curators { net: &school.net, market, sealed: 0 };
    let early = curators.at_once(&CURATORS[..1], &curators.sealing(school.period().await? + 2))?;
    for said in early {
        refused(said, 3, "Curation::NotACurator");
    }
    for said in curators.at_once(&CURATORS, "curate register")? {
        let said = said.ended(0);
        assert_eq!((said.amount("bond"), said.number("sets")), (BOND, 0));
    }
    // Whoever begins when a period does has all of it.
    let begun = school.period().await? + 1;
    school.wait_for_end(begun - 1).await?;
    curators.sealed = begun;
    curators.seal()?;
    nothing_is_shown_before_its_time(&curators)?;

    let mut lessons = Lessons::begin_with(&front).await?;
    let (one, other) = try_join!(
        school.hand_in(RESEARCHERS[0], TRUNK, 0),
        school.hand_in(RESEARCHERS[1], TRUNK, 1),
    )?;
    let mut handed_in = [(one, RESEARCHERS[0]), (other, RESEARCHERS[1])];
    // They are laid in this order, the second on the first.
    handed_in.sort_unstable();
    let deltas = handed_in.map(|(delta, _)| delta);
    lessons.wait(&front, "both ends", |lessons| lessons.have_ended(&deltas)).await?;
    // What is laid in the first period, which has no sets, waits for those of the second.
    let period = curators.sealed;
    assert!(school.period().await? <= period, "they took too long: {:#?}", lessons.deltas);
    the_rewards_are_held(&school, &lessons, &deltas).await?;
    let held = wealth_of_each(&school, &lessons, &handed_in).await?;

    lessons.wait(&front, "sets to be opened", |lessons| reveals(lessons).is_some()).await?;
    assert_eq!(reveals(&lessons), Some(period));
    honest_ones_open_their_sets(&curators, period)?;
    let is_over = |event: &Curated| matches!(event, Event::Over { period: p, .. } if *p == period);
    let is_told = |lessons: &Lessons| lessons.curated.iter().any(is_over);
    lessons.wait(&front, "the trial's end", is_told).await?;

    let shares = the_medians_decide(&lessons, period, deltas)?;
    let after = wealth_of_each(&school, &lessons, &handed_in).await?;
    let mut minted = 0;
    for (nth, delta) in deltas.into_iter().enumerate() {
        let released = of(shares[nth], lessons.of(delta).laid()?.2);
        assert!(released > 0, "{delta:?}: {shares:?}");
        assert_eq!(lessons.released.get(&delta), Some(&released), "{delta:?}: {shares:?}");
        assert_eq!(after[nth] - held[nth], i128::try_from(released)?, "{delta:?}");
        minted += released;
    }
    let books = school.books(&lessons).await?;
    assert!(books.learning == minted && books.data > 0, "{books:?}, and not {minted}");
    school.is_within_budgets().await?;
    the_silent_one_has_lost(&school, &curators)?;
    school.net.check_alive()?;
    school.net.passed()
}

/// A set that is opened too early is refused, and its records are nowhere.
fn nothing_is_shown_before_its_time(curators: &Curators<'_>) -> Test {
    let period = curators.sealed;
    for said in curators.at_once(&CURATORS[..1], &curators.line("reveal", period))? {
        refused(said, 3, "Curation::WrongStage");
    }
    for seed in CURATORS {
        let plain = chunk::content(&fs::read(records(curators.net, seed))?);
        let shown = curators.market.archive.join(named(&plain));
        assert!(!shown.exists(), "the records of {seed} are there for all to read");
    }
    // The same again is the same set.
    for said in curators.at_once(&CURATORS, &curators.sealing(period))? {
        assert_eq!(said.ended(0).json["progress"], "sealed");
    }
    let trial = curators.trial(period)?;
    let sets = trial["sets"].as_array().map(Vec::len);
    assert_eq!((&trial["stage"], sets), (&json!("announced"), Some(CURATORS.len())), "{trial}");
    Ok(())
}

/// What each researcher has.
async fn wealth_of_each(
    school: &School,
    lessons: &Lessons,
    handed_in: &[(DeltaId, &str); 2],
) -> Result<[i128; 2], Failure> {
    let (front, at) = (&school.front, lessons.last(&school.front).await?);
    let [one, other] = [keys::account(handed_in[0].1)?, keys::account(handed_in[1].1)?];
    Ok([wealth(front, &one, at).await?, wealth(front, &other, at).await?])
}

/// They are put aside, each of its period's budget, and not minted.
async fn the_rewards_are_held(school: &School, lessons: &Lessons, deltas: &[DeltaId]) -> Test {
    let minted = school.books(lessons).await?;
    assert_eq!((minted.learning, minted.data), (0, 0));
    let mut sums: BTreeMap<u32, (Amount, Amount)> = BTreeMap::new();
    for delta in deltas {
        let (period, reward, data) = one_is_held(school, lessons, *delta).await?;
        let sum = sums.entry(period).or_default();
        *sum = (sum.0 + reward, sum.1 + data);
    }
    for (period, sum) in sums {
        let Ledger { held, minted, .. } = school.ledger(period).await?;
        assert_eq!((held.learning, held.data), sum, "{period}: {held:?}");
        assert_eq!((minted.learning, minted.data), (0, 0), "{period}: {minted:?}");
    }
    school.is_within_budgets().await
}

/// Gives the period of whose budget a reward is put aside, how much that is, and what the author of
/// the examples may get.
async fn one_is_held(
    school: &School,
    lessons: &Lessons,
    delta: DeltaId,
) -> Result<(u32, Amount, Amount), Failure> {
    let (_, _, reward) = lessons.of(delta).laid()?;
    assert!(reward > 0 && school.view(delta).await?.delta.waits, "{delta:?}: {reward}");
    let (asks, number) = (User::new(&school.net, RESEARCHERS[0]), delta.0.to_string());
    let status = asks.cairn(&["delta", "status", &number])?.ended(0);
    assert_eq!((&status.json["stage"], &status.json["waits"]), (&json!("laid"), &json!(true)));
    assert_eq!(status.amount("reward"), reward);
    assert_eq!(lessons.released.get(&delta), None);
    let told = lessons
        .curated
        .iter()
        .any(|event| matches!(event, Event::RewardHeld { delta: held, .. } if *held == delta));
    assert!(told, "no trial holds the reward: {:#?}", lessons.curated);
    let reserve: Option<Reserve<AccountId>> =
        school.stored(Reserves::<Runtime>::hashed_key_for(delta)).await?;
    let reserve = reserve.ok_or_else(|| Failure::new("nothing is put aside for the delta"))?;
    let Payer::Budget { period, data: Some(part) } = &reserve.payer else {
        return Err(Failure::new(format!("it is of no budget: {:?}", reserve.payer)));
    };
    assert_eq!((reserve.amount, part.amount), (reward, of(DATA, reward)));
    Ok((*period, reserve.amount, part.amount))
}

/// The period whose sets are to be opened.
fn reveals(lessons: &Lessons) -> Option<u32> {
    lessons.curated.iter().find_map(|event| match event {
        Event::RevealsOpened { period, .. } => Some(*period),
        _ => None,
    })
}

fn honest_ones_open_their_sets(curators: &Curators<'_>, period: u32) -> Test {
    let line = curators.line("reveal", period);
    for said in curators.at_once(&CURATORS[..HONEST], &line)? {
        assert_eq!(said.ended(0).json["progress"], "opened");
    }
    // The last one has time, as long as it lasts.
    let trial = curators.trial(period)?;
    let progress: Vec<&str> = trial["sets"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|set| set["progress"].as_str())
        .collect();
    let count = |what: &str| progress.iter().filter(|one| **one == what).count();
    assert_eq!(trial["stage"], "reveals", "{trial}");
    assert_eq!((count("opened"), count("sealed")), (HONEST, CURATORS.len() - HONEST), "{trial}");
    Ok(())
}

/// What final blocks say of a trial: whose set was void, how the model stood on the others' after
/// each delta, and the share of each reward that is released. Gives the shares.
fn the_medians_decide(
    lessons: &Lessons,
    period: u32,
    deltas: [DeltaId; 2],
) -> Result<[Ppm; 2], Failure> {
    let silent = keys::account(CURATORS[HONEST])?;
    let (mut opened, mut void, mut slashed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut asked, mut found) = (Vec::new(), Vec::new());
    let mut levels: BTreeMap<SnapshotId, BTreeMap<u8, i64>> = BTreeMap::new();
    let (mut judged, mut paid): (_, Amount) = (None, 0);
    for event in lessons.curated.iter().filter(|event| period_of(event) == Some(period)) {
        match event {
            Event::SetRevealed { set, .. } => opened.push(*set),
            Event::HeadAsked { head, delta, .. } => asked.push((*head, *delta)),
            Event::SetMeasured { set, head, gain, .. } => {
                levels.entry(*head).or_default().insert(*set, *gain);
            }
            Event::GainHeld { delta, public, sealed, share, .. } => {
                found.push((*delta, *public, *sealed, *share));
            }
            Event::SetVoid { lack, .. } => void.push(*lack),
            Event::Slashed { curator, amount, .. } => slashed.push((curator.clone(), *amount)),
            Event::Judged { sets, deltas, .. } => judged = Some((usize::from(*sets), *deltas)),
            Event::CuratorsPaid { paid: all, .. } => paid += *all,
            _ => {}
        }
    }
    let story = &lessons.curated;
    assert_eq!(opened.len(), HONEST, "{story:#?}");
    assert_eq!((void, slashed), (vec![Lack::Unopened], vec![(silent, LOST)]), "{story:#?}");
    assert_eq!(paid, HONEST as Amount * PAY, "{story:#?}");
    assert_eq!(judged, Some((HONEST, 2)), "{story:#?}");
    // What the first was laid on is what all is measured from, and nobody is asked about it.
    let (&[(middle, first), (last, second)], &[one, other]) = (asked.as_slice(), found.as_slice())
    else {
        return Err(Failure::new(format!("two heads, and two gains: {story:#?}")));
    };
    assert_eq!(([first, second], [one.0, other.0]), (deltas, deltas), "{story:#?}");
    let on = |head| levels.get(&head).map(|levels| levels.values().copied().collect::<Vec<_>>());
    let (middle, last) = (on(middle).unwrap_or_default(), on(last).unwrap_or_default());
    assert_eq!((middle.len(), last.len()), (HONEST, HONEST), "{story:#?}");
    let own = [gained(&[0; HONEST], &middle), gained(&middle, &last)];
    for ((delta, public, sealed, share), own) in [one, other].into_iter().zip(own) {
        assert_eq!(public, lessons.of(delta).laid()?.1, "{delta:?}");
        assert!(own > 0, "a gain of {public} should hold: {story:#?}");
        assert_eq!((sealed, share), (own, held_share(public, own)), "{delta:?}: {story:#?}");
    }
    Ok([one.3, other.3])
}

/// What a delta gained on sealed sets where the model did not fall before: no more than the medians
/// before and after it lie apart, and than the median of what it gained on each.
fn gained(before: &[i64], after: &[i64]) -> u64 {
    let middle = |gains: &[i64]| median(&mut gains.to_vec()).unwrap_or(0);
    let each: Vec<i64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    let gained = middle(&each).min(middle(after) - middle(before));
    u64::try_from(gained).unwrap_or(0)
}

/// The period of a trial that something is told of.
fn period_of(event: &Curated) -> Option<u32> {
    match event {
        Event::HeadAsked { period, .. }
        | Event::SetMeasured { period, .. }
        | Event::SetVoid { period, .. }
        | Event::Slashed { period, .. }
        | Event::Judged { period, .. }
        | Event::GainHeld { period, .. }
        | Event::CuratorsPaid { period, .. }
        | Event::SetRevealed { period, .. } => Some(*period),
        _ => None,
    }
}

/// It seals nothing before its bond is whole again. The others have theirs.
fn the_silent_one_has_lost(school: &School, curators: &Curators<'_>) -> Test {
    for (nth, seed) in CURATORS.into_iter().enumerate() {
        let status = User::new(&school.net, seed).cairn(&["curate", "status"])?.ended(0);
        let left = if nth < HONEST { BOND } else { BOND - LOST };
        assert_eq!((status.amount("bond"), status.amount("need")), (left, BOND), "{seed}");
    }
    let silent = &CURATORS[HONEST..];
    for said in curators.at_once(silent, &curators.sealing(curators.sealed + 1))? {
        refused(said, 3, "Curation::BondTooSmall");
    }
    for said in curators.at_once(silent, "curate register")? {
        assert_eq!(said.ended(0).amount("bond"), BOND);
    }
    for said in curators.at_once(&CURATORS[..1], "curate register")? {
        refused(said, 3, "Curation::BondedAlready");
    }
    Ok(())
}
