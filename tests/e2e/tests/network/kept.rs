//! What has judged a delta is kept for the next of its model, until a task wants its room.

use std::fs;

use cairn_e2e::Test;
use cairn_localnet::{
    school::{LETTERS, TRUNK},
    Setup,
};
use cairn_protocol::{
    id::TaskId,
    job::{Requirements, Terms},
};
use serde_json::json;

use crate::{
    school::{Lessons, School},
    store::counted,
    work::{simulation, submit, Story},
};

/// Each of them judges each delta, and does the task.
const WORKERS: u8 = 3;
/// All that a network's worker gives to jobs, so that there is room for one process alone.
const MEMORY_MIB: u32 = 2_048;
/// Seconds, which are more than two deltas take on a machine that has more to do.
const LINGER: &str = "1200";

/// What a worker says when it ends what was kept.
const ENDS: &str = "which was kept and takes the room of what is next";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "three minutes: two deltas and a task, one after another, for scripts/test --long"]
async fn what_has_judged_should_judge_the_next_delta_and_leave_its_room_to_a_task() -> Test {
    let arguments = ["--linger", LINGER].map(str::to_owned).to_vec();
    let setups = vec![Setup { arguments, ..Setup::default() }; WORKERS.into()];
    let patch =
        json!({ "launch": { "panelGuards": WORKERS, "judgingBlocks": 300, "revealBlocks": 60 } });
    let mut school = School::open(setups, patch, &[(TRUNK, &LETTERS[..2])]).await?;
    let front = school.front.clone();
    let mut lessons = Lessons::begin_with(&front).await?;
    for (spot, who) in ["Charlie", "Eve"].into_iter().enumerate() {
        let delta = school.hand_in(who, TRUNK, spot).await?;
        lessons.wait(&front, "an end", |lessons| lessons.have_ended(&[delta])).await?;
        lessons.of(delta).laid()?;
    }
    for worker in &school.net.workers {
        let counted = counted(worker).await?;
        let mut lines = counted.lines();
        let warm = lines.find_map(|line| line.strip_prefix("cairn_worker_warm_total "));
        assert!(warm.is_some_and(|warm| warm != "0"), "{}: {counted}", worker.name());
    }

    let mut story = Story::begin(&front).await?;
    let asked = simulation(0, 100, WORKERS, front.best().await?.number);
    let requirements = Requirements { memory_mib: MEMORY_MIB, ..asked.requirements };
    submit(&front, &[Terms { requirements, ..asked }]).await?;
    story.wait(&front, "an end", |story| story.ended() == 1).await?;
    story.of(TaskId(0)).settled()?;
    for worker in &school.net.workers {
        let log = fs::read_to_string(worker.log_path())?;
        assert!(log.contains(ENDS), "{}: {log}", worker.name());
    }
    school.net.check_alive()?;
    school.net.passed()
}
