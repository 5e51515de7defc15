# shellcheck shell=bash
# A Rust toolchain for the runtime out of Debian's packages, for machines that
# reach package registries but not rustup's servers. Sourced by scripts/setup,
# whose functions and variables it uses.
#
#   bin/rustc, bin/rustdoc   Debian's, told that this directory is the sysroot
#   bin/cargo, ...           links to Debian's
#   lib/rustlib/HOST         links to Debian's, and LLVM's linker as rust-lld
#   lib/rustlib/wasm32v1-none  core and alloc, compiled here: Debian has none
#   ready                    what it was made from; written last
#
# Nothing is written under /usr. Debian's compiler may be newer than the pinned
# one: good for building and testing, but a runtime to be released comes from the
# pinned toolchain, or nobody can reproduce its bytes.

# shellcheck disable=SC2154 # root, channel and rustup_home are scripts/setup's

debian_toolchain=${XDG_DATA_HOME:-$HOME/.local/share}/cairn/toolchain

# Raise it when the layout above changes: older directories are then made anew.
debian_toolchain_layout=2

# Identifies what the directory is made from: after an upgrade of Debian's
# compiler, the compiled core no longer fits it.
debian_toolchain_origin() {
    echo "layout: $debian_toolchain_layout"
    /usr/bin/rustc -vV
}

debian_toolchain_is_ready() {
    [ -e "$debian_toolchain/ready" ] && [ -x /usr/bin/rustc ] &&
        [ "$(cat "$debian_toolchain/ready")" = "$(debian_toolchain_origin)" ]
}

make_debian_toolchain() {
    local packages=(rustc-web cargo-web rust-web-src rust-web-clippy)
    local rustfmt
    rustfmt=$(compgen -G "$rustup_home/toolchains/$channel-*/bin/rustfmt" | head -n 1 || true)
    if [ -z "$rustfmt" ]; then
        packages+=(rustfmt-web)
        rustfmt=/usr/bin/rustfmt
    fi
    install_absent "${packages[@]}"

    local release host llvm
    release=$(/usr/bin/rustc -vV | sed -n 's/^release: //p')
    host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
    llvm=$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
    at_least "$release" "$channel" ||
        fail "Debian's Rust is $release, Cairn needs $channel" \
            "install rustup and run scripts/setup again"
    install_absent "lld-$llvm"

    rm -rf "$debian_toolchain"
    local rustlib=$debian_toolchain/lib/rustlib
    mkdir -p "$debian_toolchain/bin" "$rustlib/$host/bin" "$rustlib/wasm32v1-none/lib"

    # rustc finds its sysroot from where its library lies, past any link to the
    # program, so it has to be told; a caller's own --sysroot goes first.
    local program
    for program in rustc rustdoc; do
        cat >"$debian_toolchain/bin/$program" <<EOF
#!/bin/sh
for argument in "\$@"; do
    case \$argument in --sysroot | --sysroot=*) exec /usr/bin/$program "\$@" ;; esac
done
exec /usr/bin/$program --sysroot "$debian_toolchain" "\$@"
EOF
        chmod +x "$debian_toolchain/bin/$program"
    done
    # cargo-clippy calls the driver that lies beside itself, past any link too, and
    # the driver takes the sysroot from here.
    cp /usr/bin/cargo-clippy "$debian_toolchain/bin/cargo-clippy"
    cat >"$debian_toolchain/bin/clippy-driver" <<EOF
#!/bin/sh
export SYSROOT="\${SYSROOT:-$debian_toolchain}"
exec /usr/bin/clippy-driver "\$@"
EOF
    chmod +x "$debian_toolchain/bin/clippy-driver"
    ln -s /usr/bin/cargo "$debian_toolchain/bin/cargo"
    ln -s "$rustfmt" "$debian_toolchain/bin/rustfmt"
    ln -s "$(dirname "$rustfmt")/cargo-fmt" "$debian_toolchain/bin/cargo-fmt"
    ln -s "/usr/lib/rustlib/$host/lib" "$rustlib/$host/lib"
    ln -s /usr/lib/rustlib/src "$rustlib/src"
    # rustc looks for its linker here before it looks along the PATH.
    ln -s "/usr/lib/llvm-$llvm/bin/lld" "$rustlib/$host/bin/rust-lld"

    compile_core "$rustlib/wasm32v1-none/lib"
    debian_toolchain_origin >"$debian_toolchain/ready"
}

# Compiles core and alloc for the runtime's target into the directory $1.
compile_core() {
    local work crate
    work=$(mktemp -d)
    mkdir "$work/src"
    echo '#![no_std]' >"$work/src/lib.rs"
    cat >"$work/Cargo.toml" <<'EOF'
[package]
name = "sysroot"
version = "0.0.0"
edition = "2021"

[workspace]
EOF
    # Bitcode, because the runtime is linked with LTO, core included. The
    # bootstrap variable is what lets a stable compiler compile its own core.
    if ! (
        cd "$work" &&
            env -u RUSTUP_TOOLCHAIN -u RUSTC -u RUSTC_WRAPPER -u RUSTC_WORKSPACE_WRAPPER \
                -u CARGO_ENCODED_RUSTFLAGS RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
                PATH="$debian_toolchain/bin:$PATH" CARGO_TARGET_DIR="$work/target" \
                "$debian_toolchain/bin/cargo" build --release -Zbuild-std=core,alloc \
                --target wasm32v1-none >"$work/log" 2>&1
    ); then
        cat "$work/log" >&2
        rm -rf "$work"
        fail "compiling core for wasm32v1-none failed, as shown above" \
            "if crates could not be downloaded, run scripts/setup again;" \
            "else install rustup and a toolchain with that target"
    fi
    for crate in core alloc compiler_builtins; do
        cp "$work"/target/wasm32v1-none/release/deps/lib"$crate"-*.rlib "$1"
    done
    rm -rf "$work"
}

# Makes cargo use it in this checkout.
use_debian_toolchain() {
    have rustup || return 0
    if [ "$(readlink "$rustup_home/toolchains/cairn" || true)" != "$debian_toolchain" ]; then
        quietly rustup toolchain link cairn "$debian_toolchain"
    fi
    checkout_is_overridden || quietly rustup override set cairn --path "$root"
}

# Undoes that, for when rustup's own toolchain can do the work.
leave_debian_toolchain() {
    [ -L "$rustup_home/toolchains/cairn" ] && checkout_is_overridden || return 0
    quietly rustup override unset --path "$root"
}

checkout_is_overridden() {
    rustup override list 2>/dev/null | awk -v root="$root" '
        substr($0, 1, length(root)) == root && substr($0, length(root) + 1) ~ /^[[:space:]]+cairn[[:space:]]*$/ { found = 1 }
        END { exit !found }
    '
}
