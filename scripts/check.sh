#!/usr/bin/env bash
# make check: what to run while working. make test is the whole.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. scripts/lints.sh
. scripts/browser.sh

lint_format
lint_host
client_check
step 'OpenID provider (npm)' "$ONLINE" playwright_install
step 'integration tests (SQLite)' "$TEST" cargo test -p server --test it
summary
