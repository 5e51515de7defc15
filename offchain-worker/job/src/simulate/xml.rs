//! As much of XML as descriptions of robots need: elements and their attributes.

use super::check::MOST;
use xml::{
    attribute::OwnedAttribute,
    reader::{EventReader, XmlEvent},
};

/// How far elements stand in each other.
const DEPTH: usize = 32;

#[derive(Default)]
pub struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
}

/// The outermost element. Text beside elements is left out.
pub fn read(text: &str) -> Result<Element, String> {
    // Entities of its own could make a short text a very long one.
    if text.contains("<!DOCTYPE") {
        return Err("no document type".into());
    }
    let mut open = vec![Element::default()];
    for event in EventReader::new(text.as_bytes()) {
        match event.map_err(|error| error.to_string())? {
            XmlEvent::StartElement { name, attributes, .. } => {
                if open.len() > DEPTH {
                    return Err(format!("more than {DEPTH} elements in each other"));
                }
                let pair = |one: OwnedAttribute| (one.name.local_name, one.value);
                let attributes = attributes.into_iter().map(pair).collect();
                open.push(Element { name: name.local_name, attributes, children: Vec::new() });
            }
            XmlEvent::EndElement { .. } => {
                let closed = open.pop().unwrap_or_default();
                open.last_mut().ok_or("an end without a start")?.children.push(closed);
            }
            _ => {}
        }
    }
    let outermost = open.pop().unwrap_or_default();
    outermost.children.into_iter().next().ok_or_else(|| "nothing in it".into())
}

impl Element {
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> + 'a {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn one(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn first(&self) -> Option<&Self> {
        self.children.first()
    }

    pub fn text(&self, name: &str) -> Result<&str, String> {
        self.attribute(name).ok_or_else(|| format!("{}: it has no {name}", self.name))
    }

    /// None where there is no such attribute.
    pub fn numbers<const N: usize>(&self, name: &str) -> Result<Option<[f64; N]>, String> {
        let Some(text) = self.attribute(name) else { return Ok(None) };
        let read = |word: &str| word.parse().ok().filter(|one: &f64| one.abs() <= f64::from(MOST));
        let numbers: Option<Vec<f64>> = text.split_whitespace().map(read).collect();
        let numbers = numbers.and_then(|numbers| <[f64; N]>::try_from(numbers).ok());
        let element = &self.name;
        let words = || format!("{element}.{name}: {N} numbers from -{MOST} to {MOST}");
        numbers.map(Some).ok_or_else(words)
    }

    pub fn number(&self, name: &str) -> Result<f64, String> {
        let number = self.numbers::<1>(name)?.map(|[number]| number);
        number.ok_or_else(|| format!("{}: it has no {name}", self.name))
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
