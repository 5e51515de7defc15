//! Tables, as the page about the economics of learning states them.

use super::rules::CRN;
use cairn_protocol::id::Amount;
use core::fmt::Display;

/// The page that has to say what is found here.
const PAGE: &str = include_str!("../../../../docs/learning-economics.md");

/// A table of the page.
pub(crate) struct Table {
    text: String,
}

impl Table {
    pub(crate) fn new(columns: &[&str]) -> Self {
        let rule = columns.iter().map(|_| "|---").collect::<String>();
        Self { text: format!("| {} |\n{rule}|\n", columns.join(" | ")) }
    }

    pub(crate) fn row(&mut self, cells: &[&dyn Display]) {
        let cells: Vec<String> = cells.iter().map(|cell| cell.to_string()).collect();
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }

    /// Shows the table, which has to stand in the page as it is.
    pub(crate) fn close(self) {
        println!("{}", self.text);
        assert!(PAGE.contains(&self.text), "docs/learning-economics.md has no such table");
    }
}

/// A number of millionths, with so many decimals, rounded, and a comma before each three digits.
pub(crate) fn decimal(millionths: i128, decimals: u32) -> String {
    let unit = 10u128.pow(6 - decimals);
    let rounded = (millionths.unsigned_abs() + unit / 2) / unit;
    let scale = 10u128.pow(decimals);
    let (whole, rest) = ((rounded / scale).to_string(), rounded % scale);
    let digits: Vec<&str> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|chunk| core::str::from_utf8(chunk).expect("digits are text"))
        .collect();
    let sign = if millionths < 0 && rounded > 0 { "−" } else { "" };
    let rest = match decimals {
        0 => String::new(),
        decimals => format!(".{rest:0width$}", width = decimals as usize),
    };
    format!("{sign}{}{rest}", digits.join(","))
}

/// An amount in CRN.
pub(crate) fn crn(amount: i128, decimals: u32) -> String {
    decimal(amount / (CRN as i128 / 1_000_000), decimals)
}

/// Parts per million as hundredths.
pub(crate) fn percent(share: impl Into<i128>, decimals: u32) -> String {
    decimal(share.into() * 100, decimals)
}

pub(crate) fn owed(amount: Amount) -> i128 {
    i128::try_from(amount).expect("amounts here are small")
}

#[test]
fn decimal_should_round_and_group() {
    assert_eq!(decimal(1_234_567_891_000, 1), "1,234,567.9");
    assert_eq!(decimal(-1_500_000, 0), "−2");
    assert_eq!(decimal(-1, 2), "0.00");
    assert_eq!(crn(7 * CRN as i128 / 2, 2), "3.50");
    assert_eq!(percent(136_000u32, 1), "13.6");
}
