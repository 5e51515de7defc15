//! Whom files of a job are asked for first: those who have to do with the same task have them, or
//! fetch them now.

use super::Executor;
use crate::{
    view,
    work::{Part, Work},
};
use cairn_store::NodeId;
use tracing::warn;

impl Executor {
    /// The nodes of a task's workers, or of a panel's guards, as their profiles name them. Without
    /// peers nobody is looked up, and who cannot be is asked in no particular order.
    pub(super) async fn near(&self, work: &Work) -> Vec<NodeId> {
        if !self.artifacts.has_peers() {
            return Vec::new();
        }
        let looked_up = async {
            let market = self.chain.market().await?;
            match work.seat.part {
                Part::Judge => view::guards(&market, work.seat.panel()).await,
                // Whoever has it has no seat anywhere.
                Part::Keeper => Ok(Vec::new()),
                _ => view::nodes(&market, work.seat.task()).await,
            }
        };
        looked_up.await.unwrap_or_else(|reason| {
            warn!("{}: nobody knows whose nodes are near: {reason}", work.seat);
            Vec::new()
        })
    }
}
