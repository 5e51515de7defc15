//! A call as it is kept on disk: it may have to be signed again by a process that did not make it.

use codec::{Decode, Encode};
use subxt::{
    ext::scale_encode::{EncodeAsFields, Error, FieldIter, TypeResolver},
    tx::{Payload, ValidationDetails},
};

use crate::{config::At, Result};

/// The numbers of the pallet and of the call, which the chain's metadata gives anew.
const INDEX_BYTES: usize = 2;

#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub(crate) struct Replay {
    pallet: String,
    call: String,
    fields: Fields,
    /// Of the call's form when it was made: were the runtime's another one by now, the bytes would
    /// say something else.
    form: Option<[u8; 32]>,
}

/// Bytes that are encoded already.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub(crate) struct Fields(Vec<u8>);

impl Replay {
    #[cfg(test)]
    pub(crate) fn new(pallet: &str, call: &str, fields: Vec<u8>, form: Option<[u8; 32]>) -> Self {
        Self { pallet: pallet.into(), call: call.into(), fields: Fields(fields), form }
    }

    pub(crate) fn of(at: &At, call: &impl Payload) -> Result<Self> {
        let transactions = at.tx();
        transactions.validate(call)?;
        let bytes = transactions.call_data(call)?;
        Ok(Self {
            pallet: call.pallet_name().into(),
            call: call.call_name().into(),
            fields: Fields(bytes.into_iter().skip(INDEX_BYTES).collect()),
            form: call.validation_details().map(|details| details.hash),
        })
    }
}

impl Payload for Replay {
    type CallData = Fields;

    fn pallet_name(&self) -> &str {
        &self.pallet
    }

    fn call_name(&self) -> &str {
        &self.call
    }

    fn call_data(&self) -> &Fields {
        &self.fields
    }

    fn validation_details(&self) -> Option<ValidationDetails<'_>> {
        let (pallet_name, call_name) = (self.pallet_name(), self.call_name());
        self.form.map(|hash| ValidationDetails { pallet_name, call_name, hash })
    }
}

impl EncodeAsFields for Fields {
    fn encode_as_fields_to<R: TypeResolver>(
        &self,
        _fields: &mut dyn FieldIter<'_, R::TypeId>,
        _types: &R,
        out: &mut Vec<u8>,
    ) -> std::result::Result<(), Error> {
        out.extend_from_slice(&self.0);
        Ok(())
    }
}
