//! Whoever wants a model bettered that is not admitted pays for it, and nothing is minted. What
//! came of it is had from the archive, and learned on. Who served the model meanwhile is granted a
//! part of what that cost, and no more than there is for it.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use cairn_artifact::{from_hex, hex as named};
use cairn_e2e::{Failure, Said, Test, TestNet, User, PATIENCE};
use cairn_localnet::{
    keys,
    school::{LETTERS, STEPS, TRUNK},
    Course, Setup,
};
use cairn_protocol::{
    chunk,
    id::{Amount, DeltaId, File},
    learning::{evaluation::Evaluation, inference::MOST_GRANT},
    share::of,
};
use cairn_runtime::{units::UNITS, AccountId, Hash, Runtime, RuntimeHoldReason};
use pallet_cairn_rewards::{
    types::{Paid, SponsorsOf},
    Fees, HoldReason, Sponsors, Sums,
};
use serde_json::{json, Value};
use tokio::time::{sleep, Instant};

use super::{time, POLL};
use crate::{
    command::{hex, refused},
    school::{Lessons, School},
    work::wealth,
};

const SPONSOR: &str = "Eve";
const RESEARCHER: &str = "Charlie";
const REQUESTER: &str = "Dave";
/// Who fetches the model.
const READER: &str = "Ferdie";
const GUARDS: usize = 3;
/// So many blocks has a period, and a sponsor's notice.
const PERIOD: u32 = 45;
/// What the sponsor puts aside: more than any one gain is worth.
const GIVEN: Amount = 50_000 * UNITS;
const GIVEN_CRN: &str = "50000";
/// More than the researcher pays in fees and for its delta's mark.
const COSTS: Amount = 5 * UNITS;

/// Who is at the command line, and what they name there.
struct Scene {
    model: String,
    archive: String,
    sponsor: User,
    reader: User,
    files: PathBuf,
}

impl Scene {
    fn of(school: &School) -> Result<Self, Failure> {
        let market = school.market()?;
        let [sponsor, reader] = [SPONSOR, READER].map(|seed| User::new(&school.net, seed));
        Ok(Self {
            model: hex(&market.model.0),
            archive: market.archive.display().to_string(),
            sponsor,
            reader,
            files: school.net.scratch().to_owned(),
        })
    }

    fn at(&self, name: &str) -> String {
        self.files.join(name).display().to_string()
    }

    fn sponsor(&self, what: &str) -> Result<Said, Failure> {
        self.sponsor.cairn(&["sponsor", &self.model, what])
    }

    fn pull(&self, archive: &str, to: &str) -> Result<Said, Failure> {
        self.reader.cairn(&["model", "pull", &self.model, "--archive", archive, "--out", to])
    }

    fn show(&self) -> Result<Value, Failure> {
        Ok(self.reader.cairn(&["model", "show", &self.model])?.ended(0).json)
    }

    /// Asks for text, and waits until it is paid.
    fn ask(&self, net: &TestNet) -> JoinHandle<Result<Said, Failure>> {
        let (user, model) = (User::new(net, REQUESTER), self.model.clone());
        thread::spawn(move || {
            let job = ["submit", "infer", "--model", &model, "--prompt", "the red hen"];
            let terms = ["--most", "8", "--reward", "0.3", "--redundancy", "3"];
            let to_the_end = ["--wait", "--acknowledge"];
            user.cairn(&[job.as_slice(), &terms, &to_the_end].concat())
        })
    }
}

