//! The tables in the pallets' `weights.rs`: words stay, numbers change.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Cost, Measured};

/// Where a table begins.
const TABLE: &str = "cairn_seams::weights! {";
const WIDTH: usize = 99;

pub fn file(root: &Path, pallet: &str) -> PathBuf {
    root.join("pallets").join(pallet).join("src/weights.rs")
}

/// Pallets that have a table.
pub fn pallets(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("pallets"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let text = fs::read_to_string(file(root, &name)).unwrap_or_default();
        if text.lines().any(|line| line == TABLE) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The same file with other numbers. Fails unless table and benchmarks have the same names.
pub fn fill(text: &str, measured: &[Measured], how: &str) -> Result<String, String> {
    let mut missing: Vec<&str> = measured.iter().map(|call| call.name.as_str()).collect();
    let mut lines = heading(text, how);
    let mut inside = false;
    for line in text.lines().skip_while(|line| line.starts_with("//!")) {
        inside = (inside && line != "}") || line == TABLE;
        match row(line).filter(|_| inside) {
            None => lines.push(line.to_owned()),
            Some((name, variables)) => {
                let call = measured.iter().find(|call| call.name == name);
                let call = call.ok_or(format!("{name} has no benchmark"))?;
                missing.retain(|other| *other != name);
                lines.push(write_row(call, &variables)?);
            }
        }
    }
    if !missing.is_empty() {
        return Err(format!("the table has no {}", missing.join(", ")));
    }
    Ok(lines.join("\n") + "\n")
}

/// The first sentence as it stands, and how the numbers came about.
fn heading(text: &str, how: &str) -> Vec<String> {
    let first = text.lines().take_while(|line| line.starts_with("//! "));
    let mut lines: Vec<String> = first.map(str::to_owned).collect();
    lines.push("//!".into());
    let mut line = "//! Written by `scripts/bench weights`:".to_owned();
    for word in how.split_whitespace() {
        if line.len() + word.len() >= WIDTH {
            lines.push(std::mem::replace(&mut line, "//!".into()));
        }
        line.push(' ');
        line.push_str(word);
    }
    line.push('.');
    lines.push(line);
    lines
}

/// Name and variables of a row, as in `settle(seats): (150, 8, 8) + seats * (90, 11, 5);`.
fn row(line: &str) -> Option<(&str, Vec<&str>)> {
    let (head, _) = line.strip_suffix(';')?.split_once("): ")?;
    let (name, variables) = head.trim_start().split_once('(')?;
    let variables = variables.split(',').map(str::trim).filter(|name| !name.is_empty());
    Some((name, variables.collect()))
}

fn write_row(call: &Measured, variables: &[&str]) -> Result<String, String> {
    if call.per.len() != variables.len() {
        return Err(format!(
            "{} has {} variables in the table and {} in its benchmark",
            call.name,
            variables.len(),
            call.per.len()
        ));
    }
    let mut row = format!("    {}({}): {}", call.name, variables.join(", "), tuple(&call.fixed));
    for (variable, cost) in variables.iter().zip(&call.per) {
        row.push_str(&format!(" + {variable} * {}", tuple(cost)));
    }
    row.push(';');
    Ok(row)
}

fn tuple(cost: &Cost) -> String {
    format!("({}, {}, {})", thousands(cost.nanos), cost.reads, cost.writes)
}

/// As clippy wants numbers to be read.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "//! What each call costs.\n//!\n//! Counted by hand.\n\n\
        cairn_seams::weights! {\n    /// Clock, record.\n    submit(): (60, 10, 9);\n    \
        /// Each seat.\n    settle(seats): (1, 2, 3) + seats * (4, 5, 6);\n}\n";

    fn call(name: &str, per: usize) -> Measured {
        let cost = Cost { nanos: 1_234_567, reads: 7, writes: 8 };
        Measured { name: name.into(), fixed: cost, per: vec![cost; per] }
    }

    #[test]
    fn fill_should_keep_the_words_when_the_numbers_change() {
        let calls = [call("settle", 1), call("submit", 0)];
        let filled = fill(FILE, &calls, "on a machine").unwrap();
        assert_eq!(
            filled,
            "//! What each call costs.\n//!\n//! Written by `scripts/bench weights`: on a machine.\
            \n\ncairn_seams::weights! {\n    /// Clock, record.\n    submit(): (1_234_567, 7, 8);\n    \
            /// Each seat.\n    settle(seats): (1_234_567, 7, 8) + seats * (1_234_567, 7, 8);\n}\n"
        );
        assert_eq!(fill(&filled, &calls, "on a machine").unwrap(), filled);
    }

    #[test]
    fn fill_should_fail_when_table_and_benchmarks_differ() {
        let of = |calls: &[Measured]| fill(FILE, calls, "").unwrap_err();
        assert_eq!(of(&[call("submit", 0)]), "settle has no benchmark");
        let more = [call("submit", 0), call("settle", 1), call("judge", 0)];
        assert_eq!(of(&more), "the table has no judge");
        let other = [call("submit", 0), call("settle", 2)];
        assert_eq!(of(&other), "settle has 1 variables in the table and 2 in its benchmark");
    }

    #[test]
    fn thousands_should_be_set_apart() {
        let all = [0, 999, 1_000, 12_345, 1_234_567].map(thousands);
        assert_eq!(all, ["0", "999", "1_000", "12_345", "1_234_567"]);
    }
}
