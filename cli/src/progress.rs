//! How far a task or a delta is, for people who wait for its end: a bar on a terminal, else a line
//! for each step.

use crate::output::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{self, IsTerminal},
    time::Duration,
};

/// What something goes through until its end, in the words that it is told with. It may go back.
pub type Steps = &'static [&'static str];

/// Until a task is settled, in the words of its events.
pub const TASK: Steps =
    &["submitted", "assigned", "committed", "reveals opened", "revealed", "agreed"];
/// Until a delta is laid, in the words of its stages.
pub const DELTA: Steps = &["queued", "judging", "keeping"];
/// How often the time that it has taken is drawn anew.
const TICK: Duration = Duration::from_secs(1);

pub struct Progress {
    output: Output,
    steps: Steps,
    /// None where nobody would see it.
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar, unless lines of others come between, or no terminal shows it.
    pub fn begin(output: &Output, steps: Steps, alone: bool) -> Self {
        let seen = alone && !output.json && io::stderr().is_terminal();
        let bar = seen.then(|| drawn(ProgressDrawTarget::stderr(), steps));
        if let Some(bar) = &bar {
            bar.enable_steady_tick(TICK);
        }
        Self { output: *output, steps, bar }
    }

    /// Something has happened to it.
    pub fn step(&self, words: &str) {
        let Some(bar) = &self.bar else { return self.output.progress(&format!("  {words}")) };
        if let Some(position) = position(self.steps, words) {
            bar.set_position(position);
        }
        bar.set_message(words.to_owned());
    }

    /// It has ended, or nobody waits any more.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn drawn(target: ProgressDrawTarget, steps: Steps) -> ProgressBar {
    // The last step is its end.
    let bar = ProgressBar::with_draw_target(Some(steps.len() as u64 + 1), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}, {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// How many of the steps are behind it after this; none for what is no step forward.
fn position(steps: Steps, words: &str) -> Option<u64> {
    let at = steps.iter().position(|step| *step == words)?;
    Some(at as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::sync::{Arc, Mutex, PoisonError};

    /// A terminal that keeps all that is drawn on it.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<Vec<String>>>);

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            100
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn bar_should_say_how_far_the_task_is_and_what_happened_last() {
        let screen = Screen::default();
        let bar = drawn(ProgressDrawTarget::term_like(Box::new(screen.clone())), TASK);
        let output = Output { json: false };
        let progress = Progress { output, steps: TASK, bar: Some(bar) };
        for (words, said) in
            [("assigned", "2/7 assigned, "), ("vacated", "2/7 vacated, "), ("agreed", "6/7 agreed")]
        {
            progress.step(words);
            let drawn = screen.0.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
            assert!(drawn.contains(said), "{drawn:?} and not {said:?}");
        }
        progress.end();
    }

    #[test]
    fn position_should_be_known_for_steps_alone() {
        assert_eq!(position(TASK, "submitted"), Some(1));
        assert_eq!(position(TASK, "agreed"), Some(6));
        assert_eq!(position(TASK, "audit awaited"), None);
        assert_eq!(position(DELTA, "keeping"), Some(3));
    }
}
