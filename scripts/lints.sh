# shellcheck shell=bash
# The steps that read the code. Sourced after lib.sh.

# shellcheck source=scripts/client.sh
. scripts/client.sh

# `server` turns on `app/ssr`, `frontend` its opposite: never both in one cargo command.
HOST=(-p app --features ssr -p server -p migrations)

lint_format() {
    step 'format' 'run "cargo fmt --all"' cargo fmt --all --check
}

lint_host() {
    client_build
    step 'clippy (server)' 'mend what clippy names above' \
        cargo clippy "${HOST[@]}" --all-targets -- -D warnings
}

lint_browser() {
    # In the folder of cargo-leptos, so that both share what they compile.
    step 'clippy (browser)' 'mend what clippy names above' \
        cargo clippy -p frontend --target wasm32-unknown-unknown --target-dir target/front -- -D warnings
}

lint_docs() {
    client_build
    RUSTDOCFLAGS='-D warnings' step 'docs' 'mend the comments that rustdoc names above' \
        cargo doc "${HOST[@]}" --no-deps --document-private-items
}

lint_lock() {
    step 'Cargo.lock' 'run "cargo check" and commit Cargo.lock' lock_is_current
}

lock_is_current() {
    cargo metadata --locked --format-version 1 >/dev/null
}

# Advisories change without a change of ours, and need the network: they have a command of their own, make audit.
lint_dependencies() {
    step "cargo-deny $CARGO_DENY" "$ONLINE" cargo_tool cargo-deny "$CARGO_DENY" cargo-deny
    step 'dependencies' 'replace the dependency named above, or give the reason for it in deny.toml' \
        cargo deny check bans licenses sources
}