async fn open() -> Result<School, Failure> {
    let mut patch = time(GUARDS);
    patch["launch"]["periodBlocks"] = PERIOD.into();
    let net = TestNet::with_lessons(vec![Setup::default(); GUARDS], patch, STEPS).await?;
    let course = Course { sponsored: true, ..Course::default() };
    School::of(net, &[(TRUNK, &LETTERS[..2])], &course).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four minutes: a period and a notice run out, for scripts/test --long"]
async fn a_sponsor_should_pay_for_a_gain_that_everyone_can_pull_when_nothing_is_minted() -> Test {
    let mut school = open().await?;
    let front = school.front.clone();
    let scene = Scene::of(&school)?;
    nobody_pays_yet(&scene)?;
    nobody_is_granted_anything(&school)?;
    let pulled = scene.at("pulled");
    let published = school.head(TRUNK).await?.file;
    let first = scene.pull(&scene.archive, &pulled)?.ended(0);
    is_there(&pulled, &published)?;
    what_is_not_there_is_not_pulled(&scene)?;

    let put = scene.sponsor(GIVEN_CRN)?.ended(0);
    assert_eq!((put.amount("escrow"), put.number("sponsors")), (GIVEN, 1));
    let sponsorship = RuntimeHoldReason::Rewards(HoldReason::Sponsorship);
    assert_eq!(school.held(SPONSOR).await?, [(sponsorship, GIVEN)]);
    let shown = scene.show()?;
    assert_eq!((&shown["admitted"], &shown["sponsors"]), (&Value::Null, &json!(1)), "{shown}");
    assert_eq!(shown["escrow"], GIVEN.to_string(), "{shown}");

    let mut lessons = Lessons::begin_with(&front).await?;
    let begun = lessons.last(&front).await?;
    let asked = scene.ask(&school.net);
    let delta = school.hand_in(RESEARCHER, TRUNK, 0).await?;
    lessons.wait(&front, "an end", |lessons| lessons.have_ended(&[delta])).await?;
    let reward = the_sponsor_has_paid(&school, &lessons, delta, begun).await?;
    // With notice, and not before it is over.
    let noted = scene.sponsor("--withdraw")?.ended(0);
    assert_eq!(noted.number("sponsors"), 1, "{:#?}", noted.outcome);
    refused(scene.sponsor("--withdraw")?, 3, "Rewards::NoticeRuns");

    let head = school.head(TRUNK).await?;
    assert_eq!(head.file, school.mended(TRUNK, 0)?, "it should be what the researcher made");
    assert_eq!(component(&scene.show()?, TRUNK)["release"], head.release.to_string());
    the_head_is_pulled(&scene, &first, &head.file, &pulled)?;
    without_the_head_all_else_is_pulled(&scene, &head.file)?;
    let judged = lessons.last_panel(delta)?.1.measured()?;
    what_was_pulled_can_be_learned_on(&school, &scene, &judged, &pulled).await?;

    let asked = asked.join().map_err(|_| Failure::new("nobody waits for the text any more"))?;
    let asked = asked?.ended(0);
    assert_eq!(asked.json["stage"], "Settled", "{:#?}", asked.outcome);
    let granted = grants_are_had_when_the_period_is_over(&school, &scene).await?;

    the_rest_comes_back(&school, &scene).await?;
    lessons.read(&front).await?;
    assert_eq!(lessons.withdrawn, GIVEN - reward - lessons.judges);
    let minted = school.minted(&lessons).await?;
    assert_eq!(minted, Sums { inference: granted, ..Sums::default() });
    school.is_within_budgets().await?;
    school.net.check_alive()?;
    school.net.passed()
}

/// What nobody pays for is not learned, and what is too little is not taken.
fn nobody_pays_yet(scene: &Scene) -> Test {
    let shown = scene.show()?;
    assert_eq!((&shown["admitted"], &shown["sponsors"]), (&Value::Null, &json!(0)), "{shown}");
    let learn = ["learn", &scene.model, "--archive", &scene.archive];
    refused(scene.reader.cairn(&learn)?, 3, "`cairn sponsor`");
    for little in ["0", "9.999999999999"] {
        refused(scene.sponsor(little)?, 3, "Rewards::TooLittle");
    }
    refused(scene.sponsor("--withdraw")?, 3, "Rewards::NotASponsor");
    refused(scene.sponsor("999999999999")?, 3, "Rewards::NotEnoughBalance");
    let unknown = "00".repeat(32);
    refused(scene.sponsor.cairn(&["sponsor", &unknown, "10"])?, 3, "Rewards::UnknownModel");
    Ok(())
}

fn nobody_is_granted_anything(school: &School) -> Test {
    for worker in &school.net.workers {
        let owner = User::new(&school.net, worker.owner());
        assert_eq!(owner.cairn(&["grants"])?.ended(0).json, json!({ "grants": [] }));
        refused(owner.cairn(&["grants", "claim"])?, 1, "nothing can be claimed");
    }
    Ok(())
}

/// A model that nobody has registered, a name that nobody has given, an archive that has nothing of
/// it, and a file in place of a folder.
fn what_is_not_there_is_not_pulled(scene: &Scene) -> Test {
    let (nowhere, unknown) = (scene.at("nowhere"), "00".repeat(32));
    for (model, exit, mentions) in [
        (unknown.as_str(), 1, "`cairn model list`"),
        ("nobodys", 2, "`cairn model name nobodys ID`"),
    ] {
        let pull = ["model", "pull", model, "--archive", &scene.archive, "--out", &nowhere];
        refused(scene.reader.cairn(&pull)?, exit, mentions);
    }
    assert!(!Path::new(&nowhere).exists(), "nothing should be made for what is not there");

    let empty = scene.at("empty");
    fs::create_dir(&empty)?;
    let lacking = scene.pull(&empty, &nowhere)?;
    assert_eq!(lacking.json["missing"].as_array().map(Vec::len), Some(1), "{:#?}", lacking.outcome);
    refused(lacking, 1, "name one that is there, or the archive that has it");

    let file = scene.at("file");
    fs::write(&file, "in the way")?;
    refused(scene.pull(&scene.archive, &file)?, 1, &file);
    assert_eq!(fs::read_to_string(&file)?, "in the way");
    Ok(())
}

/// The researcher has what was put aside for it, and those who judged and keep have theirs, all of
/// it from the sponsor. There are no more tokens than before. Gives what the researcher was paid.
async fn the_sponsor_has_paid(
    school: &School,
    lessons: &Lessons,
    delta: DeltaId,
    begun: Hash,
) -> Result<Amount, Failure> {
    let (front, at) = (&school.front, lessons.last(&school.front).await?);
    let (_, _, reward) = lessons.of(delta).laid()?;
    assert!(reward > COSTS && lessons.judges > 0, "{reward}, {}", lessons.judges);
    assert_eq!(lessons.released.get(&delta), Some(&reward));
    let spent = reward + lessons.judges;

    let key = Sponsors::<Runtime>::hashed_key_for(school.market()?.model);
    let sponsors: Option<SponsorsOf<AccountId>> = front.storage(key, Some(at)).await?;
    let sponsors = sponsors.unwrap_or_default();
    let left: Vec<_> = sponsors.iter().map(|one| (one.left, one.held)).collect();
    assert_eq!(left, [(GIVEN - spent, 0)]);
    let between = [begun, at];
    assert_eq!(gained(school, SPONSOR, between).await?, -i128::try_from(spent)?);
    let (gain, most) = (gained(school, RESEARCHER, between).await?, i128::try_from(reward)?);
    let least = most - i128::try_from(COSTS)?;
    assert!((least..=most).contains(&gain), "{gain}, and the reward is {reward}");
    assert_eq!(school.minted(lessons).await?, Sums::default());
    Ok(reward)
}

/// By how much more an account has after the second of two blocks than after the first.
async fn gained(school: &School, who: &str, between: [Hash; 2]) -> Result<i128, Failure> {
    let (account, [from, to]) = (keys::account(who)?, between);
    let before = wealth(&school.front, &account, from).await?;
    Ok(wealth(&school.front, &account, to).await? - before)
}

fn component(shown: &Value, name: &str) -> Value {
    let mut all = shown["components"].as_array().into_iter().flatten();
    all.find(|one| one["component"] == name).cloned().unwrap_or_default()
}

/// Fails unless a file is in a folder, and is what it is called.
fn is_there(folder: &str, file: &File) -> Test {
    let bytes = fs::read(Path::new(folder).join(named(&file.id)))?;
    assert_eq!(File { id: chunk::content(&bytes), bytes: bytes.len() as u64 }, *file);
    Ok(())
}

/// Into the folder that has the model as it was before, of which only the head is fetched anew; and
/// again where somebody damages it.
fn the_head_is_pulled(scene: &Scene, before: &Said, head: &File, pulled: &str) -> Test {
    let standing = scene.pull(&scene.archive, pulled)?.ended(0);
    assert_eq!(standing.number("fetched"), head.bytes, "{:#?}", standing.outcome);
    assert_ne!(standing.json["bundle"], before.json["bundle"]);
    is_there(pulled, head)?;

    let path = Path::new(pulled).join(named(&head.id));
    fs::remove_file(&path)?;
    fs::write(&path, "damaged")?;
    let again = scene.pull(&scene.archive, pulled)?.ended(0);
    assert_eq!(again.number("fetched"), head.bytes, "{:#?}", again.outcome);
    assert_eq!(again.json["bundle"], standing.json["bundle"]);
    is_there(pulled, head)?;
    let idle = scene.pull(&scene.archive, pulled)?.ended(0);
    assert_eq!(idle.number("fetched"), 0, "{:#?}", idle.outcome);
    Ok(())
}

/// From an archive that lacks the head, into a folder that has nothing: it is named, and all others
/// are fetched.
fn without_the_head_all_else_is_pulled(scene: &Scene, head: &File) -> Test {
    let (lacking, part) = (scene.at("lacking"), scene.at("part"));
    fs::create_dir(&lacking)?;
    for entry in fs::read_dir(&scene.archive)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // Others may be writing a file that has no name yet.
        if from_hex(&name).is_some_and(|id| id != head.id) {
            fs::copy(Path::new(&scene.archive).join(&name), Path::new(&lacking).join(&name))?;
        }
    }
    let missing = scene.pull(&lacking, &part)?;
    assert_eq!(missing.json["missing"], json!([named(&head.id)]), "{:#?}", missing.outcome);
    refused(missing, 1, &format!("are missing in {lacking}, and the others are here"));
    let rest = scene.pull(&scene.archive, &part)?.ended(0);
    assert_eq!(rest.number("fetched"), head.bytes, "{:#?}", rest.outcome);
    is_there(&part, head)
}

