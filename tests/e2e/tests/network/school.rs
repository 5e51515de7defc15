//! A model that was spoilt on a network of a test, and what final blocks say came of what mends it.

use std::{collections::BTreeMap, time::Duration};

use cairn_e2e::{Failure, Test, TestNet};
use cairn_localnet::{
    keys,
    school::{self, component, Spot, STEPS},
    Client, Course, Market, Setup,
};
use cairn_protocol::{
    fault::Fault,
    id::{Amount, BlockId, DeltaId, File, PanelId, ProviderId},
    learning::{
        delta::DeltaView,
        evaluation::{Evaluation, Opinion},
        model::Head,
        panel::{Case, Outcome},
        reward::Cause,
    },
    lifecycle::delta::Reason,
    view::ModelView,
};
use cairn_runtime::{AccountId, BlockNumber, Hash, Runtime, RuntimeEvent, RuntimeHoldReason};
use codec::Decode;
use pallet_cairn_curation::Event as CurationEvent;
use pallet_cairn_custody::Event as CustodyEvent;
use pallet_cairn_learning::Event as LearningEvent;
use pallet_cairn_panels::Event as PanelEvent;
use pallet_cairn_providers::Event as ProviderEvent;
use pallet_cairn_rewards::{
    types::{Ledger, Period},
    Current, Event as RewardEvent, Ledgers, Sums,
};
use pallet_cairn_tasks::Event as TaskEvent;
use pallet_transaction_payment::Event as FeeEvent;
use serde_json::Value;
use tokio::time::{sleep, Instant};

/// More than anything takes that comes to an end, on a machine that has more to do.
const WITHIN: Duration = Duration::from_secs(400);
const STEP: Duration = Duration::from_millis(250);

/// A network whose model is worse than it could be.
pub struct School {
    pub net: TestNet,
    pub front: Client,
    school: school::School,
}

/// How a delta has ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    Laid { block: BlockId, gain: u64, reward: Amount },
    Other(Reason),
}

/// All that was told of a delta.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Those who judged it, the last ones last.
    pub panels: Vec<PanelId>,
    pub end: Option<End>,
}

/// All that was told of a panel.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    pub guards: Vec<ProviderId>,
    pub committed: Vec<ProviderId>,
    pub revealed: Vec<(ProviderId, Opinion)>,
    pub dismissed: Vec<ProviderId>,
    pub paid: Vec<ProviderId>,
    pub outcome: Option<Outcome>,
}

/// A keeper that showed the chunks that it was asked for.
#[derive(Clone, Debug)]
pub struct Shown {
    pub delta: DeltaId,
    pub keeper: ProviderId,
    pub chunks: Vec<u64>,
    pub paid: Amount,
    /// Where it did so.
    pub block: Hash,
}

/// What final blocks tell, each read once.
pub struct Lessons {
    /// Before all of it.
    books: Books,
    next: BlockNumber,
    pub deltas: BTreeMap<DeltaId, Told>,
    pub panels: BTreeMap<PanelId, Judging>,
    /// What keepers were asked to show of what a component became, and have not yet.
    asked: BTreeMap<DeltaId, (ProviderId, Vec<u64>)>,
    pub shown: Vec<Shown>,
    /// Who is punished for having shown nothing of what came of which delta.
    pub withheld: Vec<(DeltaId, ProviderId)>,
    pub penalised: Vec<ProviderId>,
    /// What authors lost by deltas that were rejected.
    pub lost: BTreeMap<DeltaId, Amount>,
    /// What was paid for each delta that was laid.
    pub released: BTreeMap<DeltaId, Amount>,
    /// What sponsors took back.
    pub withdrawn: Amount,
    /// What became of sealed sets, and of rewards that wait for them.
    pub curated: Vec<CurationEvent<Runtime>>,
    /// What was burnt for transactions and for tasks.
    burnt: Amount,
    /// What was paid to those who judge, keep and seal sets.
    pub judges: Amount,
}

/// What there is of tokens, and what was ever minted for each cause.
struct Books {
    issued: Sums,
    issuance: Amount,
}

impl School {
    /// A network of these workers, with a model that is spoilt at these spots of its components.
    pub async fn open(
        setups: Vec<Setup>,
        patch: Value,
        spots: &[(&str, &[Spot])],
    ) -> Result<Self, Failure> {
        let net = TestNet::with_lessons(setups, patch, STEPS).await?;
        Self::of(net, spots, &Course::default()).await
    }

