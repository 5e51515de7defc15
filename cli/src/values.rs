//! What arguments say, read and written.

use crate::amount;
use cairn_protocol::{
    dag::{Component, SemVer, COMPONENT_BYTES},
    id::{BlockId, ContentId, Digest, Region},
    job::JobKind,
    learning::source::Purpose,
    profile::{Availability, DeviceClass, Offer, Role},
};
use cairn_sdk::{governance::Track, AccountId32, Signer};
use std::fmt::Debug;

type Read<T> = Result<T, String>;

/// 32 bytes in hexadecimal, with or without 0x before them.
pub fn digest(text: &str) -> Read<Digest> {
    let mut bytes = [0; 32];
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, &mut bytes)
        .map_err(|_| "this is not 64 hexadecimal digits".to_owned())?;
    Ok(bytes)
}

/// Any number of bytes in hexadecimal, with or without 0x before them.
pub fn bytes(text: &str) -> Read<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map_err(|_| format!("{text:?} is no even number of hexadecimal digits"))
}

pub fn model(text: &str) -> Read<BlockId> {
    digest(text).map(BlockId)
}

/// A model as it is asked for: by its id, or by a name that this machine has for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Which {
    Id(BlockId),
    Name(String),
}

/// An id in hexadecimal, or a name.
pub fn which(text: &str) -> Read<Which> {
    match digest(text) {
        Ok(id) => Ok(Which::Id(BlockId(id))),
        Err(_) => model_name(text).map(Which::Name),
    }
}

/// What a model may be called on this machine: something that is a file's name everywhere.
pub fn model_name(text: &str) -> Read<String> {
    const MOST: usize = 40;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    match begins && text.len() <= MOST && text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "{text:?} is neither 64 hexadecimal digits nor a name: up to {MOST} letters, digits, \
             '.', '_' and '-', beginning with a letter or digit"
        )),
    }
}

pub fn component(text: &str) -> Read<Component> {
    let component = Component::try_from(text.as_bytes().to_vec()).ok();
    component
        .filter(|name| !name.is_empty())
        .ok_or_else(|| format!("a component's name has 1 to {COMPONENT_BYTES} bytes"))
}

pub fn purpose(text: &str) -> Read<Purpose> {
    named(&[Purpose::Training, Purpose::Validation, Purpose::Sealed], text)
}

pub fn content(text: &str) -> Read<ContentId> {
    digest(text).map(ContentId)
}

/// An address, 0x and the account's bytes, or a development key such as `//Alice`.
pub fn account(text: &str) -> Read<AccountId32> {
    if text.starts_with("//") {
        let signer = Signer::from_suri(text).map_err(|error| error.to_string())?;
        return Ok(signer.account());
    }
    cairn_sdk::account(text).map_err(|error| error.to_string())
}

/// A kind of job and what a unit of it costs, as `infer=0.000001`.
pub fn offer(text: &str) -> Read<Offer> {
    let (kind, price) = text.split_once('=').ok_or("write KIND=AMOUNT, as in infer=0.000001")?;
    Ok(Offer { kind: self::kind(kind)?, price: amount::parse(price)? })
}

pub fn kind(text: &str) -> Read<JobKind> {
    named(&JobKind::ALL, text)
}

pub fn availability(text: &str) -> Read<Availability> {
    named(&[Availability::Available, Availability::Draining, Availability::Paused], text)
}

pub fn track(text: &str) -> Read<Track> {
    named(&Track::ALL, text)
}

/// A number with up to six decimals, in millionths.
pub fn millionths(text: &str) -> Read<u64> {
    const DECIMALS: usize = 6;
    let words = || "write a number with up to six decimals, as in 2.5".to_owned();
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > DECIMALS {
        return Err(words());
    }
    format!("{whole}{part:0<DECIMALS$}").parse().map_err(|_| words())
}

/// A rate of learning, in millionths.
pub fn rate(text: &str) -> Read<u32> {
    let rate = millionths(text)?;
    u32::try_from(rate).map_err(|_| format!("{text} is more than any rate of learning"))
}

pub fn role(text: &str) -> Read<Role> {
    named(&Role::ALL, text)
}

pub fn class(text: &str) -> Read<DeviceClass> {
    named(&DeviceClass::ALL, text)
}

/// Major, minor, patch.
pub fn release(text: &str) -> Read<SemVer> {
    let numbers: Option<Vec<u16>> = text.split('.').map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some([major, minor, patch]) => Ok(SemVer { major: *major, minor: *minor, patch: *patch }),
        _ => Err("write a release as three numbers, as in 1.0.0".into()),
    }
}

/// The area in the high byte and the place in the low one, as `0x0101` or in decimals.
pub fn region(text: &str) -> Read<Region> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map(Region).map_err(|_| "write a region as 0x0101, area before place".into())
}

