//! Deltas that there is nothing to measure of: one that nobody has, one that is no change, and one
//! that is too large to be fetched. Guards say so, each ends with the reason, and its author loses
//! its deposit and half of its bond.

use std::thread;

use cairn_artifact::store::Store;
use cairn_e2e::{Failure, Said, Test, TestNet, User};
use cairn_localnet::{
    keys,
    school::{EXPERTS, LETTERS, TRUNK},
    Course, Setup,
};
use cairn_protocol::{
    chunk,
    id::{Amount, BlockId, ContentId, DeltaId, File, ProviderId},
    learning::{
        brief::MOST_CHANGE,
        delta::Stakes,
        evaluation::{DeltaFlaw, Opinion},
        panel::Outcome,
    },
    lifecycle::delta::{Reason, Stage},
    share::{of, Ppm},
};
use cairn_runtime::{units::UNITS, Hash};
use pallet_cairn_rewards::Sums;
use serde_json::json;
use tokio::try_join;

use crate::{
    command::{hex, refused},
    school::{sorted, End, Lessons, School},
    work::wealth,
};

/// Who hands in what nobody has, what is no change, and what is too large.
const AUTHORS: [&str; 3] = ["Charlie", "Dave", "Eve"];
/// The component that the last one is for is another file than the model began with, and so as long
/// as its brief says.
const NAMES: [&str; 3] = [EXPERTS[0], EXPERTS[1], TRUNK];
const SPONSOR: &str = "Ferdie";
/// What the sponsor puts aside, and what each guard has of that for a verdict.
const GIVEN: &str = "100";
const PAY: Amount = 2 * UNITS;
const GUARDS: usize = 3;
/// All deltas at once, and a challenge.
const SLOTS: u8 = 8;
/// Blocks to judge in. Guards look for what nobody has in half of them.
const JUDGING: u32 = 40;
/// Of the bond, where there was nothing to judge.
const FORFEIT: Ppm = 500_000;
/// More than an author pays in fees.
const FEES: Amount = 5 * UNITS;
/// What is put into the archive for a change.
const STONE: &[u8] = b"stone";
const NOWHERE: &[u8] = b"this was never put anywhere";

/// A delta that was handed in, and what is to come of it.
struct Bad {
    author: &'static str,
    name: &'static str,
    delta: DeltaId,
    /// What its author put up.
    stakes: Stakes,
    said: Opinion,
    reason: Reason,
    /// What its author is told.
    words: String,
}

