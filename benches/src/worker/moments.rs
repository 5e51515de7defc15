//! When a worker did what, by its own log.

use super::Error;
use cairn_protocol::id::TaskId;
use std::{
    collections::HashMap,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

/// What a line begins with, behind the time and the room, that is about a task.
const ABOUT: &str = ": task ";
/// How such a line ends when a confined process begins with the job.
const GIVEN: &str = " is given its order";
/// What such a line says when the worker has the result and the process is gone.
const TOOK: &str = " took ";

/// The moments of all tasks.
#[derive(Default)]
pub struct Moments {
    pub given: HashMap<TaskId, SystemTime>,
    pub done: HashMap<TaskId, SystemTime>,
}

impl Moments {
    pub fn read(log: &Path) -> Result<Self, Error> {
        Ok(Self::of(&String::from_utf8_lossy(&fs::read(log)?)))
    }

    fn of(text: &str) -> Self {
        let mut moments = Self::default();
        for (task, at, said) in text.lines().filter_map(about) {
            if said.ends_with(GIVEN) {
                moments.given.entry(task).or_insert(at);
            } else if said.contains(TOOK) {
                moments.done.entry(task).or_insert(at);
            }
        }
        moments
    }
}

/// The task that a line is about, when it was said, and what.
fn about(line: &str) -> Option<(TaskId, SystemTime, &str)> {
    let (head, said) = line.split_once(ABOUT)?;
    let at = moment(head.split_whitespace().next()?)?;
    let (task, said) = said.split_once(',')?;
    Some((TaskId(task.parse().ok()?), at, said))
}

/// A time in UTC as in 2026-11-22T23:45:19.123456Z.
fn moment(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, micros) = time.split_once('.').filter(|(_, micros)| micros.len() == 6)?;
    let [hour, minute, second] = numbers(time, ':')?;
    let seconds = days(date)? * 86_400 + hour * 3_600 + minute * 60 + second;
    let since = Duration::from_secs(seconds) + Duration::from_micros(micros.parse().ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// Days from 1970 to a day as [`crate::report::date`] writes it, by the same count of years that
/// begin in March.
fn days(date: &str) -> Option<u64> {
    let [year, month, day] = numbers(date, '-')?;
    let (year, month) = match month {
        1 | 2 => (year.checked_sub(1)?, month + 9),
        3..=12 => (year, month - 3),
        _ => return None,
    };
    let (era, year) = (year / 400, year % 400);
    let day = (153 * month + 2) / 5 + day.checked_sub(1)?;
    (era * 146_097 + 365 * year + year / 4 - year / 100 + day).checked_sub(719_468)
}

/// Three numbers, none of which is longer than a year.
fn numbers(text: &str, between: char) -> Option<[u64; 3]> {
    let mut parts = text.split(between).map(|part| match part.len() {
        1..=4 => part.parse::<u64>().ok(),
        _ => None,
    });
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::date;

    const LOG: &str = "\
2026-11-22T23:59:59.900000Z  INFO cairn_worker::scheduler: begins task 7, worker, round 2, 90 s left
2026-11-22T23:59:59.950000Z  INFO cairn_worker::executor: task 7, worker, round 2 is given its order
2026-11-23T00:00:00.073456Z  INFO cairn_worker::executor: task 7, worker, round 2 took 0.1 s, 3 MiB
2026-11-23T00:00:00.080000Z  INFO cairn_worker::post: sent commit:7:2:0
2026-11-23T00:00:03.000000Z  INFO cairn_worker::submitter: task 7, worker, round 2 is committed to
a line of something else: task 8, worker, round 0 is given its order
";

    #[test]
    fn moments_should_be_those_of_a_job_when_the_log_says_more_than_that() {
        let moments = Moments::of(LOG);
        assert_eq!((moments.given.len(), moments.done.len()), (1, 1));
        let (given, done) = (moments.given[&TaskId(7)], moments.done[&TaskId(7)]);
        assert_eq!(done.duration_since(given).unwrap(), Duration::from_micros(123_456));
    }

    #[test]
    fn moment_should_be_the_day_that_was_written() {
        for day in (0..60_000).step_by(17) {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400);
            assert_eq!(moment(&format!("{}T00:00:00.000000Z", date(at))), Some(at));
        }
    }

    #[test]
    fn moment_should_be_none_when_it_is_no_time() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T23:45:19Z",
            "2026-11-22T23:45:19.123Z",
            "2026-11-22T23:45.123456Z",
            "2026-13-22T23:45:19.123456Z",
            "2026-11-00T23:45:19.123456Z",
            "99999999999999999999-11-22T23:45:19.123456Z",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
