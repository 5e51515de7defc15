//! Who keeps what a component became is asked for parts of it that nobody could foresee.

use cairn_e2e::{Failure, Test};
use cairn_localnet::keys;
use cairn_protocol::id::DeltaId;
use cairn_runtime::configs::learning_defaults::CUSTODY_RULES;

use crate::{
    school::{Lessons, School, Shown},
    work::gain,
};

/// A keeper of what came of one of these deltas, which are still heads, shows the chunks that it is
/// asked for, and its owner is paid for that.
pub async fn one_is_paid_for_what_it_shows(
    school: &School,
    lessons: &mut Lessons,
    deltas: &[DeltaId],
) -> Test {
    let is_of_them = |shown: &Shown| deltas.contains(&shown.delta);
    let is_there = |lessons: &Lessons| lessons.shown.iter().any(is_of_them);
    lessons.wait(&school.front, "chunks to be shown", is_there).await?;
    let shown = lessons.shown.iter().find(|shown| is_of_them(shown));
    let shown = shown.ok_or_else(|| Failure::new("nothing was shown"))?;
    assert!(!shown.chunks.is_empty() && shown.paid == CUSTODY_RULES.pay, "{shown:?}");
    let keeper = school.net.workers.iter().find(|worker| worker.provider() == shown.keeper);
    let keeper = keeper.ok_or_else(|| Failure::new(format!("no worker showed it: {shown:?}")))?;
    let gained = gain(&school.front, &keys::account(keeper.owner())?, shown.block).await?;
    // It may be paid for something else in the same block.
    assert!(gained >= i128::try_from(shown.paid)?, "{gained}: {shown:?}");
    Ok(())
}
