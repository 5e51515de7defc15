//! What is done every so often beside the jobs, and may have to wait: for the disk, or for a job that
//! has the shelf.

use tokio::task::{spawn_blocking, JoinHandle};

#[derive(Default)]
pub(super) struct Sweeps {
    last: Option<JoinHandle<()>>,
}

impl Sweeps {
    /// Has it done on a thread that may wait, unless the last one is still under way.
    pub fn begin(&mut self, sweep: impl FnOnce() + Send + 'static) {
        if self.last.as_ref().is_none_or(JoinHandle::is_finished) {
            self.last = Some(spawn_blocking(sweep));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::mpsc,
        time::{Duration, Instant},
    };

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn begin_should_wait_for_no_sweep_and_have_one_at_a_time() {
        let mut sweeps = Sweeps::default();
        let (done, dones) = mpsc::channel();
        let (go, goes) = mpsc::channel();
        let (begun, first) = (Instant::now(), done.clone());
        sweeps.begin(move || {
            let _ = goes.recv_timeout(LONG);
            let _ = first.send("first");
        });
        assert!(begun.elapsed() < LONG / 2, "whoever begins one should not wait for it");
        let second = done.clone();
        sweeps.begin(move || {
            let _ = second.send("second");
        });
        assert!(dones.recv_timeout(LONG / 100).is_err(), "there should be one at a time");
        go.send(()).unwrap();
        assert_eq!(dones.recv_timeout(LONG), Ok("first"));
        sweeps.last.take().unwrap().await.unwrap();
        sweeps.begin(move || {
            let _ = done.send("third");
        });
        assert_eq!(dones.recv_timeout(LONG), Ok("third"));
    }
}
