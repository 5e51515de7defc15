//! What is measured, by the names that it has.

use crate::report::{median, millis, percentile, table, tenths};
use serde_json::{json, Value};
use std::time::Duration;

/// A number of a bench.
#[derive(Clone, Copy)]
pub struct Figure {
    /// In the last line.
    key: &'static str,
    /// For a person.
    name: &'static str,
    reach: Option<Reach>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
enum Reach {
    Below(f64),
    AtLeast(f64),
}

/// What one run came to.
pub type Measured = Vec<(Figure, f64)>;

/// What all runs came to, in the order in which the figures were first there.
#[derive(Default)]
pub struct Figures(Vec<(Figure, Vec<f64>)>);

impl Figure {
    pub const fn new(key: &'static str, name: &'static str) -> Self {
        Self { key, name, reach: None }
    }

    pub const fn below(self, most: f64) -> Self {
        Self { reach: Some(Reach::Below(most)), ..self }
    }

    pub const fn at_least(self, least: f64) -> Self {
        Self { reach: Some(Reach::AtLeast(least)), ..self }
    }

    fn judged(&self, value: f64) -> String {
        let said = |reached: bool| if reached { "reached" } else { "MISSED" };
        match self.reach {
            None => String::new(),
            Some(Reach::Below(most)) => format!("< {most}: {}", said(value < most)),
            Some(Reach::AtLeast(least)) => format!(">= {least}: {}", said(value >= least)),
        }
    }
}

impl Figures {
    pub fn add(&mut self, measured: Measured) {
        for (figure, value) in measured {
            match self.0.iter_mut().find(|(known, _)| known.key == figure.key) {
                Some((_, values)) => values.push(value),
                None => self.0.push((figure, vec![value])),
            }
        }
    }

    /// A table for a person, and the last line.
    pub fn report(&self) {
        let row = |(figure, values): &(Figure, Vec<f64>)| {
            let middle = tenths(median(values.clone()));
            let all: Vec<String> = values.iter().map(|value| format!("{value:.1}")).collect();
            let (name, reach) = (figure.name.to_owned(), figure.judged(middle));
            vec![name, format!("{middle:.1}"), all.join(", "), reach]
        };
        let rows: Vec<Vec<String>> = self.0.iter().map(row).collect();
        println!();
        table(&["", "median", "of the runs", "reach"], &rows);
        println!("{}", self.line());
    }

    fn line(&self) -> Value {
        let pair = |(figure, values): &(Figure, Vec<f64>)| {
            (figure.key.to_owned(), json!(tenths(median(values.clone()))))
        };
        Value::Object(self.0.iter().map(pair).collect())
    }
}

/// The middle of the times and the longest but for one in a hundred, in milliseconds.
pub fn shares(times: &mut [Duration]) -> (f64, f64) {
    times.sort_unstable();
    (millis(percentile(times, 0.5)), millis(percentile(times, 0.99)))
}

/// Megabytes, of 10^6 bytes, a second.
pub fn rate(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Figure = Figure::new("free", "free, MB/s");
    const BOUND: Figure = Figure::new("bound_ms", "bound, ms").below(50.0);

    #[test]
    fn judged_should_say_missed_when_a_figure_is_not_what_it_should_be() {
        assert_eq!(FREE.judged(1e9), "");
        assert_eq!(BOUND.judged(49.9), "< 50: reached");
        assert_eq!(BOUND.judged(50.0), "< 50: MISSED");
        assert_eq!(BOUND.judged(f64::NAN), "< 50: MISSED");
        const LEAST: Figure = Figure::new("least", "least").at_least(2.0);
        assert_eq!(LEAST.judged(2.0), ">= 2: reached");
        assert_eq!(LEAST.judged(1.9), ">= 2: MISSED");
        assert_eq!(LEAST.judged(f64::NAN), ">= 2: MISSED");
    }

    #[test]
    fn line_should_have_the_median_of_each_figure_when_there_are_several_runs() {
        let mut figures = Figures::default();
        for value in [3.0, 1.0, 2.04] {
            figures.add(vec![(FREE, value), (BOUND, value * 10.0)]);
        }
        assert_eq!(figures.line(), json!({ "free": 2.0, "bound_ms": 20.4 }));
    }

    #[test]
    fn shares_should_be_of_sorted_times_when_they_come_as_they_come() {
        let mut times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(shares(&mut times), (50.0, 99.0));
    }
}
