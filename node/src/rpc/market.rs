//! The market's methods: the runtime's `MarketApi`, in JSON.
//!
//! Amounts are decimal strings of the smallest unit, since JSON numbers end at 2⁵³; accounts are
//! SS58 addresses, ids numbers, bytes hexadecimal. What a client passes as bytes is SCALE, as in
//! an extrinsic.

use std::sync::Arc;

use cairn_protocol::{
    id::{ProviderId, TaskId},
    job::Terms,
};
use cairn_runtime::{
    market::{
        AuditView, AuditWaitsFor, ComplaintView, Entry, MarketApi, Obstacle, ProviderView, Quote,
        Refusal, Seat, TaskView, WaitsFor,
    },
    opaque::Block,
    AccountId, Hash,
};
use codec::{DecodeAll, Encode};
use jsonrpsee::{
    core::RpcResult,
    proc_macros::rpc,
    types::{error::INVALID_PARAMS_CODE, ErrorObjectOwned},
};
use serde_json::{json, Value};
use sp_api::{ApiError, ApiExt, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use sp_core::Bytes;

/// The runtime refuses; `data` has its error by name, as `cairn_check` answers it.
const REFUSED: i32 = 9_001;
/// The runtime could not be asked, or its answer not be read; `data` says why.
const FAILED: i32 = 9_002;
/// The first version of the runtime's `MarketApi` that lists tasks page by page.
const PAGED: u32 = 3;
/// The first that puts prices of models aside.
const PRICED: u32 = 4;

#[rpc(server)]
pub trait Market {
    /// What a task would cost an account, who would do it and when, why nobody would, and how it
    /// is judged. `terms` is the argument of `tasks.submit`.
    #[method(name = "cairn_quote", blocking)]
    fn quote(&self, requester: AccountId, terms: Bytes, at: Option<Hash>) -> RpcResult<Value>;

    /// A task that is still kept, and who has to act by when; null for any other.
    #[method(name = "cairn_task", blocking)]
    fn task(&self, task: u64, at: Option<Hash>) -> RpcResult<Value>;

    /// The tasks of an account that are still kept, a page of 256 at most; the next page is had
    /// after the last task of this one, until one is empty.
    #[method(name = "cairn_tasksOf", blocking)]
    fn tasks_of(
        &self,
        requester: AccountId,
        after: Option<u64>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<u64>>;

    /// Everything known of a provider; null if there is none.
    #[method(name = "cairn_provider", blocking)]
    fn provider(&self, provider: u64, at: Option<Hash>) -> RpcResult<Value>;

    /// The registrations of an owner: all, which are 64 at most.
    #[method(name = "cairn_providersOf", blocking)]
    fn providers_of(&self, owner: AccountId, at: Option<Hash>) -> RpcResult<Vec<u64>>;

    /// Whether a call by an account would be accepted in the next block: null, or the error that
    /// it would end in, with its pallet, such as `Tasks::WrongStage`, or the fee that the account
    /// cannot pay. Nothing comes of it.
    #[method(name = "cairn_check", blocking)]
    fn check(&self, who: AccountId, call: Bytes, at: Option<Hash>) -> RpcResult<Value>;
}

/// Answers from a client's state.
pub struct MarketRpc<Client>(pub Arc<Client>);

impl<Client: HeaderBackend<Block>> MarketRpc<Client> {
    fn at(&self, hash: Option<Hash>) -> Hash {
        hash.unwrap_or_else(|| self.0.info().best_hash)
    }
}

impl<Client> MarketRpc<Client>
where
    Client: ProvideRuntimeApi<Block>,
    Client::Api: MarketApi<Block>,
{
    /// Whether the runtime of a block has that version of the API, or a later one.
    fn is_since(&self, version: u32, at: Hash) -> RpcResult<bool> {
        let has = self.0.runtime_api().api_version::<dyn MarketApi<Block>>(at).map_err(failed)?;
        Ok(has.is_none_or(|has| has >= version))
    }
}

impl<Client> MarketServer for MarketRpc<Client>
where
    Client: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
    Client::Api: MarketApi<Block>,
{
    fn quote(&self, requester: AccountId, terms: Bytes, at: Option<Hash>) -> RpcResult<Value> {
        let terms = Terms::decode_all(&mut &terms.0[..]).map_err(|error| {
            let why = format!("`terms` is not what tasks.submit takes: {error}");
            ErrorObjectOwned::owned(INVALID_PARAMS_CODE, why, None::<()>)
        })?;
        let (api, at) = (self.0.runtime_api(), self.at(at));
        let quoted = if self.is_since(PRICED, at)? {
            api.quote(at, requester, terms).map_err(failed)?
        } else {
            #[allow(deprecated, reason = "an older runtime is asked as it was then")]
            let quoted = api.quote_before_version_4(at, requester, terms).map_err(failed)?;
            quoted.map(Quote::from)
        };
        quoted.map(quote_json).map_err(|refusal| {
            let refusal = refusal_json(refusal);
            ErrorObjectOwned::owned(REFUSED, "the task would be refused", Some(refusal))
        })
    }

    fn task(&self, task: u64, at: Option<Hash>) -> RpcResult<Value> {
        let (api, at, id) = (self.0.runtime_api(), self.at(at), TaskId(task));
        let view = if self.is_since(PRICED, at)? {
            api.task(at, id).map_err(failed)?
        } else {
            #[allow(deprecated, reason = "an older runtime is asked as it was then")]
            let view = api.task_before_version_4(at, id).map_err(failed)?;
            view.map(TaskView::from)
        };
        let Some(view) = view else { return Ok(Value::Null) };
        let audit = api.audit(at, id).map_err(failed)?;
        Ok(task_json(view, audit))
    }

    fn tasks_of(
        &self,
        requester: AccountId,
        after: Option<u64>,
        at: Option<Hash>,
    ) -> RpcResult<Vec<u64>> {
        let (api, at) = (self.0.runtime_api(), self.at(at));
        let numbers = |tasks: Vec<TaskId>| tasks.into_iter().map(|task| task.0).collect::<Vec<_>>();
        if self.is_since(PAGED, at)? {
            return api.tasks_of(at, requester, after.map(TaskId)).map(numbers).map_err(failed);
        }
        if after.is_some() {
            let why = "the runtime of this block lists one page only";
            return Err(ErrorObjectOwned::owned(FAILED, "there are no more pages", Some(why)));
        }
        #[allow(deprecated, reason = "an older runtime is asked as it was then")]
        let tasks = api.tasks_of_before_version_3(at, requester).map_err(failed)?;
        Ok(numbers(tasks))
    }

    fn provider(&self, provider: u64, at: Option<Hash>) -> RpcResult<Value> {
        let view =
            self.0.runtime_api().provider(self.at(at), ProviderId(provider)).map_err(failed)?;
        Ok(view.map_or(Value::Null, provider_json))
    }

    fn providers_of(&self, owner: AccountId, at: Option<Hash>) -> RpcResult<Vec<u64>> {
        let providers = self.0.runtime_api().providers_of(self.at(at), owner).map_err(failed)?;
        Ok(providers.into_iter().map(|provider| provider.0).collect())
    }

    fn check(&self, who: AccountId, call: Bytes, at: Option<Hash>) -> RpcResult<Value> {
        let checked = self.0.runtime_api().check(self.at(at), who, call.0).map_err(failed)?;
        Ok(checked.map_or_else(refusal_json, |()| Value::Null))
    }
}

fn failed(error: ApiError) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(FAILED, "the runtime could not be asked", Some(error.to_string()))
}

fn refusal_json(refusal: Refusal) -> Value {
    match refusal {
        Refusal::NotACall => json!({ "error": "NotACall" }),
        Refusal::Fails { name, .. } => json!({ "error": String::from_utf8_lossy(&name) }),
        Refusal::FeeUnaffordable { fee } => {
            json!({ "error": "FeeUnaffordable", "fee": amount(fee) })
        }
    }
}

fn amount(amount: u128) -> Value {
    amount.to_string().into()
}

fn hex(bytes: impl Encode) -> Value {
    sp_core::bytes::to_hex(&bytes.encode(), false).into()
}

/// The name of an enum's variant without fields.
fn name(variant: impl std::fmt::Debug) -> Value {
    format!("{variant:?}").into()
}

fn quote_json(quote: Quote) -> Value {
    let obstacle = |(obstacle, count): (Obstacle, u32)| (format!("{obstacle:?}"), count.into());
    let (least, median) = quote.prices.unzip();
    let supply = quote.supply;
    json!({
        "reward": amount(quote.escrow.reward),
        "tip": amount(quote.escrow.tip),
        "fee": amount(quote.escrow.fee),
        "reserve": amount(quote.escrow.reserve),
        "modelPrice": amount(quote.escrow.price),
        "deposit": amount(quote.deposit),
        "providers": {
            "pool": supply.pool,
            "weaker": supply.weaker,
            "lookedAt": supply.looked_at,
            "fit": supply.fit,
            "parties": supply.parties,
            "eligible": supply.eligible(),
            "notFit": Value::Object(supply.obstacles.into_iter().map(obstacle).collect()),
        },
        "pricePerUnit": { "least": least.map(amount), "median": median.map(amount) },
        "tasksAhead": quote.ahead,
        "waitBlocks": quote.wait,
        "lack": quote.lack.map(name),
        "why": String::from_utf8_lossy(&quote.why),
        "judged": String::from_utf8_lossy(&quote.judged),
        "warning": String::from_utf8_lossy(&quote.warning),
    })
}

fn ids(those: &[ProviderId]) -> Vec<u64> {
    those.iter().map(|one| one.0).collect()
}

/// Who has to act, with what, and for which providers.
fn waits_for(who: &str, what: &str, those: &[ProviderId]) -> Value {
    json!({ "who": who, "what": what, "providers": ids(those) })
}

fn waits_for_chain() -> Value {
    waits_for("chain", "time", &[])
}

fn audit_json(audit: AuditView) -> Value {
    let waits_for = match &audit.waits_for {
        // Hardly any result was planted.
        AuditWaitsFor::Chain | AuditWaitsFor::Unmasking => waits_for_chain(),
        AuditWaitsFor::Keys(those) => waits_for("requester", "keys", those),
        AuditWaitsFor::Commitments(those) => waits_for("guards and workers", "commitments", those),
        AuditWaitsFor::Reveals(those) => waits_for("guards and workers", "reveals", those),
    };
    json!({
        "begun": audit.begun,
        "round": audit.round,
        "guards": ids(&audit.guards),
        "workers": ids(&audit.workers),
        "due": audit.due,
        "waitsFor": waits_for,
    })
}

fn task_json(task: TaskView<AccountId>, audit: Option<AuditView>) -> Value {
    let waits_for = match &task.waits_for {
        WaitsFor::Chain => waits_for_chain(),
        WaitsFor::Keys(those) => waits_for("requester", "keys", those),
        WaitsFor::Commitments(those) => waits_for("workers", "commitments", those),
        WaitsFor::Reveals(those) => waits_for("workers", "reveals", those),
        WaitsFor::Results(those) => waits_for("workers", "chunks", those),
    };
    let seat = |seat: &Seat| json!({ "provider": seat.provider.0, "round": seat.round, "progress": name(seat.progress) });
    let answers = task.answers.into_iter();
    let complaint = |one: ComplaintView| json!({ "against": one.against.0, "deposit": amount(one.deposit), "chunks": one.chunks });
    json!({
        "requester": task.requester,
        "stage": name(task.stage),
        "due": task.due,
        "now": task.now,
        "waitsFor": waits_for,
        "submitted": task.submitted,
        "reward": amount(task.escrow.reward),
        "tip": amount(task.escrow.tip),
        "fee": amount(task.escrow.fee),
        "reserve": amount(task.escrow.reserve),
        "modelPrice": amount(task.escrow.price),
        "redundancy": task.redundancy,
        "reassigned": task.reassigned,
        "kind": name(task.terms.job.kind),
        "policy": name(task.terms.policy),
        "seats": task.seats.iter().map(seat).collect::<Vec<_>>(),
        "answers": answers
            .map(|(provider, answer)| json!({ "provider": provider.0, "answer": hex(answer) }))
            .collect::<Vec<_>>(),
        "terms": hex(task.terms),
        "acknowledged": task.acknowledged,
        "complaint": task.complaint.map(complaint),
        "audit": audit.map(audit_json),
    })
}

fn provider_json(view: ProviderView) -> Value {
    let card = view.card;
    let reputation = view.reputation.into_iter();
    json!({
        "owner": card.owner,
        "operator": card.operator,
        "roles": card.roles.iter().map(name).collect::<Vec<_>>(),
        "bond": amount(card.bond),
        "unbonding": amount(card.unbonding),
        "withdrawableAt": card.withdrawable_at,
        "pendingPenalties": amount(card.pending),
        "availability": name(card.availability),
        "obstacle": card.obstacle.map(name),
        "load": card.load,
        "slots": card.hardware.slots,
        "engagements": card.engagements,
        "class": name(card.class),
        "declaredClass": name(card.hardware.class),
        "memoryMib": card.hardware.memory_mib,
        "compute": card.hardware.compute,
        "throughput": card.throughput,
        "region": card.region.0,
        "offers": card
            .offers
            .0
            .iter()
            .map(|offer| json!({ "kind": name(offer.kind), "price": amount(offer.price) }))
            .collect::<Vec<_>>(),
        "enclave": card.enclave.map(hex),
        "generation": card.generation,
        "heartbeat": card.heartbeat,
        "node": hex(card.node),
        "payloadKey": view.profile.payload_key.map(hex),
        "reputation": reputation.map(entry_json).collect::<Vec<_>>(),
    })
}

/// A record at one kind of job: readings in parts per million, and how many right results the
/// evidence behind them weighs.
fn entry_json(entry: Entry) -> Value {
    let score = entry.score;
    json!({
        "kind": name(entry.kind),
        "standing": score.standing,
        "accuracy": score.accuracy,
        "timeliness": score.timeliness,
        "availability": score.availability,
        "volume": score.volume,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{
        job::JobKind,
        reputation::{Record, Score},
    };

    #[test]
    fn a_record_should_be_given_with_all_its_readings() {
        let score = Score {
            accuracy: 600_000,
            timeliness: 700_000,
            availability: 800_000,
            standing: 600_000,
            volume: 12,
        };
        let entry = Entry { kind: JobKind::Embed, record: Record::default(), score };
        let expected = json!({
            "kind": "Embed",
            "standing": 600_000,
            "accuracy": 600_000,
            "timeliness": 700_000,
            "availability": 800_000,
            "volume": 12,
        });
        assert_eq!(entry_json(entry), expected);
    }

    #[test]
    fn a_refusal_should_say_how_much_the_fee_is() {
        let expected = json!({ "error": "FeeUnaffordable", "fee": "7000000000" });
        assert_eq!(refusal_json(Refusal::FeeUnaffordable { fee: 7_000_000_000 }), expected);
    }
}
