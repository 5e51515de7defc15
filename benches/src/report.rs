//! What a person reads: the machine, a table, percentiles.

use std::{
    fs,
    time::{Duration, SystemTime},
};

/// Machine, system and date in one line, so that a number is never without them.
pub fn machine() -> String {
    let field = |file: &str, name: &str| {
        fs::read_to_string(file).ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
    };
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".into());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown memory".into());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let date = date(SystemTime::now());
    format!("{cpu}, {cores} cores, {memory}, Linux {}, {date}", kernel.trim())
}

/// The day in UTC, as in 2026-11-21.
pub fn date(time: SystemTime) -> String {
    let days = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs() / 86_400);
    // Counted in years that begin in March, a leap day is the last of its year, and 400 years
    // always have 146,097 days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year + 400 * era + next)
}

/// The middle value, or the mean of the two in the middle; NaN where there is none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len() % 2, values.get(middle.saturating_sub(1)), values.get(middle)) {
        (1, _, Some(value)) => *value,
        (_, Some(below), Some(above)) => (below + above) / 2.0,
        _ => f64::NAN,
    }
}

/// The value below which `share` (0 to 1) of the sorted values lie; the nearest rank.
pub fn percentile(sorted: &[Duration], share: f64) -> Option<Duration> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}

pub fn millis(duration: Option<Duration>) -> f64 {
    duration.map_or(f64::NAN, |d| (d.as_secs_f64() * 1e4).round() / 10.0)
}

/// A value with one digit behind the point.
pub fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Rows under a heading, columns aligned.
pub fn table(heading: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].len());
        cells.chain([heading[column].len()]).max().unwrap_or(0)
    };
    let line = |cells: Vec<&str>| {
        let cells: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:>width$}", width = width(column)))
            .collect();
        println!("{}", cells.join("  "));
    };
    line(heading.to_vec());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
}

/// User and system time a process has used.
pub fn cpu_time(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name stands in parentheses and may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // Linux reports to user space in hundredths of a second on every architecture.
    Some(Duration::from_millis(ticks * 10))
}

/// Bytes of memory that a process has in the machine's.
pub fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = size.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_should_be_the_nearest_rank_when_values_are_few() {
        let values: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&values, 0.5), Some(Duration::from_millis(50)));
        assert_eq!(percentile(&values, 0.99), Some(Duration::from_millis(99)));
        assert_eq!(percentile(&values, 1.0), Some(Duration::from_millis(100)));
        assert_eq!(percentile(&values[..1], 0.01), Some(Duration::from_millis(1)));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn median_should_be_in_the_middle_when_values_are_odd_even_or_none() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![7.0]), 7.0);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn date_should_know_leap_days_when_years_begin_and_end() {
        let day = |days: u64| date(SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400));
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(11_016), "2000-02-29");
        assert_eq!(day(11_017), "2000-03-01");
        assert_eq!(day(20_088), "2024-12-31");
        assert_eq!(day(20_089), "2025-01-01");
    }

    #[test]
    fn cpu_time_should_be_known_when_the_process_is_this_one() {
        assert!(cpu_time(std::process::id()).is_some());
        assert_eq!(cpu_time(u32::MAX), None);
    }

    #[test]
    fn resident_should_grow_when_the_process_takes_memory() {
        const MORE: usize = 64 << 20;
        let before = resident(std::process::id()).unwrap();
        let taken = std::hint::black_box(vec![1_u8; MORE]);
        let after = resident(std::process::id()).unwrap();
        assert!(after >= before + taken.len() as u64 / 2, "{before} {after}");
        assert_eq!(resident(u32::MAX), None);
    }
}
