# shellcheck shell=bash
# What every script here shares: where things are, timed steps, one sentence on failure.
# Sourced, never run.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
LOGS=$ROOT/target/logs
# Built tools are kept per user, so that a second clone finds them.
TOOLS=${BUILDKEEP_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/buildkeep/tools}
mkdir -p "$LOGS" "$TOOLS"

# With CI or VERBOSE set, the output of a step is shown as it comes; else only when the step fails.
SHOW=${CI:-${VERBOSE:-}}

export CARGO_NET_RETRY=5

# What to do about a failing test.
TEST='mend what the first failing test names above'
# What to do when a step that needs the network fails.
ONLINE='see what it says, check the network, and run the same command again'

STEP_NAMES=()
STEP_SECONDS=()
STARTED=$SECONDS

# fail SENTENCE: says what failed and what to do, and stops.
fail() {
    printf '%s\n' "$*" >"$LOGS/why"
    printf '\n%s\n' "$*" >&2
    exit 1
}

# step NAME ADVICE COMMAND…: runs the command with its output in a log, and says how long it took.
# ADVICE ends the sentence that is printed when it fails and did not say better itself.
step() {
    local name=$1 advice=$2 log began=$SECONDS status
    shift 2
    log=$LOGS/$(printf '%s' "$name" | tr -cs 'A-Za-z0-9.' -).log
    rm -f "$LOGS/why"
    # Not in an `if`: there, bash would ignore `set -e` within the command.
    set +e
    if [[ -n $SHOW ]]; then
        printf '== %s\n' "$name"
        (set -e; "$@") 2>&1 | tee "$log"
        status=${PIPESTATUS[0]}
        printf '== %s:' "$name"
    else
        printf '%-46s' "$name"
        (set -e; "$@") >"$log" 2>&1
        status=$?
    fi
    set -e
    STEP_NAMES+=("$name")
    STEP_SECONDS+=($((SECONDS - began)))
    if ((status == 0)); then
        printf ' %5d s%s\n' $((SECONDS - began)) "$(tests_passed "$log")"
        return
    fi
    printf ' failed after %d s\n' $((SECONDS - began))
    step_failed "$name" "$advice" "$log"
}

step_failed() {
    local name=$1 advice=$2 log=$3
    if [[ -z $SHOW ]]; then
        printf '\n'
        tail -n 60 "$log"
    fi
    printf '\n'
    if [[ -s $LOGS/why ]]; then
        cat "$LOGS/why"
    else
        printf '"%s" failed: %s (whole output: %s).\n' "$name" "$advice" "${log#"$ROOT"/}"
    fi
    exit 1
}

# tests_passed LOG: how many tests cargo ran in that step, if any.
tests_passed() {
    awk '/^test result: / { n += $4 } END { if (n) printf "   %d tests passed", n }' "$1"
}

# note TEXT: one line between steps.
note() {
    printf '   %s\n' "$*"
}

# summary: the table of all steps and their time. Without SHOW it stands above already, and only the total is left to say.
summary() {
    local i
    if [[ -n $SHOW ]]; then
        printf '\n%-46s %7s\n' step time
        for i in "${!STEP_NAMES[@]}"; do
            printf '%-46s %5d s\n' "${STEP_NAMES[i]}" "${STEP_SECONDS[i]}"
        done
    fi
    printf '%-46s %5d s\n' 'all of it' $((SECONDS - STARTED))
}

# retry COMMAND…: three tries, for what goes over the network.
retry() {
    local try
    for try in 1 2; do
        if "$@"; then return; fi
        printf 'Try %d of "%s" failed; again in %d seconds.\n' "$try" "$*" $((try * 5))
        sleep $((try * 5))
    done
    "$@"
}

# need PROGRAM WHERE: stops when a prerequisite is missing.
need() {
    command -v "$1" >/dev/null || fail "$1 is missing: $2, then run the same command again."
}

# system_package WHAT PACKAGE…: installs Debian packages when it may, else names the command.
system_package() {
    local what=$1
    shift
    if ((EUID == 0)) && command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        if ! retry apt-get -qq update || ! retry apt-get -qq install --yes --no-install-recommends "$@"; then
            fail "$what could not be installed: run \"apt-get install $*\", see what it says, then run the same command again."
        fi
    else
        fail "$what is missing: run \"sudo apt-get install $*\" (or install it your system's way), then run the same command again."
    fi
}

# npm_ci FOLDER: installs exactly what the folder's package-lock.json names; nothing when that is done already.
npm_ci() {
    local folder=$1 stamp=$1/node_modules/.installed
    if [[ -e $stamp ]] && cmp -s "$stamp" "$folder/package-lock.json"; then return; fi
    retry npm ci --prefix "$folder" --no-audit --no-fund
    cp "$folder/package-lock.json" "$stamp"
}
