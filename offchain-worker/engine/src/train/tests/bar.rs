//! What somebody who looks on sees of a run.

use super::*;
use indicatif::{ProgressDrawTarget, TermLike};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

/// A terminal that keeps all that is drawn on it.
#[derive(Clone, Debug, Default)]
struct Screen(Arc<Mutex<Vec<String>>>);

impl Screen {
    /// The last line that says something.
    fn last(&self) -> String {
        let drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.iter().rfind(|text| !text.trim().is_empty()).cloned().unwrap_or_default()
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        120
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
fn bar_should_say_how_far_a_run_is_and_its_loss_when_a_step_was_made() {
    let folder = TempDir::new().expect("a folder");
    let lessons = sequences(4);
    // Begun, and gone on with by others.
    for step in 1..=3 {
        let store = Store { folder: folder.path().to_owned(), every: 1 };
        let run = Run::open(decoder(&tiny()), settings(10), &lessons, Some(store));
        let mut run = run.expect("fit");
        let screen = Screen::default();
        run.bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(screen.clone())));
        let report = run.step(&lessons).expect("a step").expect("one is left");
        assert_eq!(report.step, step);
        let (said, seen) = (format!(" {step}/10 loss {:.4},", report.loss), screen.last());
        assert!(seen.contains(&said), "{seen:?} and not {said:?}");
    }
}