    /// The same on a network that is there, judged and paid for like this.
    pub async fn of(
        net: TestNet,
        spots: &[(&str, &[Spot])],
        course: &Course,
    ) -> Result<Self, Failure> {
        let school = school::School::with(&net, spots, course).await?;
        Ok(Self { front: net.client(0).await?, net, school })
    }

    pub fn market(&self) -> Result<&Market, Failure> {
        self.net.market().ok_or_else(|| Failure::new("the network has no market"))
    }

    pub async fn model(&self) -> Result<ModelView<AccountId>, Failure> {
        Ok(self.school.view().await?)
    }

    pub async fn head(&self, name: &str) -> Result<Head, Failure> {
        let (component, view) = (component(name)?, self.model().await?);
        let found = view.heads.into_iter().find(|known| known.component == component);
        Ok(found.ok_or_else(|| Failure::new(format!("nothing is published of {name}")))?.head)
    }

    pub async fn view(&self, delta: DeltaId) -> Result<DeltaView<AccountId>, Failure> {
        let view: Option<DeltaView<AccountId>> =
            self.front.state_call("LearningApi_delta", &delta, None).await?;
        view.ok_or_else(|| Failure::new(format!("nothing is known of {delta:?}")))
    }

    /// What a component is once a spot of it is mended, and it alone.
    pub fn mended(&self, name: &str, spot: usize) -> Result<File, Failure> {
        Ok(self.school.mended(name, spot)?)
    }

    /// Has somebody hand in what mends a spot of a component.
    pub async fn hand_in(&self, who: &str, name: &str, spot: usize) -> Result<DeltaId, Failure> {
        Ok(self.school.hand_in(who, name, spot).await?.0)
    }

    /// The same of any file, which may be no change and may be nowhere.
    pub async fn hand_in_file(
        &self,
        who: &str,
        name: &str,
        file: File,
    ) -> Result<DeltaId, Failure> {
        Ok(self.school.hand_in_file(who, name, file).await?.0)
    }

    /// Fails unless all that was minted since the first block that was read was minted for a cause,
    /// and all that was burnt was paid for transactions and tasks. Says what was minted for each
    /// cause.
    pub async fn minted(&self, lessons: &Lessons) -> Result<Sums, Failure> {
        let now = Books::of(&self.front, lessons.last(&self.front).await?).await?;
        let begun = &lessons.books;
        let minted = Sums {
            inference: now.issued.inference - begun.issued.inference,
            learning: now.issued.learning - begun.issued.learning,
            validation: now.issued.validation - begun.issued.validation,
            data: now.issued.data - begun.issued.data,
        };
        let all = minted.inference + minted.learning + minted.validation + minted.data;
        assert_eq!(begun.issuance + all, now.issuance + lessons.burnt, "{minted:?}");
        Ok(minted)
    }

    /// The same of a model that is admitted, whose judges nobody else pays, while nobody is granted
    /// anything.
    pub async fn books(&self, lessons: &Lessons) -> Result<Sums, Failure> {
        let minted = self.minted(lessons).await?;
        assert_eq!((minted.inference, minted.validation), (0, lessons.judges));
        Ok(minted)
    }

    /// Why anything of an account is held.
    pub async fn held(&self, who: &str) -> Result<Vec<(RuntimeHoldReason, Amount)>, Failure> {
        let key = pallet_balances::Holds::<Runtime>::hashed_key_for(keys::account(who)?);
        Ok(self.stored(key).await?.unwrap_or_default())
    }

    /// What the chain keeps there after its last final block.
    pub async fn stored<T: Decode>(&self, key: impl AsRef<[u8]>) -> Result<Option<T>, Failure> {
        let block = self.front.finalized_head().await?;
        Ok(self.front.storage(key, Some(block)).await?)
    }

    /// The number of the period that goes on.
    pub async fn period(&self) -> Result<u32, Failure> {
        let known: Option<Period> = self.stored(Current::<Runtime>::hashed_key()).await?;
        Ok(known.ok_or_else(|| Failure::new("no period has begun"))?.number)
    }

    pub async fn ledger(&self, period: u32) -> Result<Ledger, Failure> {
        let known: Option<Ledger> = self.stored(Ledgers::<Runtime>::hashed_key_for(period)).await?;
        known.ok_or_else(|| Failure::new(format!("nothing is known of period {period}")))
    }

