//! Bytes of state that an open task occupies.

use cairn_protocol::{
    audit::{
        record::{AuditView, AuditWaitsFor},
        Finding, Report,
    },
    id::{Height, ProviderId, TaskId},
    job::Terms,
    lifecycle::Stage,
    profile::{Profile, Role, PAYLOAD_KEY_BYTES},
    result::Answer,
    share::WHOLE,
    task::Task,
};
use cairn_runtime::{
    configs::parameters::{market, RuntimeParametersKey, RuntimeParametersValue},
    AccountId, Audits, MarketClock, Providers, Runtime, RuntimeOrigin, Tasks,
};
use cairn_seams::{Beacon, Clock};
use frame_support::{dispatch::DispatchResultWithPostInfo, storage::storage_prefix, traits::Get};
use sp_io::hashing::twox_128;

use super::{
    chain::{self, entries, Chain},
    work,
};
use crate::Error;

const PROVIDERS: u64 = 20;
const LATER: u32 = 3_600;
/// The only task there is.
const TASK: TaskId = TaskId(0);

/// Bytes of keys and values, stage after stage.
pub struct Occupied {
    pub waits_for_seed: usize,
    pub at_work: usize,
    pub committed: usize,
    pub revealed: usize,
    /// When guards and workers have shown what they found; none where nobody looks.
    pub audited: Option<usize>,
}

/// A task on its way.
struct Course {
    chain: Chain,
    requester: AccountId,
    /// What its workers find.
    answer: Answer,
    /// Bytes that were occupied before it came.
    before: usize,
}

/// What one task with these terms adds. A sealed one has its keys, an auditable one is audited.
pub fn measure(terms: impl FnOnce(Height, Height) -> Terms) -> Result<Occupied, Error> {
    let requester = chain::account("requester", 0);
    let mut chain = guarded(&requester)?;
    let before = chain.state(market_bytes);
    let terms = terms(chain.state(MarketClock::now) + LATER, LATER);
    let (sealed, audited) = (terms.seal.is_some(), terms.auditable);
    let answer = work::answer(terms.output_bytes);
    chain.block(|| chain::submit(&requester, terms))??;
    let mut course = Course { chain, requester, answer, before };

    let waits_for_seed = course.occupied();
    course.wait_for_seed()?;
    if sealed {
        course.post_keys()?;
    }
    let at_work = course.occupied();
    course.commit()?;
    let committed = course.occupied();
    course.reveal()?;
    course.expect(if audited { Stage::Audited } else { Stage::Window })?;
    let revealed = course.occupied();
    let audited = if audited { Some(course.audit(sealed)?) } else { None };
    Ok(Occupied { waits_for_seed, at_work, committed, revealed, audited })
}

/// A chain with a requester and providers who all guard as well and can read what is sealed, on
/// which everything that may be audited is.
fn guarded(requester: &AccountId) -> Result<Chain, Error> {
    let mut chain = Chain::new()?;
    chain.register(PROVIDERS)?;
    chain.block(|| {
        audit_all();
        (0..PROVIDERS).try_for_each(equip)?;
        chain::endow(requester)
    })??;
    Ok(chain)
}

fn audit_all() {
    let mut rules = market::AuditRules::get();
    rules.shares.alone = WHOLE;
    pallet_parameters::Parameters::<Runtime>::insert(
        RuntimeParametersKey::Market(market::ParametersKey::AuditRules(market::AuditRules)),
        RuntimeParametersValue::Market(market::ParametersValue::AuditRules(rules)),
    );
}

/// Gives a provider a key and makes it a guard.
fn equip(number: u64) -> Result<(), Error> {
    let provider = ProviderId(number);
    let payload_key = Some([7; PAYLOAD_KEY_BYTES as usize]);
    let profile = Box::new(Profile { payload_key, ..work::profile(number) });
    let roles = work::roles().with(Role::Guard);
    // Each is its own operator.
    let owner = || operator(provider);
    Providers::update_profile(owner(), provider, profile)
        .and_then(|()| Providers::add_bond(owner(), provider, 4 * work::BOND))
        .and_then(|()| Providers::set_roles(owner(), provider, roles))
        .map_err(chain::refused)
}

fn operator(provider: ProviderId) -> RuntimeOrigin {
    RuntimeOrigin::signed(chain::account("provider", provider.0))
}

