#!/usr/bin/env bash
# Installs what the bench compares with, starts a throw-away PostgreSQL, and measures. ROUNDS and SECONDS_EACH change how long.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=../../scripts/postgres.sh
. scripts/postgres.sh

TURBO_VERSION=2.12.0
TURBO_CACHE=$TOOLS/turborepo-remote-cache-$TURBO_VERSION
export TURBO_VERSION TURBO_CACHE
export BUILDKEEP_BIN=${BUILDKEEP_BIN:-$ROOT/target/release/buildkeep}

have() {
    command -v "$1" >/dev/null
}

programs() {
    local missing=()
    have wrk || missing+=(wrk)
    have nginx || missing+=(nginx-light)
    have sqlite3 || missing+=(sqlite3)
    have psql || missing+=(postgresql-client)
    if ((${#missing[@]} > 0)); then system_package 'What the bench compares with' "${missing[@]}"; fi
    postgres_install
}

turbo() {
    if [[ -x $TURBO_CACHE/node_modules/.bin/turborepo-remote-cache ]]; then return; fi
    retry npm install --prefix "$TURBO_CACHE" --no-audit --no-fund --ignore-scripts "turborepo-remote-cache@$TURBO_VERSION"
}

[[ -x $BUILDKEEP_BIN ]] || fail "The bench found no release build: run 'make release' first, or set BUILDKEEP_BIN."
PATH=$PATH:/usr/sbin
need node 'install Node 20 or newer'
# Whatever ends this, a signal too, takes PostgreSQL with it.
trap postgres_stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step 'programs to compare with' 'see what it says, and run it again' programs
step "turborepo-remote-cache $TURBO_VERSION" 'check the network, and run it again' turbo
postgres_place
step 'PostgreSQL starts' 'see what it says' postgres_start
POSTGRES_URL=$BUILDKEEP_TEST_POSTGRES_URL
export POSTGRES_URL
node end2end/bench/bench.mjs || fail 'The bench is not complete: the line above says what could not be measured.'