    /// Waits until a period is over.
    pub async fn wait_for_end(&self, period: u32) -> Test {
        let deadline = Instant::now() + WITHIN;
        while self.period().await? <= period {
            if Instant::now() >= deadline {
                return Err(Failure::new(format!("period {period} has no end")));
            }
            sleep(STEP).await;
        }
        Ok(())
    }

    /// Fails unless of no period's budget more was minted, is put aside and is left than there was.
    pub async fn is_within_budgets(&self) -> Test {
        for period in 0..=self.period().await? {
            let ledger = self.ledger(period).await?;
            for cause in Cause::ALL {
                let sums = [ledger.minted, ledger.held, ledger.left];
                let used: Amount = sums.iter().map(|sum| sum.of(cause)).sum();
                assert!(used <= ledger.budgets.of(cause), "{period}, {cause:?}: {ledger:?}");
            }
        }
        Ok(())
    }
}

impl Books {
    async fn of(client: &Client, at: Hash) -> Result<Self, Failure> {
        let issued = pallet_cairn_rewards::Issued::<Runtime>::hashed_key();
        let issuance = pallet_balances::TotalIssuance::<Runtime>::hashed_key();
        Ok(Self {
            issued: client.storage(issued, Some(at)).await?.unwrap_or_default(),
            issuance: client.storage(issuance, Some(at)).await?.unwrap_or_default(),
        })
    }
}

impl Lessons {
    /// From the next final block on.
    pub async fn begin_with(client: &Client) -> Result<Self, Failure> {
        let last = client.finalized().await?;
        Ok(Self {
            books: Books::of(client, last.hash()).await?,
            next: last.number + 1,
            deltas: BTreeMap::new(),
            panels: BTreeMap::new(),
            asked: BTreeMap::new(),
            shown: Vec::new(),
            withheld: Vec::new(),
            penalised: Vec::new(),
            lost: BTreeMap::new(),
            released: BTreeMap::new(),
            withdrawn: 0,
            curated: Vec::new(),
            burnt: 0,
            judges: 0,
        })
    }

    pub fn of(&self, delta: DeltaId) -> Told {
        self.deltas.get(&delta).cloned().unwrap_or_default()
    }

    /// The panel that came to what became of a delta.
    pub fn last_panel(&self, delta: DeltaId) -> Result<(PanelId, Judging), Failure> {
        let told = self.of(delta);
        let last = told.panels.last();
        let found = last.and_then(|panel| Some((*panel, self.panels.get(panel)?.clone())));
        found.ok_or_else(|| Failure::new(format!("nobody judged {delta:?}: {told:#?}")))
    }

    pub fn have_ended(&self, deltas: &[DeltaId]) -> bool {
        deltas.iter().all(|delta| self.of(*delta).end.is_some())
    }

    /// Reads whatever became final meanwhile.
    pub async fn read(&mut self, client: &Client) -> Test {
        let last = client.finalized().await?.number;
        while self.next <= last {
            let number = self.next;
            let block = client.block_hash(number).await?;
            let block = block.ok_or_else(|| Failure::new(format!("there is no block {number}")))?;
            for event in client.events(block).await? {
                self.note(block, event.event);
            }
            self.next += 1;
        }
        Ok(())
    }

