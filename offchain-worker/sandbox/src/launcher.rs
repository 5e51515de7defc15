//! Starts all children from one thread.
//!
//! A child is killed by the kernel when the thread that started it ends, so that thread has to live
//! as long as the process; a pool's threads do not.

use std::{
    io,
    process::{Child, Command},
    sync::{
        mpsc::{self, Receiver, Sender},
        Mutex, PoisonError,
    },
    thread,
};

type Launch = Box<dyn FnOnce() + Send>;

static LAUNCHER: Mutex<Option<Sender<Launch>>> = Mutex::new(None);

pub(crate) fn spawn(mut command: Command) -> io::Result<Child> {
    let (answer, answered) = mpsc::channel();
    let launch: Launch = Box::new(move || {
        // Nobody may be there to hear it: then there is nobody to start it for.
        let _ = answer.send(command.spawn());
    });
    let gone = || io::Error::other("the thread that starts children has ended");
    launcher()?.send(launch).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

fn launcher() -> io::Result<Sender<Launch>> {
    let mut launcher = LAUNCHER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(launcher) = &*launcher {
        return Ok(launcher.clone());
    }
    let (sender, launches): (_, Receiver<Launch>) = mpsc::channel();
    thread::Builder::new()
        .name("sandbox-launcher".into())
        .spawn(move || launches.into_iter().for_each(|launch| launch()))?;
    *launcher = Some(sender.clone());
    Ok(sender)
}
