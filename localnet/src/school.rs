//! Deltas that are better for certain, since what was spoilt is mended by them: for whoever asks what
//! becomes of a delta, and not whether something can be learned.
//!
//! ```text
//! demo model ──▶ spots of its components are pushed away ──▶ published, and judged on text
//!                            └──▶ a change for each spot that pushes it back ──▶ hand_in
//! ```

use std::{collections::BTreeMap, time::Duration};

use cairn_artifact::store::Store;
use cairn_protocol::{
    dag::{Component, Header, SemVer},
    id::{BlockId, DeltaId, Digest, File},
    preimage::{DeltaCommitment, Statement},
    view::ModelView,
};
use cairn_runtime::{
    configs::learning_defaults::QUICK_DELTA_RULES, AccountId, BlockNumber, Hash, Runtime,
    RuntimeEvent,
};
use pallet_cairn_learning::{Call, Event};

use crate::{
    keys,
    spoil::{spoil, Mend},
    wait::{until, Seen},
    Client, Course, Error, Network, Result,
};

pub use crate::spoil::Spot;

/// Steps after which the demo model foretells well enough that it shows where it is spoilt.
pub const STEPS: u64 = 20;
/// The component that all tokens pass through.
pub const TRUNK: &str = "trunk";
/// What frequent letters are met with, and foretold by. In any order, and whatever is spoilt besides,
/// each mend is worth from 0.03 to 0.13 of the loss's logarithm.
pub const LETTERS: [Spot; 4] =
    [letter(b't', 16_000), letter(b'r', 24_000), letter(b' ', 12_000), letter(b'e', 12_000)];
/// Two experts that many tokens come to, and all that one says: worth as much.
pub const EXPERTS: [&str; 2] = ["layers.0.experts.1", "layers.0.experts.2"];
pub const SAID: [Spot; 1] = [Spot { tensor: "down.weights", rows: 0..128, by: 20_000 }];

/// Blocks between a commitment and its delta on a quick market.
const DELAY: BlockNumber = QUICK_DELTA_RULES.terms.delay;
/// What a delta claims to gain: nobody looks at it before it is measured.
const CLAIMED: u64 = 10_000;
const RELEASE: SemVer = SemVer { major: 1, minor: 0, patch: 0 };
const SALT: Digest = [5; 32];
/// More than a transaction takes, on a machine that has more to do.
const WITHIN: Duration = Duration::from_secs(240);

/// A model that is worse than it could be, and what mends it.
pub struct School {
    client: Client,
    model: BlockId,
    store: Store,
    /// For each component, spot by spot.
    mends: BTreeMap<Component, Vec<Mend>>,
    /// What each component was published as.
    published: BTreeMap<Component, BlockId>,
}

const fn letter(byte: u8, by: i16) -> Spot {
    Spot { tensor: "embedding", rows: byte as u32..byte as u32 + 1, by }
}

impl School {
    /// Spoils the model of a network's workers at these spots of its components, and has tokens
    /// minted for whoever mends it. Nobody may have done so before.
    pub async fn open(network: &Network, spots: &[(&str, &[Spot])]) -> Result<Self> {
        Self::with(network, spots, &Course::default()).await
    }

    /// The same, judged and paid for like this.
    pub async fn with(
        network: &Network,
        spots: &[(&str, &[Spot])],
        course: &Course,
    ) -> Result<Self> {
        let market = network.market().ok_or(Error::NothingToLearn)?;
        let store = Store::at(&market.archive).map_err(|error| unspoilt("the model", error))?;
        let (mut mends, mut instead) = (BTreeMap::new(), BTreeMap::new());
        for (name, spots) in spots {
            let component = component(name)?;
            let mut parts = market.published.components.iter();
            let whole = parts.find(|(known, _)| *known == component);
            let (_, whole) = whole.ok_or_else(|| unspoilt(name, "the model has none"))?;
            let spoilt = spoil(&store, whole, spots)?;
            mends.insert(component.clone(), spoilt.mends);
            instead.insert(component, spoilt.file);
        }
        network.prepare_learning(&instead, course).await?;
        let (client, published) = (network.client(0).await?, BTreeMap::new());
        let mut school = Self { client, model: market.model, store, mends, published };
        let heads = school.view().await?.heads.into_iter();
        school.published = heads.map(|known| (known.component, known.head.block)).collect();
        Ok(school)
    }

    /// The model as clients are told of it.
    pub async fn view(&self) -> Result<ModelView<AccountId>> {
        let known: Option<ModelView<AccountId>> =
            self.client.state_call("LearningApi_model", &self.model, None).await?;
        known.ok_or(Error::NothingToLearn)
    }

    /// What a component is once a spot of it is mended, and it alone.
    pub fn mended(&self, name: &str, spot: usize) -> Result<File> {
        Ok(self.mend(name, spot)?.mended)
    }

    fn mend(&self, name: &str, spot: usize) -> Result<&Mend> {
        let mends = self.mends.get(&component(name)?);
        let mend = mends.and_then(|mends| mends.get(spot));
        mend.ok_or_else(|| unspoilt(name, format!("there is no spot {spot}")))
    }

    /// Has the account of a development seed commit to what mends a spot of a component, and hand it
    /// in: on the component as it was published, whatever was laid on it since. Gives the final
    /// block that has it.
    pub async fn hand_in(&self, who: &str, name: &str, spot: usize) -> Result<(DeltaId, Hash)> {
        let change = &self.mend(name, spot)?.change;
        let artifact = self.store.put(change).map_err(|error| unspoilt(name, error))?;
        self.hand_in_file(who, name, artifact).await
    }

    /// The same of any file, which may be no change and may be nowhere.
    pub async fn hand_in_file(
        &self,
        who: &str,
        name: &str,
        artifact: File,
    ) -> Result<(DeltaId, Hash)> {
        let component = component(name)?;
        let parent = self.published.get(&component).copied();
        let parent = parent.ok_or_else(|| unspoilt(name, "it is not published"))?;
        let (signer, author, model) = (keys::signer(who)?, keys::account(who)?, self.model);
        let (named, by) = (component.clone(), author.clone());
        let header = Header::delta(model, named, parent, artifact, RELEASE, by, CLAIMED);
        let commitment = DeltaCommitment { author, artifact: artifact.id, salt: SALT };
        let digest = commitment.digest(&self.client.genesis().0);

        let commit = Call::<Runtime>::commit_delta { model, component, digest };
        let done = self.client.execute(commit.into(), &signer, WITHIN).await?;
        let committed = self.client.header(done.block).await?.number;
        until("a commitment to be old enough", WITHIN, || async {
            let best = self.client.best().await?.number;
            Ok(Seen::when(best >= committed.saturating_add(DELAY), best))
        })
        .await?;
        let submit = Call::<Runtime>::submit_delta { header: Box::new(header), salt: SALT };
        let done = self.client.execute(submit.into(), &signer, WITHIN).await?;
        let delta = done.events.into_iter().find_map(|event| match event {
            RuntimeEvent::Learning(Event::DeltaSubmitted { delta, .. }) => Some(delta),
            _ => None,
        });
        let delta = delta.ok_or_else(|| Error::Task { reason: "no delta was handed in".into() })?;
        Ok((delta, done.block))
    }
}

/// A component of this name.
pub fn component(name: &str) -> Result<Component> {
    let known = Component::try_from(name.as_bytes().to_vec());
    known.map_err(|_| unspoilt(name, "its name is too long"))
}

fn unspoilt(component: &str, reason: impl ToString) -> Error {
    Error::Unspoilt { component: component.into(), reason: reason.to_string() }
}
