//! Bounded waiting: whatever does not happen in time becomes an error that says what was missing.

use std::{
    fmt::Debug,
    future::Future,
    time::{Duration, Instant},
};

use crate::{Error, Result};

const STEP: Duration = Duration::from_millis(200);

/// What a probe has seen: either what is waited for, or what there is instead.
#[derive(Debug)]
pub enum Seen<T> {
    Yes(T),
    NotYet(String),
}

impl<T> Seen<T> {
    /// `Yes` if it holds; otherwise what there is instead goes into the error.
    pub fn when(holds: bool, value: T) -> Self
    where
        T: Debug,
    {
        if holds {
            Self::Yes(value)
        } else {
            Self::NotYet(format!("{value:?}"))
        }
    }
}

/// Asks `probe` a few times a second until it has seen what is waited for.
///
/// An error of the probe is not fatal while there is time left: a node that just restarts
/// refuses connections for a moment. It is what the timeout reports.
pub async fn until<T, Probe, Answer>(
    what: impl Into<String>,
    within: Duration,
    mut probe: Probe,
) -> Result<T>
where
    Probe: FnMut() -> Answer,
    Answer: Future<Output = Result<Seen<T>>>,
{
    let deadline = Instant::now() + within;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // At least a moment, so that the last look is a real one.
        let seen = match tokio::time::timeout(left.max(STEP), probe()).await {
            Ok(Ok(Seen::Yes(value))) => return Ok(value),
            Ok(Ok(Seen::NotYet(instead))) => instead,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".into(),
        };
        if Instant::now() >= deadline {
            return Err(Error::Timeout { what: what.into(), within, seen });
        }
        tokio::time::sleep(STEP).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn until_should_return_the_value_when_the_probe_sees_it() {
        let mut asked = 0;
        let value = until("three", Duration::from_secs(5), || {
            asked += 1;
            let seen = Seen::when(asked >= 3, asked);
            async move { Ok(seen) }
        })
        .await;
        assert_eq!(value.ok(), Some(3));
    }

    #[tokio::test]
    async fn until_should_report_the_last_sight_when_time_is_up() {
        let result: Result<u32> =
            until("nothing", Duration::from_millis(1), || async { Ok(Seen::when(false, 7u32)) })
                .await;
        match result {
            Err(Error::Timeout { what, seen, .. }) => {
                assert_eq!((what.as_str(), seen.as_str()), ("nothing", "7"))
            }
            other => panic!("{other:?}"),
        }
    }
}
