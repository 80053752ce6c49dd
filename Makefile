# Everything a developer runs. `make` alone lists the targets; each works by itself, in a fresh clone, from this folder.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Where what the tests build or fetch is kept between runs.
export DOORBOOK_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/doorbook

# Every package of the modules that go.work names: the program and the libraries. (./... would stop at a nested module.)
OURS     := work
# The modules that stand alone, with replace lines for what they need of those.
ALONE    := $(shell . scripts/lib.sh && alone)
# A program of tools/, which is built where it is not yet.
tool      = $$(GOWORK=off go tool -modfile=$(CURDIR)/tools/go.mod -n $(1))
# The race detector watches our code, and not hashes and SQLite (C made into Go), which it makes ten times slower.
RACE     ?= -race $(foreach path,golang.org/x/crypto/... modernc.org/libc/... modernc.org/sqlite/lib,-gcflags=$(path)=-race=false)
FUZZTIME ?= 10s
SOAKTIME ?= 10m
# How long a package's tests may take on a machine that has other work, too.
PATIENCE ?= 40m
COUNT    ?= 6
BENCHTIME ?= 500ms
# Runs a command for packages: once for ours, and in each of the modules that stand alone.
each = $(1) $(OURS); for module in $(2); do (cd "$$module" && GOWORK=off $(1) ./...); done
# How the program is built. What else needs no race detector is built the same way, so that all is built once.
STATIC := CGO_ENABLED=0 GOFLAGS="$${GOFLAGS:-} -trimpath"
# What the program and the libraries are promised to be built for, besides what this machine is.
SYSTEMS := linux/arm64 darwin/arm64 windows/amd64
CHECKS  := format vet lint generated tidy scripts workflows rooms cross
# What `make test` runs, in this order, two at a time.
PARTS   := setup stores unit $(CHECKS:%=check-%) fuzz e2e

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  Kept between runs in $$DOORBOOK_CACHE (set DOORBOOK_CACHE to have it elsewhere)."

.PHONY: run
run: ## run the program from source; ARGS="--addr :9000" are its arguments
	@env -u DOORBOOK_CACHE go run ./cmd/doorbook $(ARGS)

.PHONY: build
build: ## build the static binary bin/doorbook
	@$(STATIC) go build -o bin/doorbook ./cmd/doorbook

.PHONY: generate
generate: ## make the Go code of the templates (*.templ) anew, and the tables of docs/settings.md
	@UPDATE_DOCS=1 go test -count 1 ./internal/config -run '^TestTables$$' >/dev/null
	@$(call tool,templ) generate -log-level warn

.PHONY: tidy
tidy: ## go mod tidy, in every module
	@scripts/tidy

.PHONY: format
format: ## format Go code and templates in place
	@$(call tool,templ) fmt -log-level warn -prettier-command none .
	@$(call tool,gofumpt) -w .
	@$(MAKE) generate

##
## Tests

.PHONY: quick
quick: check-format check-rooms ## while you work, of the program and the libraries: format, vet, rooms, unit tests without the race detector (a minute on two cores)
	@$(STATIC) go vet $(OURS)
	@$(STATIC) scripts/gotest . $$(go list $(OURS) | grep -v /internal/rooms)

.PHONY: test
test: ## everything that a change must pass: setup, check, unit, stores, e2e, a little fuzzing (eleven minutes on two cores, six when little has changed)
	@scripts/test

.PHONY: long
long: soak ## what takes hours: soak, ten million sessions, and ten million entries in a book
	@cd bench && GOWORK=off go run ./growth -stores memory,sqlite -sizes 10000,1000000,10000000
	@cd bench && GOWORK=off go run ./growth -book

.PHONY: parts $(PARTS:%=part-%)
parts: $(PARTS:%=part-%)
$(PARTS:%=part-%): part-%:
	@scripts/part $*
# What needs more than Go waits for it; the other checks need not.
part-check-scripts part-check-workflows part-unit part-stores part-fuzz: part-setup
# Browsers and several nodes have the machine for themselves.
part-e2e: part-unit part-stores part-fuzz

.PHONY: setup
setup: ## install what the tests need beyond Go: system packages through apt-get where it may, axe-core through npm
	@scripts/setup

.PHONY: check
check: $(CHECKS:%=check-%) ## all that needs no running program; each part is a target of its own

