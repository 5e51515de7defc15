//! A guard that says nothing of a delta is sent home, and another one judges in its place. Whoever
//! says that it keeps what came of it, and is not there when it is asked, keeps it no longer.

use cairn_e2e::{Failure, Test};
use cairn_localnet::{
    school::{LETTERS, TRUNK},
    Setup,
};
use cairn_protocol::{
    id::{DeltaId, ProviderId},
    lifecycle::delta::{Reason, Stage},
};
use serde_json::json;

use crate::{
    school::{sorted, Lessons, School},
    work::faulty,
};

const AUTHOR: &str = "Charlie";
/// Those who are there when guards are drawn, and have seats: one of them is silent.
const PANEL: usize = 3;
const SILENT: usize = 0;
/// It comes when the others judge, so that it can only be the one who replaces somebody.
const LATER: usize = PANEL;
/// So long guards may judge, and so long whoever is silent is waited for.
const JUDGING: u32 = 90;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "six minutes: who is silent is waited for, for scripts/test --long"]
async fn a_delta_should_be_laid_and_silence_be_punished_when_a_guard_and_a_keeper_are_silent(
) -> Test {
    let mut setups = vec![Setup::default(); PANEL];
    setups[SILENT] = Setup { guard: true, ..faulty(Some("silent"))? };
    setups.push(Setup { late: true, ..Setup::default() });
    let time = json!({
        "launch": { "panelGuards": PANEL, "judgingBlocks": JUDGING, "revealBlocks": 60 },
    });
    let mut school = School::open(setups, time, &[(TRUNK, &LETTERS[..1])]).await?;
    let front = school.front.clone();
    let mut lessons = Lessons::begin_with(&front).await?;
    let providers: Vec<_> = school.net.workers.iter().map(|worker| worker.provider()).collect();
    let silent = providers[SILENT];
    let honest = sorted(providers.iter().copied().filter(|guard| *guard != silent));

    let delta = school.hand_in(AUTHOR, TRUNK, 0).await?;
    let is_drawn = |lessons: &Lessons| !guards(lessons, delta).is_empty();
    lessons.wait(&front, "a draw", is_drawn).await?;
    let first = sorted(providers[..PANEL].iter().copied());
    assert_eq!(sorted(guards(&lessons, delta)), first, "only these were there");
    school.net.workers[LATER].start()?;
    lessons.wait(&front, "an end", |lessons| lessons.have_ended(&[delta])).await?;

    let (panel, judging) = lessons.last_panel(delta)?;
    assert_eq!(lessons.of(delta).panels, [panel], "it should be judged once");
    assert_eq!(judging.dismissed, [silent], "{judging:#?}");
    assert_eq!(judging.guards.len(), PANEL + 1, "{judging:#?}");
    assert_eq!(judging.guards.last(), Some(&providers[LATER]), "{judging:#?}");
    // Whoever came later judged what the others did, and came to the same.
    assert_eq!(sorted(judging.committed.clone()), honest, "{judging:#?}");
    assert_eq!(judging.agreed(), honest, "{judging:#?}");
    assert_eq!(sorted(judging.paid.clone()), honest, "{judging:#?}");
    assert_eq!(lessons.penalised, [silent]);
    it_is_laid(&school, &lessons, delta).await?;

    keepers_are_gone(&mut school, &mut lessons, delta, &honest).await?;
    it_is_laid(&school, &lessons, delta).await?;
    school.net.check_alive()?;
    school.net.passed()
}

/// All that were drawn so far for the panel that judges a delta.
fn guards(lessons: &Lessons, delta: DeltaId) -> Vec<ProviderId> {
    lessons.last_panel(delta).map(|(_, judging)| judging.guards).unwrap_or_default()
}

/// It is the head, and its author was paid for it and for nothing else.
async fn it_is_laid(school: &School, lessons: &Lessons, delta: DeltaId) -> Test {
    let (block, _, reward) = lessons.of(delta).laid()?;
    let record = school.view(delta).await?.delta;
    assert_eq!((record.stage, record.reason), (Stage::Laid, Some(Reason::Accepted)));
    assert_eq!(school.head(TRUNK).await?.block, block);
    assert!(reward > 0, "{delta:?}");
    assert_eq!(school.books(lessons).await?.learning, reward);
    Ok(())
}

/// Whoever may keep it vanishes. The one who is asked for a part of it shows nothing, and is
/// punished; the others were asked for nothing.
async fn keepers_are_gone(
    school: &mut School,
    lessons: &mut Lessons,
    delta: DeltaId,
    honest: &[ProviderId],
) -> Test {
    let front = school.front.clone();
    let there = school.net.workers.iter_mut().filter(|one| honest.contains(&one.provider()));
    for worker in there {
        worker.kill()?;
    }
    let is_told = |lessons: &Lessons| !lessons.withheld.is_empty();
    lessons.wait(&front, "a keeper to show nothing", is_told).await?;
    let &[(withheld, keeper)] = lessons.withheld.as_slice() else {
        return Err(Failure::new(format!("one was asked: {:?}", lessons.withheld)));
    };
    assert_eq!(withheld, delta);
    assert!(honest.contains(&keeper), "{keeper:?}");
    assert!(lessons.shown.is_empty(), "{:?}", lessons.shown);
    let gone = school.net.workers.iter_mut().filter(|one| honest.contains(&one.provider()));
    for worker in gone {
        worker.start()?;
    }
    Ok(())
}
