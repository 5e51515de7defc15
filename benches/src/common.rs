//! What benches share: what can be said of each that starts a network, and work on another thread.

use crate::Error;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// How long each network is under load, after its ramp.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=3600))]
    pub seconds: u64,
    /// How often each network is measured, every time a fresh one; the last line has the medians.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,
    /// Added to every node's command line; may be given more than once.
    #[arg(long, allow_hyphen_values = true)]
    pub node_arg: Vec<String>,
}

/// Keeps the signal handler awake while this computes.
pub async fn apart<R: Send + 'static>(
    what: impl FnOnce() -> Result<R, Error> + Send + 'static,
) -> Result<R, Error> {
    tokio::task::spawn_blocking(what).await?
}
