//! Modules that make records: of a seed and an index, by integers alone.
//!
//! Every record is made by an instance of its own, so that it depends on nothing but its seed and
//! its index, whichever were made before.

use super::{
    config,
    host::{Host, Stop},
    linked, INTEGERS,
};
use crate::{fault, input::Bytes};
use cairn_engine::judge::{Maker, Ready, Unmade};
use cairn_order::Fault;
use cairn_protocol::{
    failure::Failure,
    id::{ContentId, Seed},
    learning::source::Generator,
};
use std::cell::RefCell;
use wasmtime::{Engine, Error, InstancePre, Store, Trap};

/// The function of a module that makes a record.
const EXPORT: &str = "record";
/// Pages of 64 KiB that it may have.
const PAGES: u32 = 256;
/// Bytes of a module, so that it is soon compiled.
const MODULE_BYTES: usize = 1 << 20;

/// Compiles such modules, and keeps the last one.
pub(crate) struct Modules {
    engine: Engine,
    last: RefCell<Option<(ContentId, InstancePre<Host>)>>,
}

impl Modules {
    pub(crate) fn new() -> Result<Self, Fault> {
        let engine = Engine::new(&config()).map_err(fault::internal)?;
        Ok(Self { engine, last: RefCell::default() })
    }

    fn linked(&self, id: ContentId, module: &[u8]) -> Result<InstancePre<Host>, Unmade> {
        if let Some((_, ready)) = self.last.borrow().as_ref().filter(|(last, _)| *last == id) {
            return Ok(ready.clone());
        }
        if module.len() > MODULE_BYTES {
            return Err(Unmade::Module(format!("it has more than {MODULE_BYTES} bytes")));
        }
        let ready =
            linked(&self.engine, module, INTEGERS).map_err(|fault| match fault.failure {
                Failure::Internal => Unmade::Machine(fault.to_string()),
                _ => Unmade::Module(fault.to_string()),
            })?;
        *self.last.borrow_mut() = Some((id, ready.clone()));
        Ok(ready)
    }
}

impl Maker for Modules {
    fn ready(
        &self,
        module: &[u8],
        generator: &Generator,
        seed: &Seed,
    ) -> Result<Ready<'_>, Unmade> {
        let (ready, fuel, seed) =
            (self.linked(generator.module.id, module)?, generator.fuel, *seed);
        Ok(Box::new(move |index| {
            let input = [&seed[..], &index.to_le_bytes()].concat();
            record(&ready, Host::new(Bytes::Inline(input), PAGES), fuel)
        }))
    }
}

fn record(ready: &InstancePre<Host>, host: Host, fuel: u64) -> Result<Vec<u8>, Unmade> {
    let mut store = Store::new(ready.module().engine(), host);
    store.limiter(|host| &mut host.room);
    store.set_fuel(fuel).map_err(|reason| Unmade::Machine(format!("{reason:#}")))?;
    match made(ready, &mut store) {
        Ok(()) => Ok(store.into_data().output),
        Err(reason) => Err(unmade(&reason, &store)),
    }
}

fn made(ready: &InstancePre<Host>, store: &mut Store<Host>) -> Result<(), Error> {
    let instance = ready.instantiate(&mut *store)?;
    let function =
        instance.get_typed_func::<(), ()>(&mut *store, EXPORT).map_err(|_| Stop::Mute)?;
    function.call(store, ())
}

/// What a module does itself it does everywhere. So does what goes too deep, but for machines whose
/// frames differ: who is asked for a record has to say something of it.
fn unmade(reason: &Error, store: &Store<Host>) -> Unmade {
    let words = format!("{reason:#}");
    let stopped = reason.downcast_ref::<Stop>();
    let own = match stopped {
        Some(stop) => *stop != Stop::Memory,
        None => reason.is::<Trap>() || store.data().room.refused,
    };
    if own {
        Unmade::Module(words)
    } else {
        Unmade::Machine(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_protocol::{chunk::content, id::File};

    const SEED: Seed = [9; 32];

    fn generator(module: &[u8], fuel: u64) -> Generator {
        let file = File { id: content(module), bytes: module.len() as u64 };
        Generator { module: file, record_bytes: 1_024, fuel, count: 1 << 20 }
    }

    #[test]
    fn record_should_be_the_text_when_the_module_is_the_demos() {
        let modules = Modules::new().unwrap();
        let module = cairn_text::generator::MODULE;
        let mut ready = modules
            .ready(module, &generator(module, cairn_text::generator::FUEL / 4), &SEED)
            .unwrap();
        for index in (0..200).chain([u64::MAX]).rev() {
            let mut text = [0; 256];
            cairn_text::record(&SEED, index, &mut text);
            let tokens = text.map(|byte| u32::from(byte).to_le_bytes());
            assert_eq!(ready(index).unwrap(), tokens.as_flattened(), "{index}");
        }
    }

    #[test]
    fn record_should_be_refused_as_the_modules_own_when_it_burns_too_much() {
        let modules = Modules::new().unwrap();
        let module = cairn_text::generator::MODULE;
        let mut ready = modules.ready(module, &generator(module, 100), &SEED).unwrap();
        assert!(matches!(ready(0), Err(Unmade::Module(words)) if words.contains("fuel")));
    }
}
