# shellcheck shell=bash
# The build tools beside cargo and npm: which versions, how they are installed, how they come on PATH.
# Sourced after lib.sh.

# The newest whose locked dependencies build with the compiler that rust-toolchain.toml names.
CARGO_LEPTOS=0.3.10
CARGO_DENY=0.20.2

# wasm-bindgen's program and library must be of one version: Cargo.lock says which.
wasm_bindgen_version() {
    awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock
}

# cargo_tool CRATE VERSION PROGRAM: builds a tool into its own folder, once per user. OPT_LEVEL=1 for one that works long.
cargo_tool() {
    local crate=$1 version=$2 program=$3
    local home=$TOOLS/$crate-$version
    if [[ -x $home/bin/$program ]]; then return; fi
    # One build at a time: a second clone waits, then finds the tool.
    exec 9>"$TOOLS/lock"
    if command -v flock >/dev/null; then flock 9; fi
    if [[ -x $home/bin/$program ]]; then return; fi
    # The target folder is kept until the build succeeds, so that a broken off build goes on.
    # Little optimization: these run for seconds, but would be built for minutes.
    # The second try is for a registry copy that lags behind the tool's lock file.
    (
        export CARGO_TARGET_DIR=$TOOLS/build/$crate-$version RUSTFLAGS=''
        export CARGO_PROFILE_RELEASE_OPT_LEVEL=${OPT_LEVEL:-0} CARGO_PROFILE_RELEASE_LTO=off
        export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 CARGO_PROFILE_RELEASE_DEBUG=0
        export CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback
        cargo install "$crate" --version "$version" --root "$home" --locked ||
            cargo install "$crate" --version "$version" --root "$home"
    )
    rm -rf "$TOOLS/build/$crate-$version"
    exec 9>&-
}

# tools_on_path: cargo-leptos takes `wasm-bindgen`, `tailwindcss` and `wasm-opt` from PATH, or else downloads them itself.
tools_on_path() {
    local tool
    for tool in "cargo-leptos-$CARGO_LEPTOS" "cargo-deny-$CARGO_DENY" "wasm-bindgen-cli-$(wasm_bindgen_version)"; do
        PATH=$TOOLS/$tool/bin:$PATH
    done
    export PATH=$ROOT/style/node_modules/.bin:$PATH
}
