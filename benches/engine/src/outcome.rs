//! What came of it: tables for a person, and one line for a program.

use crate::{
    peer::{Kind, Numbers},
    report::table,
};
use serde_json::{json, Map, Value};

/// What one engine did on one model.
pub struct Outcome {
    pub kind: Kind,
    pub label: String,
    /// Tokens a second of each command.
    pub rates: Vec<f64>,
    pub kibibytes: Option<u64>,
    pub off: Option<f64>,
}

/// One that could not be had.
pub struct Missing {
    pub name: &'static str,
    pub reason: String,
}

/// What all did on one model.
pub struct Section {
    pub outcomes: Vec<Outcome>,
    pub missing: Vec<Missing>,
}

impl Section {
    pub fn print(&self, commands: &[&str]) {
        let mut heading = vec!["name", "engine", "numbers"];
        heading.extend(commands);
        heading.extend(["peak MiB", "off f32 by"]);
        let row = |outcome: &Outcome| {
            let mut row = vec![outcome.kind.name.to_owned(), outcome.label.clone()];
            row.push(numbers(outcome.kind).to_owned());
            row.extend(outcome.rates.iter().map(|rate| format!("{rate:.1}")));
            row.push(outcome.kibibytes.map_or("?".into(), |kib| format!("{}", kib >> 10)));
            row.push(outcome.off.map_or("".into(), |off| format!("{off:.1e}")));
            row
        };
        table(&heading, &self.outcomes.iter().map(row).collect::<Vec<_>>());
        for Missing { name, reason } in &self.missing {
            println!("MISSING: {name} {reason}");
        }
    }

    fn find(&self, name: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.kind.name == name)
    }

    fn rate(&self, name: &str) -> Option<f64> {
        self.find(name)?.rates.first().copied()
    }

    /// The fastest in f32, Burn flex among them: whoever it is, that is who is to be beaten.
    fn best(&self) -> Option<(&str, f64)> {
        let peers = self.outcomes.iter().filter(|outcome| outcome.kind.numbers == Numbers::F32);
        let rates = peers.filter_map(|peer| Some((peer.kind.name, *peer.rates.first()?)));
        rates.max_by(|(_, left), (_, right)| left.total_cmp(right))
    }

    /// A number for each engine by its name.
    fn by_name(&self, number: impl Fn(&Outcome) -> Option<f64>) -> Value {
        let pair = |outcome: &Outcome| (outcome.kind.name.to_owned(), json!(number(outcome)));
        Value::Object(self.outcomes.iter().map(pair).collect::<Map<_, _>>())
    }

    fn rates(&self, command: usize) -> Value {
        self.by_name(|outcome| outcome.rates.get(command).map(|rate| rounded(*rate, 10.0)))
    }

    fn memory(&self, name: &str) -> Option<f64> {
        self.find(name)?.kibibytes.map(|kibibytes| kibibytes as f64)
    }
}

/// The last line of the output.
pub fn line(large: &Section, demo: &Section, learning: &Section) -> Value {
    let over = |found: Option<f64>, other: Option<f64>| {
        found.zip(other).map(|(found, other)| rounded(found / other, 1_000.0))
    };
    let (exact, best) = (large.rate("exact"), large.best());
    let sections = [("qwen3", large), ("demo", demo), ("training", learning)];
    let missing = sections.iter().flat_map(|(name, section)| {
        section.missing.iter().map(move |missing| format!("{} on {name}", missing.name))
    });
    json!({
        "exact_over_flex": over(exact, large.rate("flex")),
        "exact_over_best_peer": over(exact, best.map(|(_, rate)| rate)),
        "best_peer": best.map(|(name, _)| name),
        "exact_memory_over_flex": over(large.memory("exact"), large.memory("flex")),
        "exact_off_flex": large.find("exact").and_then(|exact| exact.off),
        "prefill_per_s": large.rates(0),
        "decode_per_s": large.rates(1),
        "peak_mib": large.by_name(|outcome| Some((outcome.kibibytes? >> 10) as f64)),
        "demo_prefill_per_s": demo.rates(0),
        "demo_decode_per_s": demo.rates(1),
        "training_per_s": learning.rates(0),
        "missing": missing.collect::<Vec<_>>(),
    })
}

fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

fn numbers(kind: Kind) -> &'static str {
    match kind.numbers {
        Numbers::Exact => "integers",
        Numbers::F32 => "f32",
        Numbers::Other(name) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Origin;

    fn section(rates: &[(&'static str, Numbers, f64)]) -> Section {
        let outcome = |(name, numbers, rate): &(&'static str, Numbers, f64)| Outcome {
            kind: Kind { name, numbers: *numbers, origin: Origin::Here },
            label: String::new(),
            rates: vec![*rate, 1.0],
            kibibytes: Some(2_048),
            off: None,
        };
        Section { outcomes: rates.iter().map(outcome).collect(), missing: Vec::new() }
    }

    #[test]
    fn line_should_hold_exact_against_the_best_in_f32_when_others_are_faster_in_less() {
        let rates = [
            ("exact", Numbers::Exact, 300.0),
            ("flex", Numbers::F32, 100.0),
            ("candle", Numbers::F32, 200.0),
            ("pytorch-int8", Numbers::Other("int8"), 900.0),
        ];
        let mut large = section(&rates);
        large.missing.push(Missing { name: "pytorch", reason: "ended".into() });
        let line = line(&large, &section(&[]), &section(&[]));
        assert_eq!(line["exact_over_flex"], 3.0);
        assert_eq!(line["exact_over_best_peer"], 1.5);
        assert_eq!(line["best_peer"], "candle");
        assert_eq!(line["exact_memory_over_flex"], 1.0);
        assert_eq!(line["missing"], json!(["pytorch on qwen3"]));
    }
}