    /// Reads on until it is so.
    pub async fn wait(&mut self, client: &Client, what: &str, so: impl Fn(&Self) -> bool) -> Test {
        let deadline = Instant::now() + WITHIN;
        loop {
            self.read(client).await?;
            if so(self) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let so_far = (&self.deltas, &self.panels);
                return Err(Failure::new(format!("waited for {what}; so far: {so_far:#?}")));
            }
            sleep(STEP).await;
        }
    }

    /// The last block that was read.
    pub async fn last(&self, client: &Client) -> Result<Hash, Failure> {
        let number = self.next.saturating_sub(1);
        let found = client.block_hash(number).await?;
        found.ok_or_else(|| Failure::new(format!("there is no block {number}")))
    }

    fn note(&mut self, block: Hash, event: RuntimeEvent) {
        match event {
            RuntimeEvent::Learning(event) => self.note_delta(event),
            RuntimeEvent::Panels(event) => self.note_panel(event),
            RuntimeEvent::Custody(event) => self.note_keeper(block, event),
            RuntimeEvent::Rewards(event) => self.note_payment(event),
            RuntimeEvent::Curation(event) => self.curated.push(event),
            RuntimeEvent::Tasks(
                TaskEvent::Settled { burnt, .. } | TaskEvent::Refunded { burnt, .. },
            ) => self.burnt += burnt,
            RuntimeEvent::Providers(ProviderEvent::SlashQueued {
                provider,
                fault,
                subject,
                ..
            }) => {
                self.penalised.push(provider);
                if fault == Fault::Withheld {
                    self.withheld.push((DeltaId(subject), provider));
                }
            }
            RuntimeEvent::TransactionPayment(FeeEvent::TransactionFeePaid {
                actual_fee,
                tip,
                ..
            }) => self.burnt += actual_fee - tip,
            _ => {}
        }
    }

    fn note_payment(&mut self, event: RewardEvent<Runtime>) {
        match event {
            RewardEvent::JudgesPaid { paid, .. } => self.judges += paid,
            RewardEvent::Released { delta, paid, .. } => {
                self.released.insert(delta, paid);
            }
            RewardEvent::Withdrawn { amount, .. } => self.withdrawn += amount,
            _ => {}
        }
    }

    fn note_delta(&mut self, event: LearningEvent<Runtime>) {
        if let LearningEvent::Rejected { delta, lost, .. } = &event {
            self.lost.insert(*delta, *lost);
        }
        let (delta, end) = match event {
            LearningEvent::DeltaLaid { delta, block, gain, reward, .. } => {
                (delta, End::Laid { block, gain, reward })
            }
            LearningEvent::Rejected { delta, reason, .. }
            | LearningEvent::Outdated { delta, reason }
            | LearningEvent::Lapsed { delta, reason } => (delta, End::Other(reason)),
            _ => return,
        };
        self.deltas.entry(delta).or_default().end = Some(end);
    }

    fn note_keeper(&mut self, block: Hash, event: CustodyEvent<Runtime>) {
        match event {
            CustodyEvent::ChunksAsked { delta, provider, chunks, .. } => {
                self.asked.insert(delta, (provider, chunks));
            }
            CustodyEvent::Shown { delta, provider, paid } => {
                let asked = self.asked.remove(&delta).filter(|(keeper, _)| *keeper == provider);
                let chunks = asked.map(|(_, chunks)| chunks).unwrap_or_default();
                self.shown.push(Shown { delta, keeper: provider, chunks, paid, block });
            }
            _ => {}
        }
    }

    fn note_panel(&mut self, event: PanelEvent<Runtime>) {
        match event {
            PanelEvent::PanelOpened { panel, case: Case::Delta(delta) } => {
                self.deltas.entry(delta).or_default().panels.push(panel);
            }
            PanelEvent::Drawn { panel, guards, .. } => self.at(panel).guards.extend(guards),
            PanelEvent::Committed { panel, guard, .. } => self.at(panel).committed.push(guard),
            PanelEvent::Revealed { panel, guard, opinion } => {
                self.at(panel).revealed.push((guard, opinion));
            }
            PanelEvent::Dismissed { panel, guard } => self.at(panel).dismissed.push(guard),
            PanelEvent::Paid { panel, guards, .. } => self.at(panel).paid.extend(guards),
            PanelEvent::Judged { panel, outcome, .. } => self.at(panel).outcome = Some(outcome),
            _ => {}
        }
    }

    fn at(&mut self, panel: PanelId) -> &mut Judging {
        self.panels.entry(panel).or_default()
    }
}

impl Judging {
    /// What was decided, if that was a measurement.
    pub fn measured(&self) -> Result<Evaluation, Failure> {
        match self.outcome {
            Some(Outcome::Decided(Opinion::Measured(evaluation))) => Ok(evaluation),
            _ => Err(Failure::new(format!("it should be measured: {self:#?}"))),
        }
    }

    /// Those who said what was decided.
    pub fn agreed(&self) -> Vec<ProviderId> {
        let of = |opinion: &Opinion| self.outcome == Some(Outcome::Decided(*opinion));
        let agreed = self.revealed.iter().filter(|(_, opinion)| of(opinion));
        sorted(agreed.map(|(guard, _)| *guard))
    }
}

impl Told {
    /// The block that it became, what was gained by it, and what was put aside for it.
    pub fn laid(&self) -> Result<(BlockId, u64, Amount), Failure> {
        match self.end {
            Some(End::Laid { block, gain, reward }) => Ok((block, gain, reward)),
            _ => Err(Failure::new(format!("it should be laid: {self:#?}"))),
        }
    }
}

pub fn sorted(those: impl IntoIterator<Item = ProviderId>) -> Vec<ProviderId> {
    let mut those: Vec<ProviderId> = those.into_iter().collect();
    those.sort_unstable();
    those
}