/// Keys and values of everything that grows with tasks: the tasks themselves, their audits, the
/// windows of their seeds, and what is held of their requesters' money.
fn market_bytes() -> usize {
    let prefixes = [
        twox_128(b"Tasks").to_vec(),
        twox_128(b"Audits").to_vec(),
        storage_prefix(b"Entropy", b"Windows").to_vec(),
        storage_prefix(b"Balances", b"Holds").to_vec(),
    ];
    let bytes = |prefix: &Vec<u8>| entries(prefix).map(|(key, value)| key.len() + value.len());
    prefixes.iter().flat_map(bytes).sum()
}

impl Occupied {
    pub fn most(&self) -> usize {
        let unaudited = self.waits_for_seed.max(self.at_work).max(self.committed);
        unaudited.max(self.revealed).max(self.audited.unwrap_or(0))
    }
}

impl Course {
    fn occupied(&mut self) -> usize {
        self.chain.state(market_bytes).saturating_sub(self.before)
    }

    /// Makes blocks until a seed that was asked for in the last one has been drawn with.
    fn wait_for_seed(&mut self) -> Result<(), Error> {
        let delay = self.chain.state(<Runtime as pallet_cairn_tasks::Config>::Beacon::delay);
        self.chain.blocks(delay)
    }

    fn task(&mut self) -> Result<Task<AccountId>, Error> {
        let task = self.chain.state(|| pallet_cairn_tasks::Tasks::<Runtime>::get(TASK));
        task.ok_or_else(|| Error::Setup("the task is gone".into()))
    }

    fn expect(&mut self, stage: Stage) -> Result<(), Error> {
        let found = self.task()?.stage;
        if found == stage {
            Ok(())
        } else {
            Err(Error::Setup(format!("the task is {found:?}, not {stage:?}")))
        }
    }

    /// Does something for each of these, all in one block.
    fn each<One>(
        &mut self,
        all: &[One],
        act: impl Fn(&One) -> DispatchResultWithPostInfo,
    ) -> Result<(), Error> {
        let done = self.chain.block(|| all.iter().try_for_each(|one| act(one).map(|_| ())))?;
        done.map_err(|failure| chain::refused(failure.error))
    }

    fn post_keys(&mut self) -> Result<(), Error> {
        let seats = self.task()?.seats.to_vec();
        let requester = RuntimeOrigin::signed(self.requester.clone());
        self.each(&seats, |seat| {
            Tasks::post_key(requester.clone(), TASK, seat.provider, work::wrapped_key())?;
            Ok(().into())
        })
    }

    fn commit(&mut self) -> Result<(), Error> {
        let genesis = self.chain.state(Tasks::genesis);
        let (seats, answer) = (self.task()?.seats.to_vec(), self.answer.clone());
        self.each(&seats, |seat| {
            let commitment = work::commitment(TASK, seat.round, seat.provider, &answer, &genesis);
            Tasks::commit(operator(seat.provider), TASK, commitment)
        })
    }

    fn reveal(&mut self) -> Result<(), Error> {
        let (seats, answer) = (self.task()?.seats.to_vec(), self.answer.clone());
        self.each(&seats, |seat| {
            let answer = Box::new(answer.clone());
            Tasks::reveal(operator(seat.provider), TASK, answer, work::salt())
        })
    }

    fn view(&mut self) -> Result<AuditView, Error> {
        let view = self.chain.state(|| Audits::audit_of(TASK));
        view.ok_or_else(|| Error::Setup("the task is not audited".into()))
    }

    /// Has guards look at the result, who find it again. What is occupied once all have shown it.
    fn audit(&mut self, sealed: bool) -> Result<usize, Error> {
        self.wait_for_seed()?;
        let AuditView { guards, workers, round, .. } = self.view()?;
        if guards.is_empty() {
            return Err(Error::Setup("no guards were drawn".into()));
        }
        if sealed {
            let requester = RuntimeOrigin::signed(self.requester.clone());
            self.each(&guards, |guard| {
                Audits::post_key(requester.clone(), TASK, *guard, work::wrapped_key())?;
                Ok(().into())
            })?;
        }
        let genesis = self.chain.state(Audits::genesis);
        let finding = Finding::Answer(self.answer.gist(&genesis));
        let report = Report { finding, trace: work::TRACE };
        let members: Vec<_> = guards.into_iter().chain(workers).collect();
        self.each(&members, |member| {
            let commitment = work::audit_commitment(TASK, round, *member, &report, &genesis);
            Audits::commit(operator(*member), TASK, commitment)
        })?;
        self.each(&members, |member| {
            Audits::reveal(operator(*member), TASK, report.clone(), work::salt())
        })?;
        match self.view()?.waits_for {
            AuditWaitsFor::Unmasking => Ok(self.occupied()),
            other => Err(Error::Setup(format!("the audit waits for {other:?}"))),
        }
    }
}
