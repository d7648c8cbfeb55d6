#!/usr/bin/env bash
# make run: set up, build, serve.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. scripts/build.sh

LISTEN=${LISTEN:-127.0.0.1:3000}
DATA=${DATA:-./data}

build dev
cat <<TEXT

Ready after $((SECONDS - STARTED)) s.

    http://$LISTEN

Open it and choose "Sign up". No mail server is configured, so the mail with the link to choose your
password is a file in $DATA/mail, and its link stands in the log below. Everything is kept in $DATA;
Ctrl+C stops the server.

TEXT
exec target/debug/buildkeep serve --data "$DATA" --listen "$LISTEN"
