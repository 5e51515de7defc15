//! A reward that was measured on records which everyone knows waits for sets that nobody knew:
//! four curators seal some before the period, three of them open theirs, and their median says how
//! much of the reward is minted. The fourth says nothing, and pays for it.

use std::{fs, thread};

use cairn_artifact::{hex as named, store::Store};
use cairn_e2e::{said, Failure, Said, Test, TestNet, User, PATIENCE};
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
use pallet_cairn_curation::Event;
use pallet_cairn_rewards::{
    types::{Ledger, Payer, Reserve},
    Reserves,
};
use serde_json::{json, Value};
use tokio::time::{sleep, Instant};

use super::{time, POLL};
use crate::{
    command::{hex, refused},
    school::{Lessons, School},
    work::wealth,
};

const RESEARCHER: &str = "Charlie";
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
/// So many blocks has a period; curators have half of them to open their sets.
const PERIOD: u32 = 80;
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
        Ok(User::new(self.net, RESEARCHER).cairn(&trial)?.ended(0).json)
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
    School::of(net, &[(TRUNK, &LETTERS[..1])], &course).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a reward waits for the end of its period, and for curators who have half of one"]
async fn a_reward_should_be_held_until_the_median_of_sealed_sets_and_silence_be_slashed() -> Test {
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
    let delta = school.hand_in(RESEARCHER, TRUNK, 0).await?;
    // Whenever it is laid there are sets for its period, or for the next.
    let deadline = Instant::now() + 3 * PATIENCE;
    while !lessons.have_ended(&[delta]) {
        if curators.sealed <= school.period().await? {
            curators.seal()?;
        }
        assert!(Instant::now() < deadline, "it has no end: {:#?}", lessons.of(delta));
        sleep(POLL).await;
        lessons.read(&front).await?;
    }
    let (_, gain, reward) = lessons.of(delta).laid()?;
    the_reward_is_held(&school, &lessons, delta, reward).await?;
    let held = wealth(&front, &keys::account(RESEARCHER)?, lessons.last(&front).await?).await?;

    lessons.wait(&front, "sets to be opened", |lessons| reveals(lessons).is_some()).await?;
    let period = reveals(&lessons).ok_or_else(|| Failure::new("nobody is to open a set"))?;
    honest_ones_open_their_sets(&curators, period)?;
    let is_over = |event: &Curated| matches!(event, Event::Over { period: p, .. } if *p == period);
    let is_told = |lessons: &Lessons| lessons.curated.iter().any(is_over);
    lessons.wait(&front, "the trial's end", is_told).await?;

    let (median, share) = the_median_decides(&lessons, period)?;
    assert!(median > 0 && share > 0, "a gain of {gain} should hold: {median}, {share}");
    let released = of(share, reward);
    assert_eq!(lessons.released.get(&delta), Some(&released));
    let after = wealth(&front, &keys::account(RESEARCHER)?, lessons.last(&front).await?).await?;
    assert_eq!(after - held, i128::try_from(released)?);
    let minted = school.books(&lessons).await?;
    assert!(minted.learning == released && minted.data > 0, "{minted:?}, and not {released}");
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

/// It is put aside, of the period's budget, and not minted.
async fn the_reward_is_held(
    school: &School,
    lessons: &Lessons,
    delta: DeltaId,
    reward: Amount,
) -> Test {
    assert!(reward > 0 && school.view(delta).await?.delta.waits, "{delta:?}: {reward}");
    let number = delta.0.to_string();
    let status = User::new(&school.net, RESEARCHER).cairn(&["delta", "status", &number])?.ended(0);
    assert_eq!((&status.json["stage"], &status.json["waits"]), (&json!("laid"), &json!(true)));
    assert_eq!(status.amount("reward"), reward);
    assert_eq!(lessons.released.get(&delta), None);
    let minted = school.books(lessons).await?;
    assert_eq!((minted.learning, minted.data), (0, 0));
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
    let Ledger { held, minted, .. } = school.ledger(*period).await?;
    assert_eq!((held.learning, held.data), (reserve.amount, part.amount), "{held:?}");
    assert_eq!((minted.learning, minted.data), (0, 0), "{minted:?}");
    school.is_within_budgets().await
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

/// What final blocks say of a trial: whose set was void, what the others' median was, and the share
/// that is released. Gives the last two.
fn the_median_decides(lessons: &Lessons, period: u32) -> Result<(i64, Ppm), Failure> {
    let silent = keys::account(CURATORS[HONEST])?;
    let (mut opened, mut gains, mut void, mut slashed, mut found) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut judged, mut paid): (_, Amount) = (None, 0);
    for event in lessons.curated.iter().filter(|event| period_of(event) == Some(period)) {
        match event {
            Event::SetRevealed { set, .. } => opened.push(*set),
            Event::SetMeasured { gain, .. } => gains.push(*gain),
            Event::GainHeld { public, sealed, share, .. } => {
                found.push((*public, *sealed, *share));
            }
            Event::SetVoid { lack, .. } => void.push(*lack),
            Event::Slashed { curator, amount, .. } => slashed.push((curator.clone(), *amount)),
            Event::Judged { sets, deltas, .. } => judged = Some((*sets, *deltas)),
            Event::CuratorsPaid { paid: all, .. } => paid += *all,
            _ => {}
        }
    }
    let story = &lessons.curated;
    assert_eq!((opened.len(), gains.len()), (HONEST, HONEST), "{story:#?}");
    assert_eq!((void, slashed), (vec![Lack::Unopened], vec![(silent, LOST)]), "{story:#?}");
    assert_eq!(paid, HONEST as Amount * PAY, "{story:#?}");
    let told = judged.ok_or_else(|| Failure::new(format!("no median was told: {story:#?}")))?;
    assert_eq!((usize::from(told.0), told.1), (HONEST, 1), "{story:#?}");
    let &[(public, sealed, share)] = found.as_slice() else {
        return Err(Failure::new(format!("another delta was measured: {story:#?}")));
    };
    let level = median(&mut gains).unwrap_or(0);
    assert_eq!(sealed, u64::try_from(level).unwrap_or(0), "{story:#?}");
    assert_eq!(share, held_share(public, sealed));
    Ok((level, share))
}

/// The period of a trial that something is told of.
fn period_of(event: &Curated) -> Option<u32> {
    match event {
        Event::SetMeasured { period, .. }
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
