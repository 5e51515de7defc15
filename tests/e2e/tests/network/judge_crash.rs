//! Guards who judge a delta and keep what it makes of its component, and die at every step of their
//! journals for both: each says what it has to say once, the delta is laid, and nobody loses by it.

use std::{fs, time::Duration};

use cairn_e2e::{Failure, Test};
use cairn_localnet::{
    school::{LETTERS, TRUNK},
    Setup,
};
use cairn_protocol::id::{DeltaId, File, Height};
use serde_json::{json, Value};
use tokio::time::sleep;

use crate::{
    calls::{assert_sent_once, times},
    deaths::{around, Deaths},
    learning::is_laid,
    school::{sorted, Lessons, School},
    work::{faulty, Story},
};

const AUTHOR: &str = "Charlie";
/// As many as have to agree, and as many as have to keep a file: each step of each is waited for.
const GUARDS: usize = 2;
/// What is recorded by whoever judges, as long as its panel is there.
const JUDGED: [&str; 7] =
    ["seen", "made", "salted", "commit-sent", "committed", "reveal-sent", "revealed"];
/// What each guard calls once.
const SAID: [(&str, &str); 3] = [("Panels", "commit"), ("Panels", "reveal"), ("Custody", "attest")];
/// How often each guard begins to judge: anew only where it died before it had recorded an opinion.
const BEGUN: [usize; 2] = [2, 1];
const POLL: Duration = Duration::from_millis(200);

/// One dies before each step of judging and the other after it. Keepers are asked for when the panel
/// ends, and a guard that dies at that end has seen it: so the other dies at what it sees.
fn deaths() -> Deaths {
    let judging = |when: &str| JUDGED.map(|step| format!("judge:{when}:{step}")).to_vec();
    let first = [judging("before"), around("keeper", &["seen", "ended"])];
    let second = [judging("after"), around("judge", &["ended"]), around("keeper", &["made"])];
    Deaths::of([first.concat(), second.concat()])
}

/// Both judge, and have time for a process that is started again and again.
fn time() -> Value {
    json!({ "launch": { "panelGuards": GUARDS, "judgingBlocks": 300, "revealBlocks": 120 } })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "four minutes: two guards die 22 times, for scripts/test --long"]
async fn a_delta_should_be_laid_when_its_judges_and_keepers_are_killed_at_every_step() -> Test {
    let mut deaths = deaths();
    let guard = |place| -> Result<Setup, Failure> {
        Ok(Setup { guard: true, ..faulty(deaths.next(place))? })
    };
    let setups = (0..GUARDS).map(guard).collect::<Result<Vec<_>, _>>()?;
    let mut school = School::open(setups, time(), &[(TRUNK, &LETTERS[..1])]).await?;
    let front = school.front.clone();
    let mut story = Story::begin(&front).await?;
    let mut lessons = Lessons::begin_with(&front).await?;
    let before = school.head(TRUNK).await?;

    let delta = school.hand_in(AUTHOR, TRUNK, 0).await?;
    let deadline = Story::deadline();
    while !lessons.have_ended(&[delta]) || !deaths.are_over() {
        deaths.revive(&mut school.net)?;
        story.read(&front).await?;
        lessons.read(&front).await?;
        let next: Vec<_> = (0..GUARDS).map(|guard| deaths.next(guard)).collect();
        let told = (lessons.of(delta), &lessons.panels);
        let what = format!("the delta and all deaths; next are {next:?}, and {told:?}");
        story.check_time(deadline, &what)?;
        sleep(POLL).await;
    }

    let everyone = sorted(school.net.workers.iter().map(|worker| worker.provider()));
    let after = is_laid(&school, &lessons, delta, &before, &everyone).await?;
    assert_eq!(school.head(TRUNK).await?, after);
    assert_eq!(lessons.of(delta).panels.len(), 1, "it should be judged once");
    assert_eq!(school.books(&lessons).await?.learning, lessons.of(delta).laid()?.2);
    story.read(&front).await?;
    assert_sent_once(&school.net, &front, &story).await?;
    each_should_have_said_it_once(&story)?;
    assert_eq!(lessons.penalised, []);
    both_should_keep_it(&school, delta, after.file).await?;
    nothing_recorded_should_be_done_again(&school)?;
    school.net.check_alive()?;
    school.net.passed()
}

fn each_should_have_said_it_once(story: &Story) -> Test {
    for guard in 0..GUARDS {
        for name in SAID {
            assert_eq!(times(story, guard, name)?, 1, "{name:?} of guard {guard}");
        }
    }
    let vain = story.calls.iter().find(|call| call.failed && SAID.contains(&call.name));
    assert!(vain.is_none(), "{vain:?}");
    Ok(())
}

/// Of which delta what is kept, with what of it is to be shown, and by when.
type Keeping = (DeltaId, File, Option<(Vec<u64>, Height)>);

async fn both_should_keep_it(school: &School, delta: DeltaId, file: File) -> Test {
    for worker in &school.net.workers {
        let api = "LearningApi_keepings_of";
        let kept: Vec<Keeping> = school.front.state_call(api, &worker.provider(), None).await?;
        let kept: Vec<(DeltaId, File)> = kept.iter().map(|(of, file, _)| (*of, *file)).collect();
        assert_eq!(kept, [(delta, file)], "{}", worker.name());
    }
    Ok(())
}

fn nothing_recorded_should_be_done_again(school: &School) -> Test {
    for (worker, count) in school.net.workers.iter().zip(BEGUN) {
        let log = fs::read_to_string(worker.log_path())?;
        let begun = log.lines().filter(|line| line.contains("begins panel ")).count();
        assert_eq!(begun, count, "{}: {log}", worker.name());
    }
    Ok(())
}
