# shellcheck shell=bash
# The standard library for the browser (wasm32-unknown-unknown). Sourced after lib.sh.
# rustup adds it. Where rustup's download server cannot be reached, it is built from Debian's rust-src, which takes seconds.

WASM=wasm32-unknown-unknown

# wasm_lib: the folder in which rustc looks for it.
wasm_lib() {
    printf '%s/lib/rustlib/%s/lib' "$(rustc --print sysroot)" "$WASM"
}

wasm_target() {
    if compgen -G "$(wasm_lib)/libcore-*.rlib" >/dev/null; then return; fi
    if command -v rustup >/dev/null && rustup target add "$WASM"; then return; fi
    printf 'rustup could not add the target; building the standard library from source.\n'
    wasm_target_from_debian || fail "The Rust target $WASM is missing: run \"rustup target add $WASM\" on a machine that reaches rustup's server (see what it says), then run the same command again."
}

# debian_mirrors: the archives named in the machine's own apt sources.
debian_mirrors() {
    apt-get update --print-uris 2>/dev/null | sed -n "s|^'\(.*\)/dists/[^/]*/InRelease'.*|\1|p" | sort -u
}

# The source must be of exactly the compiler's version; newer suites than the machine's own have it.
# A private apt configuration is used: the system's lists and packages stay as they are.
rust_source() {
    local folder=$1 version=$2 suite mirror found
    mkdir -p "$folder"/{lists/partial,cache/archives/partial,parts}
    for suite in trixie-backports testing unstable; do
        : >"$folder/sources.list"
        for mirror in $(debian_mirrors); do
            printf 'deb %s %s main\n' "$mirror" "$suite" >>"$folder/sources.list"
        done
        private_apt "$folder" update || true
        found=$(private_apt_cache "$folder" madison rust-src | awk -v v="$version" '$3 ~ "^" v "[+~-]" { print $3; exit }')
        if [[ -n $found ]]; then
            (cd "$folder" && private_apt "$folder" download "rust-src=$found" && dpkg -x rust-src_*.deb source)
            return
        fi
    done
    printf 'No Debian suite has rust-src %s.\n' "$version"
    return 1
}

private_options() {
    local folder=$1
    printf '%s\n' -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts="$folder/parts" \
        -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none
}

private_apt() {
    local folder=$1 options
    shift
    mapfile -t options < <(private_options "$folder")
    apt-get "${options[@]}" "$@"
}

private_apt_cache() {
    local folder=$1 options
    shift
    mapfile -t options < <(private_options "$folder")
    apt-cache "${options[@]}" "$@"
}

wasm_target_from_debian() {
    local version folder library
    command -v apt-get >/dev/null || return 1
    version=$(rustc --version | awk '{ print $2 }')
    folder=$(mktemp -d)
    retry rust_source "$folder" "$version" || return 1
    library=$folder/source/usr/src/rustc-$version/library
    # The flags are those of the official build; the library may use unstable features, hence the bootstrap mark.
    RUSTC_BOOTSTRAP=1 RUSTFLAGS='-Zforce-unstable-if-unmarked -Cembed-bitcode=yes' CARGO_TARGET_DIR=$folder/target \
        cargo build --release --target "$WASM" --manifest-path "$library/sysroot/Cargo.toml" --features panic-unwind || return 1
    # The files of exactly one build, whole or not at all: rustc refuses a library that is there twice.
    mkdir -p "$folder/lib" "$(dirname "$(wasm_lib)")"
    cp "$folder/target/$WASM/release/deps/"*.rlib "$folder/lib/"
    rm -rf "$(wasm_lib)"
    mv "$folder/lib" "$(wasm_lib)"
    rm -rf "$folder"
}
