#!/usr/bin/env bash
# make audit: known weaknesses in dependencies.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

step "cargo-deny $CARGO_DENY" "$ONLINE" cargo_tool cargo-deny "$CARGO_DENY" cargo-deny
step 'advisories' 'update or replace the dependency named above; without a network the advisory database cannot be asked' \
    cargo deny check advisories