/// Whoever has nothing but the folder, and the module that makes text, learns on it: what that one
/// measures of the head is what guards measured of it.
async fn what_was_pulled_can_be_learned_on(
    school: &School,
    scene: &Scene,
    judged: &Evaluation,
    pulled: &str,
) -> Test {
    let set = school.model().await?.validation;
    let set = set.ok_or_else(|| Failure::new("the model is judged on nothing"))?;
    let shown = scene.reader.cairn(&["dataset", "show", &hex(&set.0)])?.ended(0);
    let (id, module) = (shown.json["file"]["id"].as_str().unwrap_or_default(), scene.at("module"));
    let get = ["artifact", "get", id, "--archive", &scene.archive, "--out", &module];
    scene.reader.cairn(&get)?.ended(0);
    scene.reader.cairn(&["artifact", "put", &module, "--archive", pulled])?.ended(0);

    let learn = ["learn", &scene.model, "--component", TRUNK, "--archive", pulled, "--dry-run"];
    let shortly = ["--steps", "16", "--records", "128"];
    let tried = scene.reader.cairn(&[learn.as_slice(), &shortly].concat())?;
    // Nobody asks whether so little was enough.
    assert!(matches!(tried.exit, Some(0 | 7)), "{:#?}", tried.outcome);
    let found = tried.number("baseline") / tried.number("examples").max(1);
    let told = judged.loss / u64::from(judged.count).max(1);
    // On other text.
    assert!(found.abs_diff(told) < told / 30, "{found}, and guards found {told}");
    Ok(())
}

