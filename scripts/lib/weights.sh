# shellcheck shell=bash
# What the generator of weights needs: a runtime that carries its benchmarks, and a
# cairn-bench that can run them. Sourced after common.sh and env.

# In a directory of its own: no other build has these features, and each would
# throw the other's work away.
weights_target=$CARGO_TARGET_DIR/weights
# shellcheck disable=SC2034 # for the scripts that source this
weights_runtime=$weights_target/wasm32v1-none/release/cairn_runtime.wasm

build_weights() {
    echo "Building the runtime with its benchmarks: some 10 minutes the first time."
    # As substrate-wasm-builder does it, without the native runtime beside it.
    (cd "$root" && RUSTFLAGS="-C link-arg=--export-table --cfg substrate_runtime" \
        cargo rustc --release --locked -p cairn-runtime --target wasm32v1-none \
        --target-dir "$weights_target" \
        --no-default-features --features runtime-benchmarks --crate-type cdylib \
        --config 'profile.release.lto="thin"' --config 'profile.release.panic="abort"')
    (cd "$root" && cargo build --release --locked --workspace --features cairn-bench/weights)
}
