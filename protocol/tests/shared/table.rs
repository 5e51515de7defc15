//! What the runs come to, as the docs state it.

// Each simulation has its own page.
use super::PAGE;

/// A mean and how far runs are from it.
pub struct Spread {
    mean: f64,
    deviation: f64,
    decimals: usize,
}

pub fn spread(values: impl IntoIterator<Item = f64>, decimals: usize) -> Spread {
    let values: Vec<f64> = values.into_iter().collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    Spread { mean, deviation: (squares / (count - 1.0).max(1.0)).sqrt(), decimals }
}

impl core::fmt::Display for Spread {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (mean, deviation) =
            (grouped(self.mean, self.decimals), grouped(self.deviation, self.decimals));
        write!(to, "{mean} ± {deviation}")
    }
}

/// With a comma before each three digits.
pub fn grouped(value: f64, decimals: usize) -> String {
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let digits: Vec<&str> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|chunk| core::str::from_utf8(chunk).expect("digits are text"))
        .collect();
    let is_zero = plain.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    format!("{sign}{}{rest}", digits.join(","))
}

/// A table of the page.
pub struct Table {
    text: String,
}

impl Table {
    pub fn new(columns: &[&str]) -> Self {
        let rule = columns.iter().map(|_| "|---").collect::<String>();
        Self { text: format!("| {} |\n{rule}|\n", columns.join(" | ")) }
    }

    pub fn row(&mut self, cells: &[&dyn core::fmt::Display]) {
        let cells: Vec<String> = cells.iter().map(|cell| cell.to_string()).collect();
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }

    /// Shows the table, which has to stand in the page as it is.
    pub fn close(self) {
        println!("{}", self.text);
        assert!(PAGE.contains(&self.text), "the page in docs/ has no such table");
    }
}
