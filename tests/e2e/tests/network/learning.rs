//! Guards judge what mends a model that was spoilt: the honest result stands whoever is among them,
//! heads move, and nothing is minted but for a cause.

mod commands;
mod curated;
mod keepers;
mod silent;
mod sponsored;

use std::time::Duration;

use cairn_e2e::{Failure, Test, PATIENCE};
use cairn_localnet::{
    school::{Spot, EXPERTS, LETTERS, SAID, TRUNK},
    Setup,
};
use cairn_protocol::{
    id::{DeltaId, File, ProviderId},
    learning::{acceptance::passes, evaluation::Opinion, model::Head},
    lifecycle::delta::{Reason, Stage},
};
use cairn_runtime::RuntimeHoldReason;
use pallet_cairn_learning::HoldReason;
use serde_json::{json, Value};
use tokio::{
    time::{sleep, Instant},
    try_join,
};

use crate::{
    school::{sorted, Lessons, School},
    work::faulty,
};

/// Who is at the trunk, and who at an expert each.
const RACERS: [&str; 2] = ["Charlie", "Dave"];
const OTHERS: [&str; 2] = ["Eve", "Ferdie"];

/// Guards: one says something else than it found, one takes its time, one is killed at work.
const GUARDS: usize = 7;
const DISHONEST: usize = 0;
const SLOW: usize = 1;
const KILLED: usize = 2;
/// When it has an opinion and has not told it.
const AT_WORK: &str = "judge:after:salted";
/// How long it is dead.
const DEATH: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_should_move_the_head_when_guards_find_it_better() -> Test {
    let setups = vec![Setup::default(); 3];
    let mut school = School::open(setups, time(3), &[(TRUNK, &LETTERS[..2])]).await?;
    let front = school.front.clone();
    let mut lessons = Lessons::begin_with(&front).await?;
    let before = school.head(TRUNK).await?;

    let delta = school.hand_in(RACERS[0], TRUNK, 0).await?;
    lessons.wait(&front, "an end", |lessons| lessons.have_ended(&[delta])).await?;

    let everyone = sorted(school.net.workers.iter().map(|worker| worker.provider()));
    let after = is_laid(&school, &lessons, delta, &before, &everyone).await?;
    assert_eq!(school.head(TRUNK).await?, after);
    let expert = school.head(EXPERTS[0]).await?;
    assert_eq!((expert.release.patch, expert.judged), (0, 0), "it is another component");
    let minted = school.books(&lessons).await?;
    assert_eq!(minted.learning, lessons.of(delta).laid()?.2);
    assert!(minted.learning > 0 && minted.data > 0, "{minted:?}");
    only_what_is_kept_is_held(&school, RACERS[0], delta).await?;
    commands::should_say_what_came_of_them(&school, &lessons, delta, RACERS).await?;
    school.net.check_alive()?;
    school.net.passed()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "five minutes: seven guards judge five deltas, for scripts/test --long"]
async fn the_honest_result_should_stand_when_guards_lie_dawdle_and_die() -> Test {
    let spots: [(&str, &[Spot]); 3] =
        [(TRUNK, &LETTERS[..2]), (EXPERTS[0], &SAID), (EXPERTS[1], &SAID)];
    let mut school = School::open(setups()?, time(GUARDS), &spots).await?;
    let front = school.front.clone();
    let mut lessons = Lessons::begin_with(&front).await?;
    let before = school.head(TRUNK).await?;
    let apart = [school.head(EXPERTS[0]).await?, school.head(EXPERTS[1]).await?];

    let (one, other, third, fourth) = try_join!(
        school.hand_in(RACERS[0], TRUNK, 0),
        school.hand_in(RACERS[1], TRUNK, 1),
        school.hand_in(OTHERS[0], EXPERTS[0], 0),
        school.hand_in(OTHERS[1], EXPERTS[1], 0),
    )?;
    let all = [one, other, third, fourth];
    it_dies_and_comes_back(&mut school).await?;
    lessons.wait(&front, "all ends", |lessons| lessons.have_ended(&all)).await?;

    let providers: Vec<_> = school.net.workers.iter().map(|worker| worker.provider()).collect();
    let liar = providers[DISHONEST];
    let honest = sorted(providers.iter().copied().filter(|guard| *guard != liar));
    // Whoever was handed in first is judged by what was there, and the other by what came of that.
    let [first, second] = if one < other { [one, other] } else { [other, one] };
    let between = is_laid(&school, &lessons, first, &before, &honest).await?;
    let after = is_laid(&school, &lessons, second, &between, &honest).await?;
    assert_eq!(school.head(TRUNK).await?, after);
    assert_eq!(lessons.of(second).panels.len(), 2, "its head had moved");
    for ((delta, name), before) in [third, fourth].into_iter().zip(EXPERTS).zip(apart) {
        let after = is_laid(&school, &lessons, delta, &before, &honest).await?;
        assert_eq!(school.head(name).await?, after);
        assert_eq!(lessons.of(delta).panels.len(), 1, "nobody else was at {name}");
    }
    keepers::one_is_paid_for_what_it_shows(&school, &mut lessons, &all[2..]).await?;
    liar_gains_nothing(&lessons, liar, &all)?;

    let minted = school.books(&lessons).await?;
    let rewards = all.map(|delta| lessons.of(delta).laid().map(|(_, _, reward)| reward));
    let rewards = rewards.into_iter().sum::<Result<u128, Failure>>()?;
    assert_eq!(minted.learning, rewards);
    for (who, delta) in RACERS.into_iter().chain(OTHERS).zip(all) {
        only_what_is_kept_is_held(&school, who, delta).await?;
    }
    let losses = school.model().await?.losses.ok_or_else(|| Failure::new("no loss is known"))?;
    assert!(losses.last < losses.first, "{losses:?}");
    school.net.check_alive()?;
    school.net.passed()
}

