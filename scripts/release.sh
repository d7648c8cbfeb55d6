#!/usr/bin/env bash
# make release: the one file to install.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. scripts/build.sh

build release
summary
note "target/release/buildkeep: $(du -h target/release/buildkeep | cut -f1), nothing else is needed."