.PHONY: check-format
check-format: ## Go code stands as gofumpt would write it
	@out=$$($(call tool,gofumpt) -l .); [ -z "$$out" ] || { printf 'not formatted (run make format):\n%s\n' "$$out"; exit 1; }

.PHONY: check-vet
check-vet: ## go vet, in every module but the one that is only Caddy's main function
	@$(call each,$(STATIC) go vet,$(filter-out e2e/caddy,$(ALONE)))

.PHONY: check-lint
check-lint: ## staticcheck, in every module but those that are only the main function of FerretDB and of Caddy
	@staticcheck=$(call tool,staticcheck); $(call each,$(STATIC) "$$staticcheck",$(filter-out conformance/ferretdb e2e/caddy,$(ALONE)))

.PHONY: check-cross
check-cross: ## program, libraries and their tests compile for other systems (go vet with one check that asks nothing of dependencies)
	@for system in $(SYSTEMS); do \
		export GOOS=$${system%/*} GOARCH=$${system#*/}; \
		$(STATIC) go vet -unreachable $(OURS); \
		$(STATIC) go build -o /dev/null ./cmd/doorbook; \
	done

.PHONY: check-generated
check-generated: ## the templates are formatted and their Go code is up to date
	@scripts/check-generated

.PHONY: check-tidy
check-tidy: ## go.mod and go.sum of every module hold what is used and nothing else; one version of each dependency
	@scripts/tidy check
	@scripts/check-versions

.PHONY: check-scripts
check-scripts: ## shellcheck
	@scripts/check-scripts

.PHONY: check-workflows
check-workflows: ## actionlint, with shellcheck for the scripts within
	@scripts/check-scripts install
	@$(call tool,actionlint)

.PHONY: check-rooms
check-rooms: ## which package may import which, and how long a file may be (internal/rooms)
	@$(STATIC) scripts/gotest . -count 1 ./internal/rooms

.PHONY: vulnerable
vulnerable: ## govulncheck: known holes in what the program and the libraries are made of (asks https://vuln.go.dev)
	@$(call tool,govulncheck) $(OURS)

.PHONY: unit
unit: ## unit tests and conformance suites under the race detector (RACE= leaves it out)
	@scripts/gotest . $(RACE) -timeout $(PATIENCE) $(OURS)
	@$(STATIC) scripts/gotest tools ./...
	@$(STATIC) scripts/gotest bench ./...
	@$(STATIC) scripts/gotest examples ./...

.PHONY: stores
stores: ## session stores and repositories over real servers (PostgreSQL, MariaDB, Redis, FerretDB for MongoDB), and the real Flask; the tests start them
	@scripts/gotest conformance $(RACE) -count 1 -timeout $(PATIENCE) ./...

.PHONY: e2e
e2e: build ## the whole program in a real browser; screenshots go to $DOORBOOK_SCREENSHOTS, else e2e/screenshots
	@scripts/e2e

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10s, or a count such as 3000x) each; FUZZDIR=session only those below a folder
	@scripts/fuzz $(FUZZTIME) $(FUZZDIR)

.PHONY: soak
soak: build ## the long-running tests of e2e/, and the histories of each session store, for SOAKTIME (10m)
	@DOORBOOK_SOAK=$(SOAKTIME) scripts/e2e -run '^TestSoak' -timeout 24h
	@DOORBOOK_SOAK=$(SOAKTIME) scripts/gotest . $(RACE) -count 1 -run Histories -timeout 24h ./session
	@DOORBOOK_SOAK=$(SOAKTIME) scripts/gotest conformance $(RACE) -count 1 -run Histories -timeout 24h ./...

.PHONY: bench
bench: ## the session library side by side with its peers: COUNT (6) rounds in turns, summed up by benchstat and in a table
	@mkdir -p "$$DOORBOOK_CACHE"
	@cd bench && for round in $$(seq $(COUNT)); do GOWORK=off go test -run '^$$' -bench . -benchtime $(BENCHTIME) .; done | tee "$$DOORBOOK_CACHE/bench.txt"
	@$(call tool,benchstat) -col /impl "$$DOORBOOK_CACHE/bench.txt"
	@cd bench && GOWORK=off go run ./table "$$DOORBOOK_CACHE/bench.txt"

.PHONY: clean
clean: ## remove what was built in this folder (the cache stays)
	@rm -rf bin e2e/screenshots
