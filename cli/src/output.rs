//! What a command says: to people in aligned lines, to programs as one object of JSON.

use crate::{
    amount::crn,
    exit::{Failure, Outcome},
};
use cairn_protocol::id::Amount;
use serde_json::{json, Map, Value};
use std::{
    io::{self, Write},
    iter,
};

/// Where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub json: bool,
}

/// Names and values, each as JSON has it and as people read it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    name: &'static str,
    json: Value,
    /// Nothing where only programs are told.
    text: String,
}

impl Report {
    pub fn with(
        mut self,
        name: &'static str,
        json: impl Into<Value>,
        text: impl Into<String>,
    ) -> Self {
        self.fields.push(Field { name, json: json.into(), text: text.into() });
        self
    }

    pub fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        self.with(name, text.clone(), text)
    }

    pub fn number(self, name: &'static str, number: impl Into<u64>) -> Self {
        let number = number.into();
        self.with(name, number, number.to_string())
    }

    /// In the smallest unit for programs, which read no decimals from it.
    pub fn amount(self, name: &'static str, amount: Amount) -> Self {
        self.with(name, amount.to_string(), crn(amount))
    }

    pub fn and(mut self, other: Self) -> Self {
        self.fields.extend(other.fields);
        self
    }

    pub fn json(&self) -> Map<String, Value> {
        self.fields.iter().map(|field| (field.name.to_owned(), field.json.clone())).collect()
    }

    fn lines(&self) -> String {
        let told = || self.fields.iter().filter(|field| !field.text.is_empty());
        let width = told().map(|field| field.name.len()).max().unwrap_or(0);
        let gap = format!("\n{}", " ".repeat(width + 2));
        let line = |field: &Field| {
            let (name, text) = (field.name.replace('_', " "), field.text.replace('\n', &gap));
            format!("{name:width$}  {text}\n")
        };
        told().map(line).collect()
    }
}

impl Output {
    pub fn say(&self, report: &Report) -> Outcome {
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{}", Value::Object(report.json()))?;
        } else {
            write!(out, "{}", report.lines())?;
        }
        Ok(())
    }

    /// Says something that people read drawn, and programs by its fields.
    pub fn drawn(&self, report: &Report, drawing: &str) -> Outcome {
        if self.json {
            return self.say(report);
        }
        write!(io::stdout().lock(), "{drawing}")?;
        Ok(())
    }

    /// Says several of a kind: one under another, or as the list of this name.
    pub fn list(&self, name: &str, none: &str, reports: &[Report]) -> Outcome {
        let mut out = io::stdout().lock();
        if self.json {
            let all: Vec<Value> = reports.iter().map(|one| Value::Object(one.json())).collect();
            writeln!(out, "{}", json!({ name: all }))?;
        } else if reports.is_empty() {
            writeln!(out, "{none}")?;
        } else {
            write!(out, "{}", table(reports))?;
        }
        Ok(())
    }

    /// Says how things go on, to people alone and beside what comes of it.
    pub fn progress(&self, text: &str) {
        if !self.json {
            // Where nobody reads that, nothing is lost.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    pub fn progress_report(&self, report: &Report) {
        self.progress(report.lines().trim_end());
    }

    /// Says what is wrong. Where nobody reads that any more, nobody is left to be told so.
    pub fn fail(&self, failure: &Failure) {
        let _ = if self.json {
            let mut all = failure.details().json();
            all.insert("error".into(), failure.to_string().into());
            all.insert("exit".into(), (failure.exit() as u8).into());
            writeln!(io::stdout(), "{}", Value::Object(all))
        } else {
            writeln!(io::stderr(), "Error: {failure}")
        };
    }
}

/// Columns under the names of fields, in the order in which these come first. What one has and
/// another has not is left empty there.
fn table(reports: &[Report]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for field in reports.iter().flat_map(|report| &report.fields) {
        if !names.contains(&field.name) {
            names.push(field.name);
        }
    }
    let head = names.iter().map(|name| name.replace('_', " ")).collect::<Vec<_>>();
    let cell = |report: &Report, name: &str| {
        let found = report.fields.iter().find(|field| field.name == name);
        found.map_or_else(String::new, |field| field.text.clone())
    };
    let row = |report: &Report| names.iter().map(|name| cell(report, name)).collect();
    let rows: Vec<Vec<String>> = iter::once(head).chain(reports.iter().map(row)).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let report = Report::default().number("task", 7u64).amount("paid_each", 80_000_000_000);
        report.with("hex", "6869", "").text("text", "hi\nthere")
    }

    #[test]
    fn lines_should_be_aligned_and_without_what_only_programs_are_told() {
        let expected = "task       7\npaid each  0.08 CRN\ntext       hi\n           there\n";
        assert_eq!(report().lines(), expected);
    }

    #[test]
    fn json_should_have_amounts_in_the_smallest_unit_as_text() {
        let expected =
            json!({ "task": 7, "paid_each": "80000000000", "hex": "6869", "text": "hi\nthere" });
        assert_eq!(Value::Object(report().json()), expected);
    }

    #[test]
    fn table_should_have_a_head_and_columns_as_wide_as_they_need_be() {
        let row =
            |task: u64, stage: &str| Report::default().number("task", task).text("stage", stage);
        let told = table(&[row(7, "Settled"), row(12_345, "Queued")]);
        assert_eq!(told, "task   stage\n7      Settled\n12345  Queued\n");
        // What one of them alone has is under a name as well, and in nobody else's column.
        let told = table(&[row(7, "a").amount("back", 0), row(8, "b").amount("reward", 0)]);
        let expected =
            "task  stage  back   reward\n7     a      0 CRN\n8     b             0 CRN\n";
        assert_eq!(told, expected);
    }
}
