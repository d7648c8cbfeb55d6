# shellcheck shell=bash
# Builds the browser part, then the server. Sourced after setup.sh; build dev|release.
# Not one `cargo leptos build`: that builds both at once, but the server embeds what the browser part leaves.

# shellcheck source=scripts/client.sh
. scripts/client.sh

COMPILES='mend what the compiler names above'
# What target/site holds: "dev" or "release", as of the time of this file.
SITE_STAMP=$ROOT/target/site.built

site_is_current() {
    [[ -e $SITE_STAMP && $(<"$SITE_STAMP") == "$1" && -d target/site/pkg ]] || return 1
    [[ -z $(find app frontend style Cargo.toml Cargo.lock rust-toolchain.toml scripts/tools.sh \
        -name node_modules -prune -o -newer "$SITE_STAMP" -print -quit) ]]
}

browser_part() {
    local profile=$1
    shift
    if site_is_current "$profile"; then return; fi
    # The time of the stamp is before the build: what is edited meanwhile is built next time.
    printf '%s' "$profile" >"$SITE_STAMP.new"
    rm -f "$SITE_STAMP"
    RUST_BACKTRACE=0 cargo leptos build --frontend-only "$@"
    mv "$SITE_STAMP.new" "$SITE_STAMP"
}

build() {
    local flags=()
    if [[ $1 == release ]]; then flags=(--release); fi
    step "browser part ($1)" "$COMPILES" browser_part "$1" "${flags[@]}"
    client_build
    step "server ($1)" "$COMPILES" cargo build -p server --bin buildkeep "${flags[@]}"
}