/// One guard ends at its work, and is started anew.
async fn it_dies_and_comes_back(school: &mut School) -> Test {
    let deadline = Instant::now() + PATIENCE;
    let killed = &mut school.net.workers[KILLED];
    while killed.ended()?.is_none() {
        if Instant::now() >= deadline {
            return Err(Failure::new(format!("{} judges nothing", killed.name())));
        }
        sleep(POLL).await;
    }
    sleep(DEATH).await;
    Ok(killed.start()?)
}

/// All guards that there are judge each delta, and have time for it on one machine. The referendum
/// by which it is paid, against which nobody votes, takes little.
fn time(guards: usize) -> Value {
    let referendum = json!({ "prepare": 2, "decision": 60, "confirm": 2, "enactment": 2 });
    json!({ "launch": {
        "panelGuards": guards, "judgingBlocks": 300, "revealBlocks": 60,
        "referenda": { "treasurer": referendum },
    } })
}

fn setups() -> Result<Vec<Setup>, Failure> {
    // All deltas, one of them twice, and a challenge.
    let guard = |setup: Setup| Setup { guard: true, slots: 8, ..setup };
    let mut setups = vec![guard(Setup::default()); GUARDS];
    setups[DISHONEST] = guard(faulty(Some("flip"))?);
    setups[SLOW] = guard(faulty(Some("slow"))?);
    setups[KILLED] = guard(faulty(Some(AT_WORK))?);
    Ok(setups)
}

/// These guards, and no others, said the same of a delta, it is better by that, and its component is
/// what they came to. Gives what the component is then.
pub async fn is_laid(
    school: &School,
    lessons: &Lessons,
    delta: DeltaId,
    before: &Head,
    honest: &[ProviderId],
) -> Result<Head, Failure> {
    let (panel, judging) = lessons.last_panel(delta)?;
    let evaluation = judging.measured()?;
    assert_eq!(judging.agreed(), honest, "{panel:?}: {judging:#?}");
    assert_eq!(sorted(judging.paid.clone()), honest, "{panel:?}: {judging:#?}");
    assert_eq!(judging.dismissed, [], "{panel:?}");
    // Each once, whatever happened to it.
    assert_eq!(sorted(judging.committed.clone()), sorted(judging.guards.clone()), "{panel:?}");
    let (block, gain, reward) = lessons.of(delta).laid()?;
    assert!(gain > 0 && reward > 0, "{delta:?}");

    let record = school.view(delta).await?;
    assert_eq!(record.block, block);
    assert_eq!((record.delta.stage, record.delta.reason), (Stage::Laid, Some(Reason::Accepted)));
    let none = || Failure::new(format!("{delta:?} was held against nothing"));
    let trial = record.delta.trial.ok_or_else(none)?;
    assert_eq!((trial.head, trial.file), (before.block, before.file), "{delta:?}");
    assert!(passes(&evaluation, trial.attempts), "{evaluation:?}");
    // A change adds to masters, and their file stays as long as it was.
    let file = File { id: evaluation.candidate, ..before.file };
    let release = before.release.patched();
    let release = release.ok_or_else(|| Failure::new("there are no patches left"))?;
    Ok(Head { block, file, release, judged: 0 })
}

/// What it says stands nowhere, and nobody pays for it. It is not punished: it may have erred.
fn liar_gains_nothing(lessons: &Lessons, liar: ProviderId, deltas: &[DeltaId]) -> Test {
    for delta in deltas {
        let (_, judging) = lessons.last_panel(*delta)?;
        let said = judging.revealed.iter().find(|(guard, _)| *guard == liar);
        let (_, said) = said.ok_or_else(|| Failure::new(format!("it is silent: {judging:#?}")))?;
        // What it says it measured answers the brief, and would be paid for.
        assert!(matches!(said, Opinion::Measured(told) if told.loss < judging.measured()?.loss));
        assert_ne!(*said, Opinion::Measured(judging.measured()?));
        assert!(!judging.paid.contains(&liar));
    }
    assert_eq!(lessons.penalised, []);
    Ok(())
}

/// The deposit of a record that is kept for a while, and that of a block that is kept for good.
async fn only_what_is_kept_is_held(school: &School, who: &str, delta: DeltaId) -> Test {
    let deposit = school.view(delta).await?.delta.stakes.deposit;
    let held = school.held(who).await?;
    let record = RuntimeHoldReason::Learning(HoldReason::Deposit);
    let block = RuntimeHoldReason::Experts(pallet_cairn_experts::HoldReason::Block);
    let of = |reason| held.iter().find(|(why, _)| *why == reason).map(|(_, amount)| *amount);
    assert_eq!((held.len(), of(record)), (2, Some(deposit)), "{who}: {held:?}");
    assert!(of(block) > Some(0), "{who}: {held:?}");
    Ok(())
}