/// Three guards, and a model that somebody pays for who judges it.
async fn open() -> Result<School, Failure> {
    let launch = json!({ "launch": { "panelGuards": GUARDS, "judgingBlocks": JUDGING } });
    let setups = vec![Setup { slots: SLOTS, ..Setup::default() }; GUARDS];
    // Nobody looks at what the model says.
    let net = TestNet::with_setups(setups, launch).await?;
    let course = Course { sponsored: true, ..Course::default() };
    let school = School::of(net, &[(TRUNK, &LETTERS[..1])], &course).await?;
    let model = hex(&school.market()?.model.0);
    let sponsor = User::new(&school.net, SPONSOR);
    sponsor.cairn(&["sponsor", &model, GIVEN])?.ended(0);
    Ok(school)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_should_cost_its_author_and_say_why_when_there_is_nothing_to_judge() -> Test {
    let mut school = open().await?;
    let front = school.front.clone();
    let mut lessons = Lessons::begin_with(&front).await?;
    let (begun, before) = (lessons.last(&front).await?, heads(&school).await?);

    let all = hand_in(&school).await?;
    let waiting = all.iter().map(|bad| told(&school, bad)).collect::<Vec<_>>();
    let deltas: Vec<DeltaId> = all.iter().map(|bad| bad.delta).collect();
    lessons.wait(&front, "all ends", |lessons| lessons.have_ended(&deltas)).await?;

    let guards = sorted(school.net.workers.iter().map(|worker| worker.provider()));
    for (bad, waiting) in all.iter().zip(waiting) {
        is_rejected(&school, &lessons, bad, &guards).await?;
        costs_its_author(&school, &lessons, bad, begun).await?;
        let said = waiting.join().map_err(|_| Failure::new("nobody waits for it any more"))??;
        // Whoever waits is told why.
        refused(said, 7, &bad.words);
    }
    assert_eq!(heads(&school).await?, before, "nothing should be laid");
    assert_eq!(lessons.penalised, []);
    assert_eq!(lessons.judges, PAY * (AUTHORS.len() * GUARDS) as Amount);
    // What authors lost is the treasury's, and was not burnt.
    assert_eq!(school.minted(&lessons).await?, Sums::default());
    school.net.check_alive()?;
    school.net.passed()
}

/// What each component is, whatever was tried on it.
async fn heads(school: &School) -> Result<Vec<(BlockId, File)>, Failure> {
    let heads = school.model().await?.heads.into_iter();
    Ok(heads.map(|known| (known.head.block, known.head.file)).collect())
}

/// All at once, each for a component of its own, so that none waits for another.
async fn hand_in(school: &School) -> Result<[Bad; 3], Failure> {
    let stone = Store::at(&school.market()?.archive)?.put(STONE)?;
    let missing = File { id: chunk::content(NOWHERE), bytes: NOWHERE.len() as u64 };
    // Nobody has to have it that it is known to be too large.
    let most = school.head(TRUNK).await?.file.bytes * MOST_CHANGE;
    let large = File { id: ContentId([0xee; 32]), bytes: most + 1 };
    let [first, second, third] = AUTHORS;
    let (one, two, three) = try_join!(
        school.hand_in_file(first, NAMES[0], missing),
        school.hand_in_file(second, NAMES[1], stone),
        school.hand_in_file(third, NAMES[2], large),
    )?;
    let flawed = |flaw| (Opinion::Flawed(flaw), Reason::Flawed(flaw));
    let unavailable = (Opinion::Unavailable(missing.id), Reason::Unavailable(missing.id));
    Ok([
        bad(school, 0, one, unavailable, format!("did not get {}", hex(&missing.id.0))).await?,
        bad(school, 1, two, flawed(DeltaFlaw::NotAChange), "it is no change".into()).await?,
        bad(school, 2, three, flawed(DeltaFlaw::TooLarge), "larger than guards take".into())
            .await?,
    ])
}

/// The nth, while guards are still at it.
async fn bad(
    school: &School,
    nth: usize,
    delta: DeltaId,
    (said, reason): (Opinion, Reason),
    words: String,
) -> Result<Bad, Failure> {
    let known = school.view(delta).await?.delta;
    assert!(known.stage.is_pending() && known.stakes.bond > 0, "{known:?}");
    let (author, name, stakes) = (AUTHORS[nth], NAMES[nth], known.stakes);
    Ok(Bad { author, name, delta, stakes, said, reason, words })
}

/// Its author waits for its end.
fn told(school: &School, bad: &Bad) -> thread::JoinHandle<Result<Said, Failure>> {
    let (author, number) = (User::new(&school.net, bad.author), bad.delta.0.to_string());
    thread::spawn(move || author.cairn(&["delta", "status", &number, "--wait"]))
}

/// All guards said so, and were paid for that.
async fn is_rejected(school: &School, lessons: &Lessons, bad: &Bad, guards: &[ProviderId]) -> Test {
    let name = bad.name;
    assert_eq!(lessons.of(bad.delta).end, Some(End::Other(bad.reason)), "{name}");
    let (_, judging) = lessons.last_panel(bad.delta)?;
    assert_eq!(judging.outcome, Some(Outcome::Decided(bad.said)), "{name}: {judging:#?}");
    assert_eq!(judging.agreed(), guards, "{name}: {judging:#?}");
    assert_eq!(sorted(judging.paid), guards, "{name}");
    let record = school.view(bad.delta).await?.delta;
    assert_eq!((record.stage, record.reason), (Stage::Rejected, Some(bad.reason)), "{name}");
    Ok(())
}

/// The deposit is lost, and half of the bond; all else is given back at once.
async fn costs_its_author(school: &School, lessons: &Lessons, bad: &Bad, begun: Hash) -> Test {
    let Bad { author, stakes, .. } = bad;
    let lost = stakes.deposit + of(FORFEIT, stakes.bond);
    assert_eq!(lessons.lost.get(&bad.delta), Some(&lost), "{author}: {stakes:?}");
    assert_eq!(school.held(author).await?, [], "{author}");
    let account = keys::account(author)?;
    let before = wealth(&school.front, &account, begun).await?;
    let after = wealth(&school.front, &account, lessons.last(&school.front).await?).await?;
    let cost = before - after;
    let least = i128::try_from(lost)?;
    let most = i128::try_from(lost + FEES)?;
    assert!((least..=most).contains(&cost), "{author}: {cost}, and {lost} is lost");
    Ok(())
}
