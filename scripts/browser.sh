# shellcheck shell=bash
# The browser tests: Playwright drives the system's Chromium. Sourced after lib.sh.

chromium_program() {
    command -v chromium || command -v chromium-browser || command -v google-chrome || true
}

chromium_install() {
    if [[ -z $(chromium_program) ]]; then system_package Chromium chromium; fi
}

playwright_install() {
    # It would download browsers of its own.
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm_ci end2end
}

playwright_run() {
    cd end2end || return
    BUILDKEEP_CHROMIUM=$(chromium_program) npx --no-install playwright test
}

browser_tests() {
    step 'Chromium is installed' "$ONLINE" chromium_install
    step 'Playwright (npm)' "$ONLINE" playwright_install
    step 'browser tests' 'mend what the first failing test names above' playwright_run
}
