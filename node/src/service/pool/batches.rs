//! Asks the runtime about many transactions at once.
//!
//! Each question goes to a queue that two threads take from. A thread takes whatever waits, up to
//! a limit: a transaction that comes alone is answered alone and at once, and under load one
//! instance of the runtime answers about dozens.

use std::sync::Arc;

use async_channel::{Receiver, Sender};
use cairn_runtime::{batch::BatchValidation, opaque::Block, Hash};
use futures::channel::oneshot;
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_core::traits::SpawnEssentialNamed;
use sp_runtime::{
    transaction_validity::{TransactionSource, TransactionValidity},
    OpaqueExtrinsic,
};

use super::metrics::Metrics;
use crate::service::parts::FullClient;

/// Threads that validate, as many as Substrate's pool has.
const THREADS: [&str; 2] = ["transaction-batches-0", "transaction-batches-1"];

/// Transactions in a batch at most: a dozen milliseconds of work, after which whoever asked
/// first gets the answer.
const BATCH: usize = 64;

/// Questions that wait; whoever asks more waits for a place.
const WAITING: usize = 1024;

struct Question {
    at: Hash,
    transaction: Arc<OpaqueExtrinsic>,
    answer: oneshot::Sender<TransactionValidity>,
}

/// The queue's other end.
pub struct Batches {
    questions: Sender<Question>,
}

impl Batches {
    pub fn new(
        client: &Arc<FullClient>,
        spawner: &impl SpawnEssentialNamed,
        metrics: &Option<Metrics>,
    ) -> Self {
        let (questions, waiting) = async_channel::bounded(WAITING);
        for thread in THREADS {
            let (client, waiting, metrics) = (client.clone(), waiting.clone(), metrics.clone());
            spawner.spawn_essential_blocking(
                thread,
                Some("transaction-pool"),
                Box::pin(answer_all(client, waiting, metrics)),
            );
        }
        Self { questions }
    }

    /// What the runtime says of a transaction from outside; nothing if it cannot be asked in
    /// batches at this block.
    pub async fn validate(
        &self,
        at: Hash,
        transaction: Arc<OpaqueExtrinsic>,
    ) -> Option<TransactionValidity> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(Question { at, transaction, answer }).await.ok()?;
        answered.await.ok()
    }
}

async fn answer_all(
    client: Arc<FullClient>,
    questions: Receiver<Question>,
    metrics: Option<Metrics>,
) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(question) => question,
            None => match questions.recv().await {
                Ok(question) => question,
                Err(_) => return,
            },
        };
        let at = first.at;
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match questions.try_recv() {
                Ok(question) if question.at == at => batch.push(question),
                Ok(question) => {
                    next = Some(question);
                    break;
                }
                Err(_) => break,
            }
        }
        if let Some(metrics) = &metrics {
            metrics.batches.inc();
            metrics.validated.inc_by(batch.len() as u64);
        }
        answer(&client, at, batch);
    }
}

/// Without an answer the questions are dropped, and whoever asked them asks one by one.
fn answer(client: &FullClient, at: Hash, batch: Vec<Question>) {
    let runtime = client.runtime_api();
    if !runtime.has_api::<dyn BatchValidation<Block>>(at).unwrap_or(false) {
        return;
    }
    let transactions = batch.iter().map(|question| (*question.transaction).clone()).collect();
    match runtime.validate_transactions(at, TransactionSource::External, transactions, at) {
        Ok(answers) => {
            for (question, validity) in batch.into_iter().zip(answers) {
                // Whoever asked may have gone.
                let _ = question.answer.send(validity);
            }
        }
        Err(error) => log::debug!(
            target: sc_transaction_pool::LOG_TARGET,
            "{} transactions could not be validated together at {at:?}: {error}",
            batch.len(),
        ),
    }
}
