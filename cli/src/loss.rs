//! What a model loses, as people read it.

use cairn_protocol::{
    chunk,
    learning::{quality::quality, source::Source},
    share::WHOLE,
    spec::TOKEN_BYTES,
};
use cairn_text::generator;

/// Millionths of a nat in a nat.
const NAT: f64 = 1e6;
/// Letters of a gauge.
const GAUGE: usize = 24;

/// What is lost on a token of an example on average, in millionths of a nat.
pub fn a_token(example: u64, source: &Source) -> u64 {
    let foretold = u64::from(source.record_bytes() / TOKEN_BYTES).saturating_sub(1);
    example.checked_div(foretold).unwrap_or(example)
}

/// What no model can lose less than, in millionths of a nat a token; none where nobody knows. It is
/// known of the text that the demo model learns.
pub fn floor(source: &Source) -> Option<u64> {
    let Source::Generator(generator) = source else { return None };
    let length = generator.record_bytes / TOKEN_BYTES;
    if generator.module.id != chunk::content(generator::MODULE) || length < 2 {
        return None;
    }
    let entropies = cairn_text::entropies(length as usize);
    // The first token is foretold by nobody.
    let sum: f64 = entropies.iter().skip(1).sum();
    Some((sum / f64::from(length - 1) * NAT).round() as u64)
}

/// How much of the way from the first loss to the floor is behind, in thousandths.
pub fn way(first: u64, last: u64, floor: u64) -> u64 {
    u64::from(quality(first, last, Some(floor)).unwrap_or(WHOLE) / 1_000)
}

/// The same as a bar.
pub fn gauge(thousandths: u64) -> String {
    let full = (thousandths.min(1_000) as usize * GAUGE) / 1_000;
    format!("{}{}", "█".repeat(full), "░".repeat(GAUGE - full))
}

/// Millionths of a nat as nats.
pub fn nats(millionths: u64) -> String {
    format!("{:.4}", millionths as f64 / NAT)
}

/// A gain in millionths of a logarithm as a percentage.
pub fn percent(gain: u64) -> String {
    format!("{:.2} %", gain as f64 / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{
        id::{ContentId, File},
        learning::source::Generator,
    };

    fn source(module: &[u8]) -> Source {
        let module = File { id: chunk::content(module), bytes: module.len() as u64 };
        Source::Generator(Generator { module, record_bytes: 1_024, fuel: 1, count: 1_000 })
    }

    #[test]
    fn floor_should_be_known_of_the_demos_text_alone() {
        let known = floor(&source(generator::MODULE)).unwrap();
        // Less than a byte drawn evenly, and more than one that is certain.
        assert!((100_000..5_545_177).contains(&known), "{known}");
        assert_eq!(floor(&source(b"another")), None);
        let file = File { id: ContentId([1; 32]), bytes: 1 << 20 };
        let records = cairn_protocol::spec::Records { file, record_bytes: 1_024 };
        assert_eq!(floor(&Source::Records(records)), None);
    }

    #[test]
    fn way_should_be_what_was_fallen_of_what_can_be() {
        assert_eq!(way(3_000, 2_000, 1_000), 500);
        assert_eq!(way(3_000, 900, 1_000), 1_000);
        assert_eq!(way(3_000, 3_100, 1_000), 0);
        assert_eq!(way(1_000, 1_000, 1_000), 1_000);
        assert_eq!(gauge(500).matches('█').count(), 12);
        assert_eq!(gauge(0).chars().count(), 24);
    }

    #[test]
    fn losses_should_be_of_tokens_that_are_foretold() {
        assert_eq!(a_token(255 * 7, &source(b"any")), 7);
        assert_eq!((nats(2_103_400), percent(18_700)), ("2.1034".into(), "1.87 %".into()));
    }
}
