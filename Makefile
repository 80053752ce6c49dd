# Everything a developer runs. `make` alone lists the targets; each works by itself, in a fresh clone, from this folder.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Where what the tests build or fetch is kept between runs.
export DOORBOOK_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/doorbook

MODULES  := . $(sort $(patsubst %/go.mod,%,$(wildcard */go.mod)))
TOOL     := go tool -modfile=$(CURDIR)/tools/go.mod
RACE     ?= -race
FUZZTIME ?= 10s
SOAKTIME ?= 10m
COUNT    ?= 6
BENCHTIME ?= 500ms
# Runs a command in every module's folder.
each = for module in $(MODULES); do (cd "$$module" && $(1)); done

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  Kept between runs in $$DOORBOOK_CACHE (set DOORBOOK_CACHE to have it elsewhere)."

.PHONY: run
run: ## run the program from source; ARGS="--addr :9000" are its arguments
	@go run ./cmd/doorbook $(ARGS)

.PHONY: build
build: ## build the static binary bin/doorbook
	@CGO_ENABLED=0 go build -trimpath -o bin/doorbook ./cmd/doorbook

.PHONY: generate
generate: ## make the Go code of the templates (*.templ) anew
	@$(TOOL) templ generate -log-level warn

.PHONY: format
format: ## format Go code and templates in place
	@$(TOOL) templ fmt -log-level warn -prettier-command none .
	@$(TOOL) gofumpt -w .
	@$(MAKE) generate

##
## Tests

.PHONY: test
test: ## everything that a change must pass: setup, check, unit, stores, a little fuzzing, e2e (a quarter of an hour on two cores)
	@scripts/test

.PHONY: setup
setup: ## install what the tests need beyond Go: system packages through apt-get where it may, axe-core through npm
	@scripts/setup

.PHONY: check
check: check-format check-vet check-lint check-generated check-tidy check-scripts check-rooms ## all that needs no running program; each part is a target of its own

.PHONY: check-format
check-format: ## Go code stands as gofumpt would write it
	@out=$$($(TOOL) gofumpt -l .); [ -z "$$out" ] || { printf 'not formatted (run make format):\n%s\n' "$$out"; exit 1; }

.PHONY: check-vet
check-vet: ## go vet, in every module
	@$(call each,go vet ./...)

.PHONY: check-lint
check-lint: ## staticcheck, in every module
	@$(call each,$(TOOL) staticcheck ./...)

.PHONY: check-generated
check-generated: ## the templates are formatted and their Go code is up to date
	@scripts/check-generated

.PHONY: check-tidy
check-tidy: ## go.mod and go.sum of every module hold what is used and nothing else
	@$(call each,go mod tidy -diff)

.PHONY: check-scripts
check-scripts: ## shellcheck
	@scripts/check-scripts

.PHONY: check-rooms
check-rooms: ## which package may import which, and how long a file may be (internal/rooms)
	@scripts/gotest . -count 1 ./internal/rooms

.PHONY: unit
unit: ## unit tests and conformance suites under the race detector (RACE= leaves it out); password hashes without it, which makes them ten times slower
	@scripts/gotest . $(RACE) $$(go list ./... | grep -v '/passhash$$')
	@scripts/gotest . ./passhash
	@scripts/gotest . $(RACE) -run 'Storm|Wait|Context|Gone|Queue|Panic' ./passhash
	@scripts/gotest tools ./...
	@scripts/gotest bench ./...
	@scripts/gotest examples ./...

.PHONY: stores
stores: ## session stores and repositories over real servers (PostgreSQL, MariaDB, Redis, FerretDB for MongoDB), and the real Flask; the tests start them
	@scripts/gotest conformance $(RACE) -count 1 ./...

.PHONY: e2e
e2e: build ## the whole program in a real browser; screenshots go to $DOORBOOK_SCREENSHOTS, else e2e/screenshots
	@scripts/e2e

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10s) each; FUZZDIR=session only those below a folder
	@scripts/fuzz $(FUZZTIME) $(FUZZDIR)

.PHONY: soak
soak: build ## the long-running tests of e2e/, and the histories of each session store, for SOAKTIME (10m)
	@DOORBOOK_SOAK=$(SOAKTIME) scripts/e2e -run '^TestSoak' -timeout 24h
	@DOORBOOK_SOAK=$(SOAKTIME) scripts/gotest . $(RACE) -count 1 -run Histories -timeout 24h ./session
	@DOORBOOK_SOAK=$(SOAKTIME) scripts/gotest conformance $(RACE) -count 1 -run Histories -timeout 24h ./...

.PHONY: bench
bench: ## the session library side by side with its peers: COUNT (6) rounds in turns, summed up by benchstat and in a table
	@mkdir -p "$$DOORBOOK_CACHE"
	@cd bench && for round in $$(seq $(COUNT)); do go test -run '^$$' -bench . -benchtime $(BENCHTIME) .; done | tee "$$DOORBOOK_CACHE/bench.txt"
	@$(TOOL) benchstat -col /impl "$$DOORBOOK_CACHE/bench.txt"
	@cd bench && go run ./table "$$DOORBOOK_CACHE/bench.txt"

.PHONY: clean
clean: ## remove what was built in this folder (the cache stays)
	@rm -rf bin e2e/screenshots
