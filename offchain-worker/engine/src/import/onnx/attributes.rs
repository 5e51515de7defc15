use super::error::{called, quoted, OnnxError};
use onnx_ir::{AttributeProto, AttributeType, NodeProto};

/// Attributes of a node, each removed once it is understood, so that what is left in the
/// end is what nobody looked at.
pub(super) struct Attributes<'a> {
    node: &'a NodeProto,
    left: Vec<&'a AttributeProto>,
}

impl<'a> Attributes<'a> {
    pub(super) fn of(node: &'a NodeProto) -> Self {
        Self { node, left: node.attribute.iter().collect() }
    }

    /// A finite number.
    pub(super) fn real(&mut self, name: &'static str, without: f32) -> Result<f32, OnnxError> {
        let supported = "a finite number";
        match self.given(name, AttributeType::FLOAT, supported)? {
            None => Ok(without),
            Some(attribute) if attribute.f.is_finite() => Ok(attribute.f),
            Some(attribute) => Err(self.refusal(name, attribute.f.to_string(), supported)),
        }
    }

    /// One of a few whole numbers, and what they are in words.
    pub(super) fn whole(
        &mut self,
        name: &'static str,
        without: i64,
        of: &[i64],
        supported: &'static str,
    ) -> Result<i64, OnnxError> {
        match self.given(name, AttributeType::INT, supported)? {
            None => Ok(without),
            Some(attribute) if of.contains(&attribute.i) => Ok(attribute.i),
            Some(attribute) => Err(self.refusal(name, attribute.i.to_string(), supported)),
        }
    }

    /// Refuses the attribute where it is anything but one text.
    pub(super) fn only(
        &mut self,
        name: &'static str,
        supported: &'static str,
    ) -> Result<(), OnnxError> {
        match self.given(name, AttributeType::STRING, supported)? {
            Some(attribute) if attribute.s != supported.as_bytes() => {
                let found = quoted(&String::from_utf8_lossy(&attribute.s));
                Err(self.refusal(name, found, supported))
            }
            _ => Ok(()),
        }
    }

    /// Says that an attribute is known to change nothing, where it is there.
    pub(super) fn skip(&mut self, name: &str) {
        self.left.retain(|attribute| attribute.name != name);
    }

    /// The attribute, where it is there, of this type.
    pub(super) fn given(
        &mut self,
        name: &'static str,
        kind: AttributeType,
        supported: &'static str,
    ) -> Result<Option<&'a AttributeProto>, OnnxError> {
        let Some(at) = self.left.iter().position(|attribute| attribute.name == name) else {
            return Ok(None);
        };
        let attribute = self.left.remove(at);
        if attribute.type_ == kind.into() && attribute.ref_attr_name.is_empty() {
            return Ok(Some(attribute));
        }
        let found = format!("a value of type {}", attribute.type_.value());
        Err(self.refusal(name, found, supported))
    }

    /// Refuses what is left, also a second attribute of a name.
    pub(super) fn finish(self) -> Result<(), OnnxError> {
        match self.left.first() {
            None => Ok(()),
            Some(attribute) => Err(OnnxError::UnknownAttribute {
                node: called(self.node),
                attribute: quoted(&attribute.name),
            }),
        }
    }

    fn refusal(
        &self,
        attribute: &'static str,
        found: String,
        supported: &'static str,
    ) -> OnnxError {
        OnnxError::Attribute { node: called(self.node), attribute, found, supported }
    }
}
