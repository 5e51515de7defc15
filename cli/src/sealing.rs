//! Sealed tasks, as their requester has them: what is kept of them, who is given the key, and how
//! the result is read.

use crate::{
    exit::{Exit, Failure, Outcome},
    output::Output,
    session::{Account, Global},
};
use cairn_protocol::{
    audit::record::AuditWaitsFor,
    id::{Digest, ProviderId, TaskId},
    job::{Terms, WrappedKey},
    lifecycle::Stage,
    view::{TaskView, WaitsFor},
};
use cairn_sdk::{calls, subxt::tx::Payload, AccountId32, Market};
use cairn_vault::{open_result, wrap, Context, Kept, Seat};
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt};

/// Whose a task is, and on which chain.
#[derive(Clone, Copy, Debug)]
pub struct Party {
    pub genesis: Digest,
    pub requester: [u8; 32],
}

/// What a requester has of one sealed task.
#[derive(Debug)]
pub struct Opener {
    task: TaskId,
    context: Context,
    kept: Kept,
}

impl Party {
    /// What a task of these terms is sealed for; none where it is not sealed.
    pub fn context(&self, terms: &Terms) -> Option<Context> {
        let Self { genesis, requester } = *self;
        let commitment = terms.seal.as_ref()?.commitment;
        Some(Context { genesis, requester, commitment })
    }
}

/// Keeps what opens a task, before there is one that nobody could open.
pub fn keep(global: &Global, context: &Context, kept: &Kept) -> Outcome {
    let path = global.kept(&context.genesis, &context.commitment)?;
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
            Failure::failed(format!("cannot make {}: {error}", folder.display()))
        })?;
    }
    kept.save(&path).map_err(failed)
}

impl Opener {
    /// What was kept of a task; none where it is not sealed.
    pub fn of(
        global: &Global,
        genesis: Digest,
        task: TaskId,
        view: &TaskView<AccountId32>,
    ) -> Outcome<Option<Self>> {
        let party = Party { genesis, requester: view.requester.0 };
        let Some(context) = party.context(&view.terms) else { return Ok(None) };
        let path = global.kept(&context.genesis, &context.commitment)?;
        let kept = Kept::open(&path).map_err(|error| {
            if !error.is_absent() {
                return failed(error);
            }
            Failure::failed(format!(
                "task {} is sealed, and what opens it would be in {}; it is where the task was \
                 submitted, in the folder that --data names",
                task.0,
                path.display()
            ))
        })?;
        Self::new(task, context, kept).map(Some)
    }

    pub fn new(task: TaskId, context: Context, kept: Kept) -> Outcome<Self> {
        if kept.is_of(&context) {
            return Ok(Self { task, context, kept });
        }
        // Workers would reject such a key, for which the requester pays.
        let words = format!("what is kept of task {} is not what it was sealed with", task.0);
        Err(Failure::failed(words))
    }

    /// A result that was sealed to the requester.
    pub fn read(&self, result: &[u8]) -> Outcome<Vec<u8>> {
        let opened = open_result(result, &self.kept.reply(), &self.context, self.task);
        let opened = opened.map_err(|error| {
            let task = self.task.0;
            Failure::failed(format!("the result of task {task} cannot be opened: {error}"))
        })?;
        Ok(opened.to_vec())
    }

    /// Gives the key to all who wait for it now: the workers of the task, or its guards.
    pub async fn hand_out(&self, account: &Account, output: &Output) -> Outcome {
        let market = account.chain.market().await?;
        let Some(view) = market.task(self.task).await? else { return Ok(()) };
        match (view.stage, &view.waits_for) {
            (Stage::AwaitingKeys, WaitsFor::Keys(waiting)) => {
                let mut all = Vec::new();
                for seat in view.seats.iter().filter(|seat| waiting.contains(&seat.provider)) {
                    let key = self.wrapped(&market, seat.provider, seat.generation).await?;
                    all.push(calls::post_key(self.task, seat.provider, key));
                }
                post(account, &all, output).await
            }
            (Stage::Audited, _) => self.hand_out_to_guards(account, &market, output).await,
            _ => Ok(()),
        }
    }

    async fn hand_out_to_guards(
        &self,
        account: &Account,
        market: &Market,
        output: &Output,
    ) -> Outcome {
        let audit = market.audit(self.task).await?;
        let Some(AuditWaitsFor::Keys(waiting)) = audit.map(|audit| audit.waits_for) else {
            return Ok(());
        };
        let mut all = Vec::new();
        for guard in waiting {
            // An audit names no registration.
            let key = self.wrapped(market, guard, 0).await?;
            all.push(calls::post_guard_key(self.task, guard, key));
        }
        post(account, &all, output).await
    }

    async fn wrapped(
        &self,
        market: &Market,
        provider: ProviderId,
        generation: u32,
    ) -> Outcome<WrappedKey> {
        let view = market.provider(provider).await?;
        let key = view.and_then(|view| view.profile.0.payload_key).ok_or_else(|| {
            Failure::failed(format!("provider {} was drawn, and has no payload key", provider.0))
        })?;
        let seat = Seat { task: self.task, provider, generation };
        wrap(self.kept.opening(), &key, seat, &self.context.genesis).map_err(failed)
    }
}

async fn post<C: Payload>(account: &Account, all: &[C], output: &Output) -> Outcome {
    if all.is_empty() {
        return Ok(());
    }
    match account.send_all("key", all, output).await {
        // Whoever waited does not any more; the next block says who does.
        Err(failure) if failure.exit() == Exit::Refused => {
            output.progress(&format!("  a key was not taken: {failure}"));
            Ok(())
        }
        sent => sent.map(drop),
    }
}

/// What becomes of an error that says itself what to do.
pub fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_vault::{seal_result, unwrap, Identity};

    const PARTY: Party = Party { genesis: [5; 32], requester: [6; 32] };
    const TASK: TaskId = TaskId(7);

    fn kept() -> (Kept, Vec<u8>, Context) {
        Kept::seal(b"an input", &PARTY.genesis, &PARTY.requester).unwrap()
    }

    #[test]
    fn read_should_open_what_a_worker_sealed_and_nothing_else() {
        let (kept, payload, context) = kept();
        let worker = Identity::generate().unwrap();
        let seat = Seat { task: TASK, provider: ProviderId(1), generation: 0 };
        let key = wrap(kept.opening(), &worker.public(), seat, &PARTY.genesis).unwrap();
        let WrappedKey::Inline(key) = key else { panic!("it fits into its transaction") };
        let opening = unwrap(&key, &worker, seat, &context).unwrap();
        let content = opening.open(&payload, &context).unwrap();
        let sealed = seal_result(b"a result", &opening, &content, &context, TASK).unwrap();

        let opener = Opener::new(TASK, context, kept).unwrap();
        assert_eq!(opener.read(&sealed).unwrap(), b"a result");
        let refused = opener.read(b"a result").unwrap_err().to_string();
        assert!(refused.contains("cannot be opened"), "{refused}");
    }

    #[test]
    fn opener_should_be_refused_when_it_is_of_another_task() {
        let (kept, _, context) = kept();
        let other = Context { commitment: [1; 32], ..context };
        assert!(Opener::new(TASK, other, kept).is_err());
    }
}
