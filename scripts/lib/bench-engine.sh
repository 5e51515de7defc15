# shellcheck shell=bash
# What the comparison of engines needs: a binary with engines of others, and packages of Python.
# Sourced after common.sh and env, by scripts/bench and by scripts/test --long. Nothing else builds
# or installs any of it.

bench_engine_target=$CARGO_TARGET_DIR/bench-engine
bench_engine=$bench_engine_target/release/cairn-bench-engine
bench_engine_venv=$bench_engine_target/venv

bench_engine_cargo() {
    local features=()
    # Compiled in only where it is there: what Burn and candle multiply with would ask for it.
    if grep -qw avx512f /proc/cpuinfo; then features=(--features x86-v4); fi
    (cd "$root/benches/engine" && cargo "$1" --release --locked \
        --target-dir "$bench_engine_target" ${features[@]+"${features[@]}"})
}

build_bench_engine() {
    if [ ! -e "$bench_engine" ]; then
        echo "Building engines for the first time: about 10 minutes on 2 cores."
    fi
    bench_engine_cargo build
}

test_bench_engine() { bench_engine_cargo test; }

run_bench_engine() {
    # Compiled by PyTorch, once for all runs.
    TORCHINDUCTOR_CACHE_DIR=$bench_engine_target/inductor "$bench_engine" \
        --python "$bench_engine_venv/bin/python" --peers "$root/benches/engine/peers.py" "$@"
}

# Without them the comparison goes on, and says who is missing.
install_bench_peers() {
    local wanted ready=$bench_engine_venv/ready folder=$root/benches/engine
    wanted=$(cat "$folder/requirements.txt" "$folder/stand_ins.py" | sha256sum)
    if [ -e "$ready" ] && [ "$(cat "$ready")" = "$wanted" ]; then return; fi
    echo "Installing PyTorch and onnxruntime for the comparison of engines alone: 700 MB to download."
    if ! make_bench_venv; then
        echo "PyTorch and onnxruntime cannot be installed; they will be missing below." >&2
        rm -rf "$bench_engine_venv"
        return
    fi
    printf '%s\n' "$wanted" >"$ready"
}

# A list of && alone: in a condition a shell does not stop at errors by itself.
make_bench_venv() {
    rm -rf "$bench_engine_venv" &&
        python3 -m venv "$bench_engine_venv" &&
        "$bench_engine_venv/bin/pip" install --quiet --no-deps \
            -r "$root/benches/engine/requirements.txt" &&
        "$bench_engine_venv/bin/python" "$root/benches/engine/stand_ins.py" \
            "$(echo "$bench_engine_venv"/lib/python3*/site-packages/torch)"
}
