//! What is to be done, read from the chain's final state.
//!
//! The state alone says it: at the start, every so many blocks, and where an event says that
//! something may have changed. An event is never believed more than that, so nothing is lost with
//! one that was missed.

mod errands;
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
use cairn_sdk::{AccountId32, At, Block, Chain, Duty, Market, Named, Touched};
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

pub(crate) use errands::Errands;

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
    /// What panels ask it, and what it could keep.
    errands: Errands,
    /// What it has seen that it takes part in.
    known: Known,
    /// To whoever does it. Where that is busy the listener waits.
    pub turns: mpsc::Sender<Arc<Turn>>,
    /// To those who only need the last one.
    pub latest: watch::Sender<Option<Arc<Turn>>>,
}

/// What is read of the chain after one block, as far as it is.
struct Reading {
    market: Market,
    /// Who signs for this provider; none where the registration is gone.
    operator: Option<AccountId32>,
    turn: Turn,
    named: Named,
    /// Files of models that it keeps.
    keeping: usize,
}

impl Listener {
    pub fn new(
        chain: Chain,
        provider: ProviderId,
        metrics: Arc<Metrics>,
        journal: &Journal,
        errands: Errands,
        turns: mpsc::Sender<Arc<Turn>>,
        latest: watch::Sender<Option<Arc<Turn>>>,
    ) -> Result<Self> {
        let (height, terms, known) = (journal.height()?, BTreeMap::new(), Known::default());
        Ok(Self { chain, provider, metrics, height, terms, errands, known, turns, latest })
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
        let known = view::standing(market.at(), self.provider).await?;
        let (operator, standing) = known.unzip();
        let (works, kept, challenges) = (Vec::new(), Vec::new(), Vec::new());
        let turn = Turn { block, now, works, kept, challenges, standing };
        let duties = match scope {
            Scope::All => market.duties(self.provider).await?,
            Scope::These(these) => market.duties_at(self.provider, these).await?,
        };
        let mut reading = Reading { market, operator, turn, named: Named::default(), keeping: 0 };
        for duty in duties {
            self.take(&mut reading, duty).await?;
        }
        let Reading { turn, named, keeping, .. } = reading;
        self.known.learn(block, scope, named);
        self.metrics.keeping(keeping);
        let of_tasks = turn.works.iter().filter(|work| work.errand.is_none());
        let there: BTreeSet<TaskId> = of_tasks.map(|work| work.seat.task()).collect();
        self.terms.retain(|task, _| there.contains(task));
        self.errands.retain(&turn.works);
        Ok(turn)
    }

    /// Adds what it takes part in, or could.
    async fn take(&mut self, reading: &mut Reading, duty: Duty) -> Result<()> {
        let Reading { market, operator, turn, named, keeping } = reading;
        let (provider, now, block) = (self.provider, turn.now, turn.block);
        match duty {
            Duty::Work { task, record } => {
                named.tasks.insert(task);
                if let Some(seat) = Kept::seat(task, &record, provider) {
                    let is_contested = record.stage == Stage::Contested;
                    turn.kept.push(self.kept(market, seat, is_contested).await?);
                }
                if let Some(terms) = self.terms_of(market.at(), task).await? {
                    turn.works.extend(Work::at_task(task, &record, provider, &terms, block));
                }
            }
            Duty::Audit { task, record } => {
                named.tasks.insert(task);
                if let Some(terms) = self.terms_of(market.at(), task).await? {
                    turn.works.extend(Work::in_audit(task, &record, provider, &terms, block));
                }
            }
            Duty::Challenge { number, record } => {
                named.challenges.insert(number);
                turn.challenges.push((number, record));
            }
            Duty::Judge { panel, record } => {
                named.panels.insert(panel);
                let judging = self.errands.judging(market, provider, panel, &record, now);
                turn.works.extend(judging.await?);
            }
            Duty::Keep(file) => {
                named.deltas.insert(file.delta);
                turn.kept.push(Kept::of_model(&file));
                *keeping += 1;
            }
            Duty::Want(wanted) => {
                let Some(operator) = operator else { return Ok(()) };
                if let Some(work) = self.errands.wanted(market, operator, &wanted, now).await? {
                    named.deltas.insert(wanted.delta);
                    // It stays from when it is here.
                    turn.kept.push(Kept { seat: Seat::keeper(wanted.delta), asked: None });
                    turn.works.push(work);
                }
            }
        }
        Ok(())
    }

    /// A result, and what of it is asked for.
    async fn kept(&self, market: &Market, seat: Seat, is_contested: bool) -> Result<Kept> {
        let view = match is_contested {
            true => market.task(seat.task()).await?,
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
