//! What is to be done, read from the chain's final state.
//!
//! The state alone says it: at the start, every so many blocks, and where an event says that
//! something may have changed. An event is never believed more than that, so nothing is lost with
//! one that was missed.

mod known;

use crate::{
    journal::Journal,
    metrics::Metrics,
    post::is_final,
    view,
    work::{Asked, Kept, Seat, Turn, Work},
    Error, Result,
};
use cairn_protocol::{
    id::{ProviderId, TaskId},
    job::Terms,
    lifecycle::Stage,
};
use cairn_sdk::{At, Block, Chain, Duty, Market, Named, Touched};
use known::{Known, Scope};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use tracing::{debug, warn};

/// Between two tries to follow the chain.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Listener {
    pub chain: Chain,
    pub provider: ProviderId,
    pub metrics: Arc<Metrics>,
    /// The last block that this worker has looked at, maybe in an earlier process.
    pub height: u64,
    /// Terms of the tasks that it takes part in.
    pub terms: BTreeMap<TaskId, Arc<Terms>>,
    /// What it has seen that it takes part in.
    known: Known,
    /// To whoever does it. Where that is busy the listener waits.
    pub turns: mpsc::Sender<Arc<Turn>>,
    /// To those who only need the last one.
    pub latest: watch::Sender<Option<Arc<Turn>>>,
}

impl Listener {
    pub fn new(
        chain: Chain,
        provider: ProviderId,
        metrics: Arc<Metrics>,
        journal: &Journal,
        turns: mpsc::Sender<Arc<Turn>>,
        latest: watch::Sender<Option<Arc<Turn>>>,
    ) -> Result<Self> {
        let (height, terms, known) = (journal.height()?, BTreeMap::new(), Known::default());
        Ok(Self { chain, provider, metrics, height, terms, known, turns, latest })
    }

    /// Follows the chain through every loss of the connection.
    pub async fn run(mut self) -> Result<()> {
        loop {
            let Err(error) = self.follow().await;
            match error {
                Error::Sdk(error) if !is_final(&error) => warn!("the chain is lost: {error}"),
                // Nobody listens any more, so all of this is about to end.
                Error::Closed => return Ok(()),
                other => return Err(other),
            }
            sleep(PAUSE).await;
        }
    }

    async fn follow(&mut self) -> Result<Infallible> {
        let mut blocks = self.chain.follow().await?;
        let at = self.chain.at_finalized().await?;
        self.metrics.saw(at.block_number());
        self.look(at, Scope::All).await?;
        loop {
            let block = blocks.next().await?;
            self.metrics.saw(block.number);
            if let Some((at, scope)) = self.news(&block).await? {
                self.look(at, scope).await?;
            }
        }
    }

    /// The chain after the block, and what is read of it, if there may be something new.
    async fn news(&self, block: &Block) -> Result<Option<(At, Scope)>> {
        if block.number <= self.height {
            return Ok(None);
        }
        let at = block.at(&self.chain).await?;
        let touched = Touched::by(&at, self.provider).await?;
        Ok(self.known.scope(block.number, &touched).map(|scope| (at, scope)))
    }

    /// Says what is to be done, as it stands there.
    async fn look(&mut self, at: At, scope: Scope) -> Result<()> {
        let block = at.block_number();
        if block < self.height {
            // What it does not know yet would seem to be over.
            let seen = self.height;
            warn!(
                "the node is at block {block}, and this worker has seen {seen}: it waits; if the \
                 chain has begun anew, name another --data"
            );
            return Ok(());
        }
        let turn = Arc::new(self.read(Market::new(at), block, &scope).await?);
        debug!("block {block}: {} to do, {} challenges", turn.works.len(), turn.challenges.len());
        self.height = block;
        self.latest.send_replace(Some(Arc::clone(&turn)));
        self.turns.send(turn).await.map_err(|_| Error::Closed)
    }

    async fn read(&mut self, market: Market, block: u64, scope: &Scope) -> Result<Turn> {
        let now = view::now(market.at()).await?;
        let standing = view::standing(market.at(), self.provider).await?;
        let (mut works, mut kept, mut challenges) = (Vec::new(), Vec::new(), Vec::new());
        let mut named = Named::default();
        let duties = match scope {
            Scope::All => market.duties(self.provider).await?,
            Scope::These(these) => market.duties_at(self.provider, these).await?,
        };
        for duty in duties {
            match duty {
                Duty::Work { task, record } => {
                    named.tasks.insert(task);
                    if let Some(seat) = Kept::seat(task, &record, self.provider) {
                        let is_contested = record.stage == Stage::Contested;
                        kept.push(self.kept(&market, seat, is_contested).await?);
                    }
                    if let Some(terms) = self.terms_of(market.at(), task).await? {
                        works.extend(Work::at_task(task, &record, self.provider, &terms, block));
                    }
                }
                Duty::Audit { task, record } => {
                    named.tasks.insert(task);
                    if let Some(terms) = self.terms_of(market.at(), task).await? {
                        works.extend(Work::in_audit(task, &record, self.provider, &terms, block));
                    }
                }
                Duty::Challenge { number, record } => {
                    named.challenges.insert(number);
                    challenges.push((number, record));
                }
            }
        }
        self.known.learn(block, scope, named);
        let there: BTreeSet<TaskId> = works.iter().map(|work| work.seat.task).collect();
        self.terms.retain(|task, _| there.contains(task));
        let standing = standing.map(|(_, standing)| standing);
        Ok(Turn { block, now, works, kept, challenges, standing })
    }

    /// A result, and what of it is asked for.
    async fn kept(&self, market: &Market, seat: Seat, is_contested: bool) -> Result<Kept> {
        let view = match is_contested {
            true => market.task(seat.task).await?,
            false => None,
        };
        let asked = view.and_then(|view| Asked::of(&view, self.provider));
        Ok(Kept { seat, asked })
    }

    async fn terms_of(&mut self, at: &At, task: TaskId) -> Result<Option<Arc<Terms>>> {
        if let Some(terms) = self.terms.get(&task) {
            return Ok(Some(Arc::clone(terms)));
        }
        let terms = view::terms(at, task).await?.map(Arc::new);
        if let Some(terms) = &terms {
            self.terms.insert(task, Arc::clone(terms));
        }
        Ok(terms)
    }
}
