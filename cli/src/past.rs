//! How a task ended that is over, as far as the node still knows the blocks of that time.

use crate::follow::{self, News};
use cairn_protocol::{id::TaskId, lifecycle::Stage};
use cairn_sdk::{Chain, Market, Result};

/// Blocks of which a node knows the state, unless it is told to keep more; a few less.
const REMEMBERED: u64 = 240;

/// How a task ended; nothing where that is too long ago.
pub async fn end(chain: &Chain, task: TaskId) -> Result<Option<News>> {
    let Some(number) = ended_in(chain, task).await? else { return Ok(None) };
    let at = chain.at_number(number).await?;
    let mut news = follow::told(&at, task, &mut None).await?.into_iter();
    Ok(news.find(|news| !matches!(news, News::Step(_))))
}

/// The block that a task ended in.
async fn ended_in(chain: &Chain, task: TaskId) -> Result<Option<u64>> {
    let mut after = chain.at_finalized().await?.block_number();
    let mut before = after.saturating_sub(REMEMBERED);
    if has_ended(chain, task, before).await? || !has_ended(chain, task, after).await? {
        return Ok(None);
    }
    while after.saturating_sub(before) > 1 {
        let middle = before.midpoint(after);
        if has_ended(chain, task, middle).await? {
            after = middle;
        } else {
            before = middle;
        }
    }
    Ok(Some(after))
}

async fn has_ended(chain: &Chain, task: TaskId, number: u64) -> Result<bool> {
    let view = Market::new(chain.at_number(number).await?).task(task).await?;
    Ok(view.is_some_and(|view| matches!(view.stage, Stage::Settled | Stage::Refunded)))
}
