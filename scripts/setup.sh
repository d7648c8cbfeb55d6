#!/usr/bin/env bash
# Brings everything that a build needs onto this machine, each thing once.
# Sourced by the other scripts, or run alone: scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. scripts/tools.sh
. scripts/wasm_target.sh

prerequisites() {
    need cc 'install a C compiler (Debian: apt-get install build-essential)'
    need cargo 'install Rust with rustup'
    need npm 'install Node 20 or newer with npm'
    local node
    node=$(node -p 'process.versions.node.split(".")[0]')
    ((node >= 20)) || fail "Node $node is too old: install Node 20 or newer with npm, then run the same command again."
}

step 'prerequisites' "$ONLINE" prerequisites
step 'Rust target wasm32' "$ONLINE" wasm_target
step "cargo-leptos $CARGO_LEPTOS" "$ONLINE" cargo_tool cargo-leptos "$CARGO_LEPTOS" cargo-leptos
step "wasm-bindgen $(wasm_bindgen_version)" "$ONLINE" cargo_tool wasm-bindgen-cli "$(wasm_bindgen_version)" wasm-bindgen
step 'style tools (npm)' "$ONLINE" npm_ci style
tools_on_path
