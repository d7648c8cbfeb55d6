# Each target is one script in scripts/. Output goes to target/logs; VERBOSE=1 shows it as it comes.
.DEFAULT_GOAL := help
.PHONY: help run check test test-nx bench audit release setup clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## set up, build and serve on http://127.0.0.1:3000, data in ./data (LISTEN=, DATA=)
	@scripts/run.sh

check: ## the inner loop: format, clippy, integration tests on SQLite
	@scripts/check.sh

test: ## everything: lints, SQLite, PostgreSQL, browser, real nx
	@scripts/test.sh

test-nx: ## only the tests with real nx
	@scripts/test_nx.sh

bench: ## the table of speeds
	@scripts/bench.sh

audit: ## known weaknesses in dependencies (asks the advisory database over the network)
	@scripts/audit.sh

release: ## one self-contained file: target/release/buildkeep
	@scripts/release.sh

setup: ## only the build tools
	@scripts/setup.sh

clean: ## remove what was built; data and tools stay
	@rm -rf target style/node_modules end2end/node_modules client/node_modules
