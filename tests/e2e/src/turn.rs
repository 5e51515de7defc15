use std::{fs::File, path::PathBuf, thread::sleep, time::Duration};

use crate::Failure;

/// How many networks of one validator run at once.
const PLACES: usize = 2;
const POLL: Duration = Duration::from_millis(100);

/// Held by whoever runs a network. One of several validators has the machine to itself: two of them
/// on two cores measure each other. One of a single validator waits most of the time, and leaves
/// room for another.
///
/// Locks on files, since the tests are threads of one process with one runner and processes with
/// another.
pub struct Turn {
    _places: Vec<File>,
}

impl Turn {
    /// Waits for one of the places.
    pub fn beside_another() -> Result<Self, Failure> {
        let places = places()?;
        loop {
            for place in &places {
                if place.try_lock().is_ok() {
                    return Ok(Self { _places: vec![place.try_clone()?] });
                }
            }
            sleep(POLL);
        }
    }

    /// Waits for all places, always in the same order, so that nobody waits in a circle.
    pub fn alone() -> Result<Self, Failure> {
        let places = places()?;
        for place in &places {
            place.lock()?;
        }
        Ok(Self { _places: places })
    }
}

fn places() -> Result<Vec<File>, Failure> {
    let path = |place| -> PathBuf { std::env::temp_dir().join(format!("cairn-e2e-{place}.lock")) };
    let open = |path| File::options().create(true).truncate(false).write(true).open(path);
    Ok((0..PLACES).map(|place| open(path(place))).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc::channel, thread::spawn};

    #[test]
    fn turn_should_be_had_beside_another_and_alone_only_when_both_are_over() {
        let alone = Turn::alone().unwrap();
        let (sender, receiver) = channel();
        let two = spawn(move || {
            let pair = [Turn::beside_another().unwrap(), Turn::beside_another().unwrap()];
            sender.send("two").unwrap();
            sleep(POLL);
            sender.send("over").unwrap();
            drop(pair);
        });
        assert!(receiver.recv_timeout(5 * POLL).is_err(), "there is a place beside one alone");
        drop(alone);
        assert_eq!(receiver.recv().unwrap(), "two");
        let _alone = Turn::alone().unwrap();
        assert_eq!(receiver.try_recv().unwrap(), "over");
        two.join().unwrap();
    }
}
