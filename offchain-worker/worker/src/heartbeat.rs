//! Says that the provider is there, before the chain takes it for gone.

use crate::{
    post::{is_final, Post, Sends},
    work::{Standing, Turn},
    Result,
};
use cairn_protocol::id::{Height, ProviderId};
use cairn_sdk::{calls, Outbox};
use std::sync::Arc;
use tokio::sync::watch;
use tracing::warn;

/// What all of them are called by in the outbox.
const PREFIX: &str = "heartbeat:";

pub(crate) struct Heartbeats<O = Outbox> {
    pub post: Arc<Post<O>>,
    pub provider: ProviderId,
    /// After so many blocks the next one is due. The chain gives back the fee of one that is.
    pub every: Height,
}

impl<O: Sends> Heartbeats<O> {
    /// Goes on until nobody tells it how things stand.
    pub async fn run(self, mut turns: watch::Receiver<Option<Arc<Turn>>>) -> Result<()> {
        while turns.changed().await.is_ok() {
            let turn = turns.borrow_and_update().clone();
            let Some(turn) = turn else { continue };
            self.post.look_after();
            let Some(purpose) = due(&turn, self.every) else { continue };
            if let Err(error) = self.beat(&turn, purpose).await {
                if is_final(&error) {
                    return Err(error.into());
                }
                warn!("the heartbeat was not sent: {error}");
            }
        }
        Ok(())
    }

    async fn beat(&self, turn: &Turn, purpose: String) -> cairn_sdk::Result<()> {
        let call = calls::heartbeat(self.provider);
        self.post.send("heartbeat", &purpose, &call, turn.block).await?;
        // Of those before it is known what came of them, since another is due.
        self.post.forget_others(PREFIX, &[purpose]).await
    }
}

/// What the heartbeat is called that is due; none where none is. Each has another name, since the
/// one before it changed what this is made of.
fn due(turn: &Turn, every: Height) -> Option<String> {
    let standing = turn.standing.as_ref().filter(|standing| !standing.leaving)?;
    let Standing { heartbeat, missed, .. } = standing;
    match heartbeat {
        None => Some(format!("{PREFIX}first")),
        Some(at) if *missed => Some(format!("{PREFIX}{at}:missed")),
        Some(at) => {
            let due = turn.now >= at.saturating_add(every);
            due.then(|| format!("{PREFIX}{at}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::profile::DeviceClass;
    use cairn_sdk::Outcome;

    fn turn(now: Height, standing: Option<Standing>) -> Turn {
        let (works, kept, challenges) = (Vec::new(), Vec::new(), Vec::new());
        Turn { block: 1, now, works, kept, challenges, standing }
    }

    fn standing(heartbeat: Option<Height>, missed: bool, leaving: bool) -> Standing {
        Standing { class: DeviceClass::Cpu, heartbeat, missed, leaving }
    }

    fn named(now: Height, heartbeat: Option<Height>, missed: bool) -> Option<String> {
        due(&turn(now, Some(standing(heartbeat, missed, false))), 300)
    }

    #[test]
    fn due_should_name_a_heartbeat_when_the_last_is_old_or_was_not_enough() {
        assert_eq!(named(309, Some(10), false), None);
        assert_eq!(named(310, Some(10), false), Some("heartbeat:10".into()));
        assert_eq!(named(11, Some(10), true), Some("heartbeat:10:missed".into()));
        assert_eq!(named(0, None, false), Some("heartbeat:first".into()));
    }

    #[test]
    fn due_should_be_none_when_the_provider_leaves_or_is_gone() {
        let leaving = standing(Some(10), false, true);
        assert_eq!(due(&turn(310, Some(leaving)), 300), None);
        assert_eq!(due(&turn(310, None), 300), None);
    }

    #[tokio::test]
    async fn run_should_forget_what_is_known_when_it_sends_and_say_what_is_wrong() {
        let post = Post::noting();
        for purpose in ["challenge-commit:1", "heartbeat:1"] {
            post.has_ended(purpose, 5, Outcome::Done);
        }
        post.is_under_way("heartbeat:5");
        post.is_in_trouble("no room");
        let standing = standing(Some(10), false, false);
        let (to, turns) = watch::channel(None);
        to.send_replace(Some(Arc::new(turn(310, Some(standing)))));
        drop(to);

        let (copy, provider) = (Arc::clone(&post), ProviderId(4));
        let heartbeats = Heartbeats { post: copy, provider, every: 300 };
        heartbeats.run(turns).await.unwrap();
        assert_eq!(post.calls(), ["heartbeat"]);
        // What is under way is left to the next time, and others' to others.
        assert_eq!(post.purposes(), ["challenge-commit:1", "heartbeat:10", "heartbeat:5"]);
        assert_eq!(post.said().as_deref(), Some("no room"));
    }
}
