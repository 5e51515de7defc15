//! Keeps results for as long as their requesters may want them, and what the chain wants kept of
//! models; and shows parts of it, of a result that nobody could fetch, and of a model as the lot
//! falls. Whoever shows nothing is not paid.

use crate::{
    artifacts::Artifacts,
    post::{is_final, Post, Sends},
    work::{Asked, Kept, Part, Seat, Turn},
    Error, Result,
};
use cairn_protocol::chunk::Proof;
use cairn_sdk::{calls, learning::calls as learning, Outbox};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::watch;
use tracing::{info, warn};

pub(crate) struct Keeper<O = Outbox> {
    pub artifacts: Artifacts,
    pub post: Arc<Post<O>>,
    /// What is shown, and what it was asked for by, which takes long to make.
    pub proofs: BTreeMap<Seat, (Asked, Vec<Proof>)>,
}

impl<O: Sends> Keeper<O> {
    /// Goes on until nobody tells it how things stand.
    pub async fn run(mut self, mut turns: watch::Receiver<Option<Arc<Turn>>>) -> Result<()> {
        while turns.changed().await.is_ok() {
            let turn = turns.borrow_and_update().clone();
            if let Some(turn) = turn {
                self.look(&turn).await?;
            }
        }
        Ok(())
    }

    async fn look(&mut self, turn: &Turn) -> Result<()> {
        let seats: Vec<Seat> = turn.kept.iter().map(|kept| kept.seat).collect();
        if let Err(reason) = self.artifacts.keep_only(&seats).await {
            warn!("files are kept for longer than they need be: {reason}");
        }
        let is_asked = |seat: &Seat, by: &Asked| {
            turn.kept.iter().any(|kept| kept.seat == *seat && kept.asked.as_ref() == Some(by))
        };
        self.proofs.retain(|seat, (by, _)| is_asked(seat, by));
        for Kept { seat, asked } in &turn.kept {
            let Some(asked) = asked else { continue };
            match self.show(*seat, asked, turn.block).await {
                Ok(()) => {}
                Err(Error::Sdk(error)) if !is_final(&error) => {
                    warn!("{seat}: it was not shown: {error}");
                }
                Err(Error::Artifacts(missing)) => {
                    warn!("{seat}: it cannot be shown: {missing}");
                }
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    async fn show(&mut self, seat: Seat, asked: &Asked, block: u64) -> Result<()> {
        let purpose = seat.purpose("show");
        let proofs = match self.proofs.get(&seat) {
            Some((_, proofs)) => proofs.clone(),
            None => {
                info!("{seat}: shows {} chunks of what it keeps", asked.chunks.len());
                let proofs = self.artifacts.prove(&asked.file, &asked.chunks).await?;
                // What was asked before this may have been answered under the same name.
                self.post.forget(&purpose).await?;
                self.proofs.insert(seat, (asked.clone(), proofs.clone()));
                proofs
            }
        };
        if seat.part == Part::Keeper {
            let call = learning::show_chunks(seat.delta(), proofs);
            self.post.send("keep-show", &purpose, &call, block).await?;
        } else {
            self.post.send("show", &purpose, &calls::show(seat.task(), proofs), block).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Settings, disk::reserve::Reserve, folders::Folders, metrics::Metrics,
        post::testing::Notes, work::testing::seat,
    };
    use cairn_protocol::id::{DeltaId, File};
    use cairn_sdk::Outcome;
    use tempfile::TempDir;
    use tokio::task::block_in_place;

    /// A keeper of one file.
    struct Place {
        _directory: TempDir,
        keeper: Keeper<Notes>,
        file: File,
    }

    impl Place {
        async fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let settings = Settings {
                key: Some("//Alice".into()),
                data: Some(directory.path().join("data")),
                archive: Some(directory.path().join("archive").display().to_string()),
                ..Default::default()
            };
            let config = settings.resolve(1, 1_000).unwrap();
            let folders = Folders::make(&config.data).unwrap();
            let metrics = Arc::new(Metrics::new().unwrap());
            let reserve = Arc::new(Reserve::new(folders.reserve()));
            let artifacts = Artifacts::open(&config, &folders, metrics, reserve).await.unwrap();
            let file = block_in_place(|| artifacts.publish(&[1; 9_000])).unwrap();
            let keeper = Keeper { artifacts, post: Post::noting(), proofs: BTreeMap::new() };
            Self { _directory: directory, keeper, file }
        }

        /// The same is looked at twice.
        async fn look(&mut self, seat: Seat, chunks: Option<&[u64]>) {
            let asked = chunks.map(|chunks| Asked { file: self.file, chunks: chunks.to_vec() });
            let (works, challenges) = (Vec::new(), Vec::new());
            let kept = vec![Kept { seat, asked }];
            let turn = Turn { block: 7, now: 7, works, kept, challenges, standing: None };
            for _ in 0..2 {
                self.keeper.look(&turn).await.unwrap();
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn look_should_show_each_time_that_the_lot_falls_and_once() {
        let mut place = Place::new().await;
        let (post, seat) = (Arc::clone(&place.keeper.post), Seat::keeper(DeltaId(5)));
        place.look(seat, None).await;
        assert_eq!(post.calls(), Vec::<String>::new());
        place.look(seat, Some(&[2, 8])).await;
        assert_eq!(
            (post.calls(), post.purposes()),
            (vec!["show".into()], vec!["keep-show:5:0:0".into()])
        );
        post.has_ended("keep-show:5:0:0", 7, Outcome::Done);
        place.look(seat, Some(&[2, 8])).await;
        assert_eq!(post.calls().len(), 1, "it was shown");
        // The lot falls anew, and nothing was seen of the time between.
        place.look(seat, Some(&[3, 8])).await;
        assert_eq!(post.calls().len(), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn look_should_keep_a_model_as_long_as_the_chain_has_it_kept() {
        let mut place = Place::new().await;
        let delta = Seat::keeper(DeltaId(5));
        place.keeper.artifacts.bring_kept(&delta, &place.file).await.unwrap();
        place.look(delta, None).await;
        assert!(place.keeper.artifacts.is_pinned(&place.file));
        place.look(seat(5), None).await;
        assert!(!place.keeper.artifacts.is_pinned(&place.file));
    }
}
