# shellcheck shell=bash
# What several scripts need: the repository root, messages, the build.

# shellcheck disable=SC2034 # for the scripts that source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

fail() {
    printf '%s: %s\n' "scripts/$(basename "$0")" "$1" >&2
    shift
    if [ $# -gt 0 ]; then printf '  %s\n' "$@" >&2; fi
    exit 1
}

have() { command -v "$1" >/dev/null; }

# A server that drops packets would otherwise hold a script for many minutes.
bounded() {
    local seconds=$1
    shift
    if have timeout; then timeout "$seconds" "$@"; else "$@"; fi
}

# A driver of a GPU, or one in software.
has_vulkan() {
    compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null ||
        compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null
}

# For simulations as WASM.
wasi_target=wasm32-wasip1
has_wasi() {
    compgen -G "$(rustc --print target-libdir --target "$wasi_target")/libstd-*.rlib" >/dev/null
}

# All but cairn-bench, which compiles most of the runtime once more.
programs=(cairn cairn-engine cairn-job cairn-job-dying cairn-job-waiting cairn-localnet cairn-node
    cairn-sandbox-trial cairn-worker cairn-worker-faulty)

# Further programs are asked for by --bin=NAME. The whole workspace even where one is wanted: cargo
# unifies features over the packages it is asked for, so `-p` would compile much of the tree anew.
build() {
    if [ ! -e "$CARGO_TARGET_DIR/release/cairn-node" ]; then
        echo "Building for the first time: about half an hour on 2 cores. Later builds take seconds."
    fi
    cargo build --release --locked --workspace "${programs[@]/#/--bin=}" "$@"
}
