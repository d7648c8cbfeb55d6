#!/usr/bin/env bash
# make test: everything that must hold before a change is accepted.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. scripts/build.sh
. scripts/lints.sh
. scripts/postgres.sh
. scripts/browser.sh

# Whatever ends this, a signal too, takes PostgreSQL with it.
trap postgres_stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Many tests wait: for fixed times, for a provider, for a DNS server that is silent.
export RUST_TEST_THREADS=5
# Servers under test store without a token however full the disk of this machine is.
export BUILDKEEP_KEEP_FREE_MIB=0

lint_format
lint_lock
lint_dependencies
lint_host
lint_browser
lint_docs
client_check

step 'OpenID provider and browser tools (npm)' "$ONLINE" playwright_install
step 'tests (SQLite)' "$TEST" cargo test "${HOST[@]}"

step 'PostgreSQL is installed' "$ONLINE" postgres_install
postgres_place
step 'PostgreSQL starts' 'see what it says' postgres_start
step 'integration tests (PostgreSQL)' "$TEST" cargo test -p server --test it
postgres_stop
unset BUILDKEEP_TEST_POSTGRES_URL

# The server is there: the tests above needed it. It reads the browser part when it runs.
step 'browser part (dev)' "$COMPILES" browser_part dev
export BUILDKEEP_BIN=$ROOT/target/debug/buildkeep
browser_tests
step 'attacks' 'see which requests went wrong above, and under which attack' node --test --test-reporter=spec end2end/attacks/attacks.test.mjs
step 'kill -9 during uploads' "$TEST" node --test --test-reporter=spec end2end/nx/crash.test.mjs
step 'documented proxies' "$TEST" node --test --test-reporter=spec end2end/proxies/proxies.test.mjs
client_with_nx 17 24
step 'tests with real nx' "$TEST" end2end/nx/run.sh
summary
