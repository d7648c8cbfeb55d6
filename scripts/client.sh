# shellcheck shell=bash
# The client that nx downloads (client/): built before every cargo command, since the server embeds it.
# Leaves target/client: client.tar.gz, start.tar.gz, client.js and client.json. Sourced after lib.sh.

# Its time is that of the sources that were built.
CLIENT_STAMP=$ROOT/target/client.built
CLIENT_STEP_DONE=

client_is_current() {
    local file
    for file in client.tar.gz start.tar.gz client.js client.json; do
        [[ -e $CLIENT_STAMP && -e target/client/$file ]] || return 1
    done
    [[ -z $(find client -name node_modules -prune -o -path client/src/wire.ts -prune -o -path client/test -prune \
        -o -type f -newer "$CLIENT_STAMP" -print -quit) ]]
}

client_part() {
    if client_is_current; then return; fi
    npm_ci client
    mkdir -p target
    : >"$CLIENT_STAMP.new"
    npm run --silent --prefix client build
    mv "$CLIENT_STAMP.new" "$CLIENT_STAMP"
}

# client_build: the step; once per command.
client_build() {
    if [[ -n $CLIENT_STEP_DONE ]]; then return; fi
    step 'client' "$ONLINE" client_part
    CLIENT_STEP_DONE=yes
}

client_types() {
    npm_ci client
    npm run --silent --prefix client check
}

client_tests() {
    npm_ci client
    npm run --silent --prefix client test
}

client_nx() {
    npm_ci client
    npm run --silent --prefix client nx
}

# client_with_nx [MAJOR…]: the client in real nx against a server in memory, and against ours (BUILDKEEP_BIN); by default every major.
client_with_nx() {
    if (($# > 0)); then local -x NX_MAJORS="$*"; fi
    step "client: real nx ${*:-17 to 24}" "$TEST" client_nx
    step "client: real nx ${*:-17 to 24}, real server" "$TEST" node --test --test-reporter=spec \
        end2end/nx/{connect,login,levels,settings,client,runs}.test.mjs
}

# client_check: its types and its tests.
client_check() {
    step 'client: types' 'mend what tsc names above' client_types
    step 'client: tests' "$TEST" client_tests
}
