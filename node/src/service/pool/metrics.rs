//! What an operator sees of the pool's work; Substrate's own counters see what it is asked only.

use substrate_prometheus_endpoint::{register, Counter, PrometheusError, Registry, U64};

#[derive(Clone)]
pub struct Metrics {
    pub batches: Counter<U64>,
    pub validated: Counter<U64>,
    pub remembered: Counter<U64>,
}

impl Metrics {
    /// Nothing is counted where there is no registry.
    pub fn new(registry: Option<&Registry>) -> Option<Self> {
        let metrics = registry.map(Self::register)?;
        metrics.inspect_err(|error| log::warn!("the pool's metrics will be missing: {error}")).ok()
    }

    fn register(registry: &Registry) -> Result<Self, PrometheusError> {
        let counter = |name: &str, help: &str| register(Counter::new(name, help)?, registry);
        Ok(Self {
            batches: counter("cairn_pool_batches_total", "Calls that validated transactions")?,
            validated: counter(
                "cairn_pool_validated_total",
                "Transactions that those calls were about",
            )?,
            remembered: counter(
                "cairn_pool_remembered_total",
                "Transactions whose validity was remembered from an earlier block",
            )?,
        })
    }
}
