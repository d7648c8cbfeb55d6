# shellcheck shell=bash
# A throw-away PostgreSQL on a free port. Sourced after lib.sh.
# The caller stops it on every way out: trap postgres_stop EXIT

PG_FOLDER=
PG_PORT=

postgres_programs() {
    local folder
    folder=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    if [[ -z $folder ]] && command -v initdb >/dev/null; then folder=$(dirname "$(command -v initdb)"); fi
    printf '%s' "$folder"
}

postgres_install() {
    if [[ -z $(postgres_programs) ]]; then system_package PostgreSQL postgresql; fi
}

free_port() {
    node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}

# PostgreSQL refuses to run as root.
as_postgres() {
    if ((EUID == 0)); then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# postgres_place: chooses folder and port. Apart from the start, which runs as a step and cannot set variables here.
postgres_place() {
    PG_FOLDER=$(mktemp -d)
    PG_PORT=$(free_port)
    if ((EUID == 0)); then chown postgres "$PG_FOLDER"; fi
    export BUILDKEEP_TEST_POSTGRES_URL=postgres://buildkeep@127.0.0.1:$PG_PORT/postgres
}

postgres_start() {
    local programs
    programs=$(postgres_programs)
    as_postgres "$programs/initdb" --pgdata="$PG_FOLDER/data" --username=buildkeep --auth=trust --encoding=UTF8 --locale=C
    # Nothing in it needs to outlive a crash.
    as_postgres "$programs/pg_ctl" --pgdata="$PG_FOLDER/data" --log="$PG_FOLDER/log" --wait start --options="\
        -c listen_addresses=127.0.0.1 -c port=$PG_PORT -c unix_socket_directories=$PG_FOLDER -c max_connections=300 \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off" || { cat "$PG_FOLDER/log"; return 1; }
}

postgres_stop() {
    if [[ -z $PG_FOLDER ]]; then return; fi
    if [[ -e $PG_FOLDER/data/postmaster.pid ]]; then
        as_postgres "$(postgres_programs)/pg_ctl" --pgdata="$PG_FOLDER/data" --mode=immediate --silent stop || true
    fi
    rm -rf "$PG_FOLDER"
    PG_FOLDER=
}
