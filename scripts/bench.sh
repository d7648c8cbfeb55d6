#!/usr/bin/env bash
# make bench: the release build against nginx and others, one table.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. scripts/build.sh

build release
export BUILDKEEP_BIN=$ROOT/target/release/buildkeep
end2end/bench/run.sh || fail 'The bench failed: mend what its last lines above name, then run "make bench" again.'
