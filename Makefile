# Every target works on a fresh clone: Node (>= 20.19) and npm are all it needs. `engines` says what more it needs.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help bench setup build run run-pull test test-long test-crash test-node test-engines engines engines-debian fuzz check format format-check lint types arrows duplication dead sql golden clean

STAMP  := node_modules/.showback-setup
REPORT := .cache/test-report.json
CRASH_REPORT := .cache/crash-report.json
LONG_REPORT := .cache/long-report.json
ENGINES_REPORT := .cache/engines-report.json
BIN    := node_modules/.bin
CHECKS := format-check lint types arrows duplication dead sql
export TZ := UTC
CONTROLS := "select control, count(*) as checks, count_if(passed) as passed, max(abs(difference)) as largest_difference \
  from reconciliation_month group by control order by control"

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Install the locked dependencies (nothing is compiled, no install script runs)

$(STAMP): package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

build: setup ## Compile src/ to dist/, with the parsed models beside
	$(BIN)/tsc -p tsconfig.json
	@node .ci/models.mjs

run: build ## Generate the demo company and run its months on embedded DuckDB
	$(BIN)/tsx fixtures/demo/generate/main.ts
	node dist/cli/main.js run pipelines/demo.yaml
	@echo; echo 'Controls by kind (all of them: showback show --controls pipelines/demo.yaml):'
	@node dist/cli/main.js sql --pipeline pipelines/demo.yaml $(CONTROLS)

run-pull: run ## The same company with every source served on loopback: a bucket, two cost APIs; the statement must be that of `make run`
	@echo; $(BIN)/tsx fixtures/demo/pull/main.ts

test: build ## Run the tests (FILES=test/unit for some); make test-long and make test-crash have those that take minutes
	@rm -f $(REPORT)
	@echo 'left out: companies that are run again and again or explained, and damaged files (make test-long); test/crash, which kills runs and fills disks for minutes (make test-crash); the package as installed, and commands of pages that build a clone or run long (make test-node); test/engines, which needs a real Trino and S3 server (make test-engines)'
	@status=0; $(BIN)/vitest run $(FILES) || status=$$?; node .ci/count.mjs $(REPORT) || status=1; exit $$status

test-long: build ## Run companies again and again: golden companies that close, backfills, late deliveries in any order, look-back windows, collections, explanations, first drafts, and damage files (LONG=some without pulls, drafts and random orders)
	@rm -f $(LONG_REPORT)
	@if [ '$(LONG)' = some ]; then echo 'left out: companies that are pulled, drafted, closed, re-rated, compared and benched, all explanations, and random orders of loading (make test-long)'; fi
	@status=0; LONG=$(or $(LONG),every) TEST_REPORT=$(LONG_REPORT) $(BIN)/vitest run $(FILES) || status=$$?; node .ci/count.mjs $(LONG_REPORT) || status=1; exit $$status

test-crash: build ## Kill runs at every step and file change, fill the disk at each, read while runs flip (CRASH=some for a few, CRASH_SEED=1 for other moments)
	@rm -f $(CRASH_REPORT)
	@status=0; CRASH=$(or $(CRASH),every) TEST_REPORT=$(CRASH_REPORT) $(BIN)/vitest run test/crash || status=$$?; \
	  node .ci/count.mjs $(CRASH_REPORT) || status=1; exit $$status

test-node: build ## Run what depends on Node under 20.19, 22.13 and 24, got as npm packages (NODE=24 for one, NODES=some for less of the newest)
	node .ci/nodes.mjs $(NODE)

test-engines: build engines ## Run what needs a real Trino and a real S3 server; both are started and stopped (ENGINES=some without whole companies, ENGINES=every with all; FILES=test/engines/front.test.ts)
	@rm -f $(ENGINES_REPORT)
	@if [ '$(ENGINES)' = some ]; then echo 'left out: test/engines/demo.test.ts and random.test.ts, whole companies on both engines, which take minutes, and examples of a model but the first (make test-engines)'; fi
	@status=0; ENGINES=$(or $(ENGINES),most) TEST_REPORT=$(ENGINES_REPORT) $(BIN)/vitest run $(or $(FILES),test/engines) || status=$$?; \
	  node .ci/count.mjs $(ENGINES_REPORT) || status=1; exit $$status

engines: ## Install a Trino and an S3 server below $$SHOWBACK_ENGINES (~/.cache/showback-engines): JDK 17, Maven, Go, unzip
	@bash test/engines/setup/install.sh

engines-debian: ## Install what `make engines` needs on Debian 12, with apt (as root)
	@bash test/engines/setup/debian.sh

fuzz: build ## Damage files for longer than the tests do (FUZZ_RUNS a reader, FUZZ_SEED to have a run again)
	LONG=some FUZZ_RUNS=$${FUZZ_RUNS:-2000} FUZZ_SEED=$${FUZZ_SEED:-$$RANDOM} $(BIN)/vitest run test/fuzz.test.ts

bench: build ## The pipeline beside the engine's own copy of the same files (BENCH="--events 1M --rounds 5", --help for more)
	@$(BIN)/tsx test/bench/main.ts $(BENCH)

check: build ## Format, lint, types, arrows, duplication, dead code, portability of the SQL
	@$(MAKE) --no-print-directory --keep-going --jobs=2 $(if $(filter output-sync,$(.FEATURES)),--output-sync) $(CHECKS)

format: setup ## Rewrite every file in the house format
	$(BIN)/biome format --write .

format-check: setup
	$(BIN)/biome format .

lint: setup
	$(BIN)/oxlint --type-aware --deny-warnings

types: setup
	$(BIN)/tsc -p tsconfig.test.json

arrows: setup
	node .ci/arrows.mjs

duplication: setup
	$(BIN)/jscpd --fail-on-empty src

dead: setup
	$(BIN)/knip --no-config-hints --include files,dependencies,unlisted,unresolved,exports

sql: build
	node .ci/sql.mjs

golden: build ## Rewrite the golden outputs; read the diff before you commit it
	UPDATE_GOLDEN=1 $(BIN)/vitest run test/golden test/errors test/unit/pipeline/schema
	node dist/cli/main.js docs

clean: ## Remove what the build and the demo made
	rm -rf dist .cache coverage out .showback fixtures/demo/inputs
