//! Amounts as people write them: CRN, with up to twelve decimals.

use cairn_protocol::id::Amount;

/// A CRN, in the smallest unit.
pub const CRN: Amount = 1_000_000_000_000;
const DECIMALS: usize = 12;

/// Reads an amount of CRN, exactly.
pub fn parse(text: &str) -> Result<Amount, String> {
    let bad = |why: &str| format!("{why}; write an amount of CRN as in 12 or 0.25");
    let (whole, part) = match text.split_once('.') {
        None => (text, ""),
        Some((_, "")) => return Err(bad("nothing stands after the point")),
        Some(parts) => parts,
    };
    if whole.is_empty() {
        return Err(bad("nothing stands before the point"));
    }
    if !whole.bytes().chain(part.bytes()).all(|digit| digit.is_ascii_digit()) {
        return Err(bad("an amount is made of digits and one point"));
    }
    if part.len() > DECIMALS {
        return Err(bad("there are more than 12 decimals"));
    }
    // All digits are there, so that what is left to fail is that there are too many.
    format!("{whole}{part:0<DECIMALS$}").parse().map_err(|_| bad("that is more than there can be"))
}

/// An amount as people read it, exactly.
pub fn crn(amount: Amount) -> String {
    let (whole, part) = (amount / CRN, amount % CRN);
    let part = format!("{part:0DECIMALS$}");
    match part.trim_end_matches('0') {
        "" => format!("{whole} CRN"),
        part => format!("{whole}.{part} CRN"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parse_should_be_exact_when_it_is_an_amount() {
        let cases = [
            ("0", 0),
            ("1", CRN),
            ("007", 7 * CRN),
            ("0.25", CRN / 4),
            ("0.000000000001", 1),
            ("340282366920938463463374607.431768211455", Amount::MAX),
        ];
        for (text, amount) in cases {
            assert_eq!(parse(text), Ok(amount), "{text}");
        }
    }

    #[test]
    fn parse_should_say_what_is_wrong_when_it_is_no_amount() {
        let cases = [
            ("", "before the point"),
            (".5", "before the point"),
            ("1.", "after the point"),
            ("1.2.3", "digits"),
            ("-1", "digits"),
            ("+1", "digits"),
            ("1e3", "digits"),
            ("1,5", "digits"),
            ("1_000", "digits"),
            (" 1", "digits"),
            ("1 CRN", "digits"),
            ("٣", "digits"),
            ("0.0000000000001", "12 decimals"),
            ("340282366920938463463374607.431768211456", "more than there can be"),
            ("99999999999999999999999999999999999999999999", "more than there can be"),
        ];
        for (text, why) in cases {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }

    #[test]
    fn crn_should_leave_out_what_says_nothing() {
        let cases = [
            (0, "0 CRN"),
            (1, "0.000000000001 CRN"),
            (10 * CRN, "10 CRN"),
            (CRN + CRN / 10, "1.1 CRN"),
        ];
        for (amount, text) in cases {
            assert_eq!(crn(amount), text);
        }
    }

    proptest! {
        #[test]
        fn parse_should_read_what_crn_writes(amount: Amount) {
            let text = crn(amount);
            prop_assert_eq!(parse(text.trim_end_matches(" CRN")), Ok(amount));
        }
    }
}
