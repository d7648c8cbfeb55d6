#!/usr/bin/env bash
# The HTTP cache of real nx from npm against a real server: run.sh [major …], by default every version in versions.json.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

need node "install Node 20 or newer"
need npm "install the npm that belongs to Node"
[[ -x ${BUILDKEEP_BIN:-} || -x target/debug/buildkeep || -x target/release/buildkeep ]] ||
    fail "The nx tests found no server program: run 'cargo leptos build' first, or set BUILDKEEP_BIN."

if (($# > 0)); then
    export NX_MAJORS="$*"
fi
node --test --test-reporter=spec end2end/nx/cache.test.mjs ||
    fail "The nx tests failed: the first failing step above says what nx saw, and the line 'left behind' where its folders are."