/// What was paid for good for the work of each worker, and in which period.
async fn served(school: &School) -> Result<(u32, Vec<Paid>), Failure> {
    for period in 0..=school.period().await? {
        let mut all = Vec::new();
        for worker in &school.net.workers {
            let key = Fees::<Runtime>::hashed_key_for(period, worker.provider());
            all.extend(school.stored::<Paid>(key).await?);
        }
        if all.len() == school.net.workers.len() {
            return Ok((period, all));
        }
    }
    Err(Failure::new("no period has fees of all workers"))
}

/// A share of what was paid for good, which is less than four fifths as long as guards are paid for
/// looking: once for each worker, and not before its period is over. Gives what the first one
/// claims; the others leave theirs.
async fn grants_are_had_when_the_period_is_over(
    school: &School,
    scene: &Scene,
) -> Result<Amount, Failure> {
    let (period, paid) = served(school).await?;
    let owners = school.net.workers.iter().map(|worker| User::new(&school.net, worker.owner()));
    let owners: Vec<User> = owners.collect();
    let none = json!([]);
    let early = owners[0].cairn(&["grants"])?.ended(0);
    // It may have ended meanwhile.
    if school.period().await? == period {
        assert_eq!(early.json["grants"], none);
    }
    school.wait_for_end(period).await?;

    let most = school.ledger(period).await?.grant;
    assert!(most > MOST_GRANT / 2 && most < MOST_GRANT, "{most}");
    let grants: Vec<Amount> = paid.iter().map(|paid| of(most, paid.fees)).collect();
    let told = |nth: usize| {
        let provider = school.net.workers[nth].provider().0;
        json!([{ "provider": provider, "period": period, "amount": grants[nth].to_string() }])
    };
    for (nth, owner) in owners.iter().enumerate() {
        assert!(grants[nth] > 0 && grants[nth] < paid[nth].fees, "{paid:?}");
        assert_eq!(owner.cairn(&["grants"])?.ended(0).json["grants"], told(nth));
        // Anyone may look.
        let provider = school.net.workers[nth].provider().0.to_string();
        let shown = scene.reader.cairn(&["grants", &provider])?.ended(0);
        assert_eq!(shown.json["grants"], told(nth));
    }
    let budget = school.ledger(period).await?.budgets.inference;
    assert!(grants.iter().sum::<Amount>() <= budget, "{grants:?} of {budget}");

    let claimed = owners[0].cairn(&["grants", "claim"])?.ended(0);
    assert_eq!(claimed.json["claimed"], told(0), "{:#?}", claimed.outcome);
    assert_eq!(owners[0].cairn(&["grants"])?.ended(0).json["grants"], none);
    refused(owners[0].cairn(&["grants", "claim"])?, 1, "nothing can be claimed");
    assert_eq!(owners[1].cairn(&["grants"])?.ended(0).json["grants"], told(1));
    let ledger = school.ledger(period).await?;
    let inference = (ledger.minted.inference, ledger.left.inference);
    assert_eq!(inference, (grants[0], budget - grants[0]));
    Ok(grants[0])
}

/// When the notice is over the sponsor has all that nobody was paid.
async fn the_rest_comes_back(school: &School, scene: &Scene) -> Test {
    let deadline = Instant::now() + PATIENCE;
    let back = loop {
        let said = scene.sponsor("--withdraw")?;
        if said.exit == Some(0) {
            break said;
        }
        refused(said, 3, "Rewards::NoticeRuns");
        if Instant::now() >= deadline {
            return Err(Failure::new("the sponsor's notice has no end"));
        }
        sleep(POLL).await;
    };
    assert_eq!((back.amount("escrow"), back.number("sponsors")), (0, 0));
    assert_eq!(school.held(SPONSOR).await?, []);
    refused(scene.sponsor("--withdraw")?, 3, "Rewards::NotASponsor");
    Ok(())
}
