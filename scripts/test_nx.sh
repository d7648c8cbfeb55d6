#!/usr/bin/env bash
# make test-nx: only the tests with real nx.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. scripts/build.sh

build dev
export BUILDKEEP_BIN=$ROOT/target/debug/buildkeep
client_with_nx "$@"
step 'tests with real nx' "$TEST" end2end/nx/run.sh
summary