/// One of those that there are, by the name that [`name`] gives it.
fn named<T: Copy + Debug>(all: &[T], text: &str) -> Read<T> {
    all.iter().find(|one| name(one) == text).copied().ok_or_else(|| {
        let names: Vec<String> = all.iter().map(name).collect();
        format!("{text:?} is none of {}", names.join(", "))
    })
}

/// What something is called on a command line: `SmallGpu` is `small-gpu`.
pub fn name(one: &impl Debug) -> String {
    spelled(one, '-')
}

/// The same in words: `NobodyFound` is `nobody found`.
pub fn words(one: &impl Debug) -> String {
    spelled(one, ' ')
}

fn spelled(one: &impl Debug, between: char) -> String {
    let mut spelled = String::new();
    let mut before = None;
    for letter in format!("{one:?}").chars() {
        if letter.is_ascii_uppercase() && before.is_some_and(char::is_alphanumeric) {
            spelled.push(between);
        }
        spelled.push(letter.to_ascii_lowercase());
        before = Some(letter);
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_should_be_read_by_the_names_they_are_written_with() {
        for kind in JobKind::ALL {
            let read = offer(&format!("{}=0.5", name(&kind))).unwrap();
            assert_eq!(read, Offer { kind, price: amount::CRN / 2 });
        }
        for class in DeviceClass::ALL {
            assert_eq!(super::class(&name(&class)), Ok(class));
        }
        for role in Role::ALL {
            assert_eq!(super::role(&name(&role)), Ok(role));
        }
        for track in Track::ALL {
            assert_eq!(super::track(&name(&track)), Ok(track));
        }
        assert_eq!(name(&DeviceClass::SmallGpu), "small-gpu");
    }

    #[test]
    fn values_should_be_refused_in_words_when_they_are_none() {
        let refused = [
            (offer("infer").map(drop), "KIND=AMOUNT"),
            (offer("think=1").map(drop), "none of infer, embed"),
            (offer("infer=-1").map(drop), "digits"),
            (model("ab").map(drop), "64 hexadecimal"),
            (model(&"xy".repeat(32)).map(drop), "64 hexadecimal"),
            (account("Alice").map(drop), "address"),
            (release("1.0").map(drop), "three numbers"),
            (release("1.0.70000").map(drop), "three numbers"),
            (region("0x10000").map(drop), "0x0101"),
            (class("gpu-of-a-friend").map(drop), "small-gpu"),
            (millionths("2.").map(drop), "as in 2.5"),
            (millionths(".5").map(drop), "as in 2.5"),
            (millionths("-1").map(drop), "as in 2.5"),
            (millionths("1e3").map(drop), "as in 2.5"),
            (millionths("0.0000001").map(drop), "six decimals"),
            (millionths("99999999999999999999").map(drop), "six decimals"),
            (rate("5000").map(drop), "more than any rate"),
            (kind("think").map(drop), "none of infer"),
            (availability("away").map(drop), "draining"),
            (track("king").map(drop), "emergency-stop"),
            (bytes("0xabc").map(drop), "hexadecimal"),
            (which("../demo").map(drop), "nor a name"),
            (which("").map(drop), "nor a name"),
            (which(&"a".repeat(41)).map(drop), "nor a name"),
            (component("").map(drop), "1 to 64"),
            (component(&"a".repeat(65)).map(drop), "1 to 64"),
            (purpose("fun").map(drop), "none of training, validation, sealed"),
        ];
        for (read, why) in refused {
            let said = read.unwrap_err();
            assert!(said.contains(why), "{said} should mention {why}");
        }
    }

    #[test]
    fn values_should_be_read_when_they_are_some() {
        let id = "ab".repeat(32);
        assert_eq!(model(&format!("0x{id}")), Ok(BlockId([0xab; 32])));
        assert_eq!(which(&id), Ok(Which::Id(BlockId([0xab; 32]))));
        assert_eq!(which("demo"), Ok(Which::Name("demo".into())));
        assert_eq!(component("layers.0").unwrap().as_slice(), b"layers.0");
        assert_eq!(purpose("validation"), Ok(Purpose::Validation));
        assert_eq!(release("1.2.3"), Ok(SemVer { major: 1, minor: 2, patch: 3 }));
        assert_eq!(region("0x0102"), Ok(Region(0x0102)));
        assert_eq!(region("258"), Ok(Region(0x0102)));
        assert_eq!(millionths("2.5"), Ok(2_500_000));
        assert_eq!(millionths("0.000001"), Ok(1));
        assert_eq!(millionths("7"), Ok(7_000_000));
        assert_eq!(rate("0.004"), Ok(4_000));
        assert_eq!(account("//Alice"), Ok(Signer::dev("Alice").unwrap().account()));
    }

    #[test]
    fn words_should_be_told_apart_where_a_name_has_several() {
        assert_eq!(words(&Some(JobKind::Infer)), "some(infer)");
        assert_eq!(words(&cairn_protocol::lifecycle::Stage::AwaitingKeys), "awaiting keys");
    }
}
