//! Users' modules, run by wasmtime.

mod host;
mod records;

pub(crate) use records::Modules;

use crate::{fault, input, product};
use cairn_order::{engines, Fault, Made, Order};
use cairn_protocol::{failure::Failure, id::EngineId, spec::WasmSpec};
use host::{Host, Stop};
use std::{fmt::Display, path::Path};
use wasmparser::{Validator, WasmFeatures};
use wasmtime::{Config, Engine, Error, ImportType, InstancePre, Linker, Module, Store, Trap};

/// Bytes of the stack that a module's functions call each other on.
const STACK: usize = 512 << 10;
/// Addresses that are kept free behind a memory, so that it is seldom moved when it grows.
const RESERVED: u64 = 1 << 30;
/// Fuel of a unit of work.
const UNIT: u64 = 1_000_000;
/// What modules may be made of. References to foreign objects would need a collector.
const FEATURES: WasmFeatures = WasmFeatures::WASM2.difference(WasmFeatures::GC_TYPES);
/// The same without a number that is none of integers.
const INTEGERS: WasmFeatures =
    FEATURES.difference(WasmFeatures::FLOATS).difference(WasmFeatures::SIMD);

pub(crate) fn engine() -> EngineId {
    engines::wasm()
}

pub(crate) fn run(spec: &WasmSpec, order: &Order, scratch: &Path) -> Result<Made, Fault> {
    let module = input::stored(order, &spec.module)?;
    let input = input::read(order)?;
    let engine = Engine::new(&config()).map_err(internal)?;
    let ready = linked(&engine, &module, FEATURES)?;
    // No more than is paid for.
    let fuel = spec.fuel.min(order.units.saturating_mul(UNIT));
    let mut store = Store::new(&engine, Host::new(input, spec.memory_pages));
    store.limiter(|host| &mut host.room);
    store.set_fuel(fuel).map_err(internal)?;
    call(&ready, &mut store, spec)?;
    let used = fuel.saturating_sub(store.get_fuel().map_err(internal)?);
    let output = store.into_data().output;
    let trace = *blake3::hash(&output).as_bytes();
    let product = product::of(output, order.inline, scratch)?;
    Ok(Made { product, units: used.div_ceil(UNIT), trace, fingerprint: None })
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .max_wasm_stack(STACK)
        .wasm_backtrace(false)
        // Threads that the job may not have.
        .parallel_compilation(false)
        // A file in memory, which a confined job may not make.
        .memory_init_cow(false)
        .memory_reservation(0)
        .memory_reservation_for_growth(RESERVED);
    config
}

/// A module that is made of nothing but these, and asks for nothing but what there is.
fn linked(
    engine: &Engine,
    module: &[u8],
    features: WasmFeatures,
) -> Result<InstancePre<Host>, Fault> {
    Validator::new_with_features(features).validate_all(module).map_err(|reason| {
        unsupported(format_args!("it is no module of WebAssembly 2.0 as run here: {reason}"))
    })?;
    let module = Module::new(engine, module).map_err(|reason| refused(&reason))?;
    let known = |import: &ImportType<'_>| {
        import.module() == host::MODULE && host::NAMES.contains(&import.name())
    };
    if let Some(import) = module.imports().find(|import| !known(import)) {
        let names = host::NAMES.join(", ");
        return Err(unsupported(format_args!(
            "the module imports '{}.{}'; there are {names} of '{}' alone",
            import.module(),
            import.name(),
            host::MODULE
        )));
    }
    let mut linker = Linker::new(engine);
    host::link(&mut linker).map_err(internal)?;
    linker.instantiate_pre(&module).map_err(|reason| refused(&reason))
}

fn call(ready: &InstancePre<Host>, store: &mut Store<Host>, spec: &WasmSpec) -> Result<(), Fault> {
    let name = spec.name().map_err(fault::malformed)?;
    // What is not the module's own doing is that its memory or its tables are too large.
    let instance = ready.instantiate(&mut *store);
    let instance = instance.map_err(|reason| ended(&reason, Failure::OutOfMemory))?;
    let function = instance.get_typed_func::<(), ()>(&mut *store, name).map_err(|_| {
        fault::malformed(format_args!(
            "the module exports no function '{name}' that takes and gives nothing; name one"
        ))
    })?;
    function.call(store, ()).map_err(|reason| ended(&reason, Failure::Internal))
}

/// Why a module did not come to its end, by itself or otherwise.
fn ended(error: &Error, otherwise: Failure) -> Fault {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return Fault::new(stop.failure(), stop);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Fault::new(
            Failure::OutOfFuel,
            format_args!("give it more fuel, and a unit of work for each {UNIT} of it"),
        ),
        Some(Trap::StackOverflow) => Fault::new(
            Failure::StackOverflow,
            format_args!("its functions call each other deeper than {STACK} bytes of stack"),
        ),
        Some(trap) => Fault::new(Failure::Trapped, trap),
        None => Fault::new(otherwise, format_args!("{error:#}")),
    }
}

fn unsupported(words: impl Display) -> Fault {
    Fault::new(Failure::UnsupportedOp, words)
}

fn refused(reason: &Error) -> Fault {
    unsupported(format_args!("{reason:#}"))
}

fn internal(reason: Error) -> Fault {
    fault::internal(format_args!("{reason:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_should_name_the_numbers_that_modules_run_with() {
        let numbers = [format!("stack-{STACK}"), format!("table-elements-{}", host::ELEMENTS)];
        for number in &numbers {
            assert!(engines::WASM_FLAGS.contains(&number.as_str()), "{number}");
        }
    }
}
