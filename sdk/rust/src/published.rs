//! Models that are published, as `cairn-engine publish --json` describes them.

use cairn_protocol::{
    dag::Component,
    id::{ContentId, File},
    learning::model::{Access, ModelCard},
    share::Ppm,
};
use serde_json::Value;
use thiserror::Error;

/// A model whose files others can fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Published {
    /// What describes it.
    pub bundle: File,
    pub configuration: ContentId,
    pub tokenizer: Option<ContentId>,
    /// The program that comes to losses.
    pub judge: ContentId,
    /// Its components, in the order of their names.
    pub components: Vec<(Component, File)>,
}

/// Why a description describes no model.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Undescribed {
    #[error("it is no JSON: {0}; have it written by cairn-engine publish --json")]
    Json(String),
    #[error(
        "it has no {0}, or not as it should be; have it written by cairn-engine publish --json"
    )]
    Field(&'static str),
}

impl Published {
    /// Reads what the engine said.
    pub fn read(text: &str) -> Result<Self, Undescribed> {
        let said =
            serde_json::from_str(text).map_err(|error| Undescribed::Json(error.to_string()))?;
        Self::of(&said)
    }

    /// The same, of JSON that is read already.
    pub fn of(said: &Value) -> Result<Self, Undescribed> {
        let content = |name| id(&said[name]).ok_or(Undescribed::Field(name));
        let tokenizer = match &said["tokenizer"] {
            Value::Null => None,
            _ => Some(content("tokenizer")?),
        };
        let none = || Undescribed::Field("components");
        let parts = said["components"].as_object().filter(|parts| !parts.is_empty());
        let part = |(name, held): (&String, &Value)| {
            Some((Component::try_from(name.clone().into_bytes()).ok()?, file(held)?))
        };
        let parts: Option<Vec<_>> = parts.ok_or_else(none)?.iter().map(part).collect();
        let mut components = parts.ok_or_else(none)?;
        components.sort();
        Ok(Self {
            bundle: file(said).ok_or(Undescribed::Field("id and bytes"))?,
            configuration: content("configuration")?,
            tokenizer,
            judge: content("judge")?,
            components,
        })
    }

    /// What the chain is told of it; none where it has more components than there may be.
    pub fn card(&self, licence: &str, royalty: Ppm, access: Access) -> Option<ModelCard> {
        let components: Vec<_> = self.components.iter().map(|(name, _)| name.clone()).collect();
        Some(ModelCard {
            configuration: self.configuration,
            tokenizer: self.tokenizer,
            judge: self.judge,
            components: components.try_into().ok()?,
            royalty,
            price_hint: 0,
            licence: licence.as_bytes().to_vec().try_into().ok()?,
            access,
        })
    }
}

fn id(said: &Value) -> Option<ContentId> {
    let text = said.as_str()?.as_bytes();
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let mut id = [0; 32];
    for (byte, pair) in id.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(ContentId(id))
}

fn file(said: &Value) -> Option<File> {
    Some(File { id: id(&said["id"])?, bytes: said["bytes"].as_u64()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said() -> Value {
        json!({
            "id": "ab".repeat(32), "bytes": 900, "store": "archive",
            "configuration": "cd".repeat(32), "tokenizer": null, "judge": "ef".repeat(32),
            "components": { "trunk": { "id": "01".repeat(32), "bytes": 5 } },
        })
    }

    #[test]
    fn published_should_be_what_the_engine_said() {
        let published = Published::read(&said().to_string()).expect("it is described");
        assert_eq!(published.bundle, File { id: ContentId([0xab; 32]), bytes: 900 });
        let card = published.card("MIT", 0, Access::Open).expect("it is small");
        assert_eq!(card.check(), Ok(()));
        assert_eq!(
            (card.configuration, card.judge),
            (ContentId([0xcd; 32]), ContentId([0xef; 32]))
        );
        assert_eq!(card.components[0].as_slice(), b"trunk");
    }

    #[test]
    fn published_should_name_what_is_missing() {
        for name in ["configuration", "judge", "components"] {
            let mut said = said();
            said[name] = Value::Null;
            assert_eq!(Published::of(&said), Err(Undescribed::Field(name)));
        }
        let short = json!({ "id": "ab", "bytes": 900, "configuration": "cd".repeat(32),
            "judge": "ef".repeat(32), "components": said()["components"] });
        assert_eq!(Published::of(&short), Err(Undescribed::Field("id and bytes")));
        assert!(matches!(Published::read("no"), Err(Undescribed::Json(_))));
    }
}
