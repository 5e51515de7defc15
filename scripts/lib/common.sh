# shellcheck shell=bash
# What every script needs: the repository root, messages, the build.

# shellcheck disable=SC2034 # for the scripts that source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

fail() {
    printf '%s: %s\n' "scripts/$(basename "$0")" "$1" >&2
    shift
    if [ $# -gt 0 ]; then printf '  %s\n' "$@" >&2; fi
    exit 1
}

# The whole workspace even where one binary is wanted: cargo unifies features
# over the packages it is asked for, so `-p` would compile much of the tree anew.
build() {
    echo "Building (the first time takes about 20 minutes on 2 cores, later ones seconds)."
    cargo build --release --locked --workspace
}
