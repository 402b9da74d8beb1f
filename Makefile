# Everything that a contributor types. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The local AWS runs the function on this machine, so that is what is built unless told otherwise:
# `make build ARCH=arm64` makes the zip for the template's default.
ARCH ?= $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)
PYTHON ?= $(shell command -v python3.11 || command -v python3)
NEXTEST_VERSION := 0.9.143
DENY_VERSION := 0.20.2
MUTANTS_VERSION := 27.1.0

ROOT := $(CURDIR)
VENV := $(ROOT)/.venv
TOOLS := $(ROOT)/target/tools
# A function is one once it has a binary.
FUNCTIONS := $(patsubst functions/%/src/main.rs,%,$(wildcard functions/*/src/main.rs))
SOURCES := Cargo.toml Cargo.lock .cargo/config.toml $(shell find functions shared -name '*.rs' -o -name '*.toml' -o -name '*.json' -o -name '*.tsv')
ZIPS := $(FUNCTIONS:%=target/lambda/%/bootstrap.zip)
TESTED := --cargo-profile simulation --locked --features nightshift/schema

export PATH := $(VENV)/bin:$(TOOLS)/bin:$(PATH)
export CARGO_TERM_PROGRESS_WHEN := never
export SAM_CLI_TELEMETRY := 0
# cfn-lint and sam want a Region even where nothing is sent to AWS.
export AWS_DEFAULT_REGION ?= ap-northeast-1

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 16

.PHONY: build
build: $(ZIPS) ## Build the functions: target/lambda/<name>/bootstrap and bootstrap.zip

.PHONY: demo
demo: build ## Watch staging sleep, production get smaller, a bad release roll back and secrets being replaced
	@cargo run --quiet --package nightshift-tests --bin demo

.PHONY: local
local: build ## A local AWS and a local Slack, with the functions and four estates, until Ctrl-C
	@cargo run --quiet --package nightshift-tests --bin local-aws

.PHONY: cloud
cloud: build ## A simulated AWS, a minute in a second, that staging falls asleep on
	@cargo run --quiet --package nightshift-tests --bin cloud -- $(or $(CLOUD),--speed 60 --estates --run target/lambda/power-staging/bootstrap)

.PHONY: test
test: build nextest ## Run all tests, the ones on the local AWS included
	@cargo run --quiet --package nightshift-postgres --bin fetch-postgres
	@# All in the simulation's profile and with the same features, or the clients are compiled twice.
	@echo 'Building the tests (a quarter of an hour, the first time)…'
	@cargo nextest run --workspace $(TESTED) --test-threads $$(( $$(getconf _NPROCESSORS_ONLN) + 4 ))
	@cargo test --workspace $(TESTED:--cargo-%=--%) --doc --quiet
	@python tests/validate_blocks.py functions/notify-slack/src/render/snapshots/json/*.snap

.PHONY: soak
soak: ## Play 10,000 fortnights and 100 years of each function on the simulated cloud (hours); FORTNIGHTS=… YEARS=… FIRST=… ONLY=power-staging for a part
	@cargo run --quiet --profile simulation --package nightshift-simulation -- soak $(or $(FORTNIGHTS),10000) $(or $(YEARS),100) $(or $(FIRST),1) $(ONLY)

.PHONY: simulate
simulate: ## One run, step by step: make simulate PLACE=golden-week SEED=7, or PLACE=slim/golden-week
	@test -n '$(PLACE)$(SEED)' || { echo 'which run? make simulate PLACE=golden-week SEED=7' >&2; exit 2; }
	@cargo run --quiet --profile simulation --package nightshift-simulation -- play $(PLACE) $(SEED)

# The same few cases of each property for every mutant; `make mutants MUTANTS='--re plan/sleep'`
# takes those of one file, `MUTANTS=--iterate` only those that survived the last time.
.PHONY: mutants
mutants: nextest cargo-mutants ## Break every decision once and see whether a test fails (an hour or two)
	@mkdir -p target/mutants
	@PROPTEST_CASES=$${PROPTEST_CASES:-32} cargo mutants --output target/mutants $(or $(MUTANTS),--jobs 2)

.PHONY: bench
bench: build target/lambda/nightshift-empty/bootstrap.zip ## Measure cold start, memory, size and AWS calls
	@cargo run --quiet --profile bench --package nightshift-tests --features bench --bin bench -- $(BENCH)
target/lambda/nightshift-empty/bootstrap.zip: tests/empty/Cargo.toml tests/empty/src/main.rs Cargo.lock

.PHONY: lint
lint: $(VENV)/.ready deny ## Formatting, clippy, dependencies, template
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet --features nightshift/schema,nightshift-tests/bench -- --deny warnings
	cargo deny --log-level error check bans licenses sources
	@# The advisories live in a repository of their own. Without a way to it the rest still counts,
	@# but nobody should think that this was checked.
	@if cargo deny --log-level error fetch db 2>/dev/null; then \
		echo 'cargo deny --log-level error check advisories'; \
		cargo deny --log-level error check advisories; \
	else \
		echo 'advisories: NOT checked, the advisory database could not be fetched'; \
	fi
	cfn-lint template.yaml
	sam validate --lint --template template.yaml 2>&1 | grep --invert-match --ignore-case --extended-regexp 'update available|to download|^$$'

.PHONY: check
check: ## Check a document offline: make check FILE=estate.yaml [COMPANY=company.yaml]
	@test -n '$(FILE)' || { echo 'which document? make check FILE=estate.yaml' >&2; exit 2; }
	@cargo run --quiet --package nightshift --features schema --bin nightshift-check -- $(if $(COMPANY),--company '$(COMPANY)') '$(FILE)'

.PHONY: schema
schema: ## Write the configuration's JSON Schema anew
	@cargo run --quiet --package nightshift --features schema --bin nightshift-check -- --write-schema

.PHONY: clean
clean: ## Remove everything that make has made
	@rm -rf target .aws-sam .venv

# Cargo knows what has to be built again; the list of sources only keeps make from asking it each time.
# All functions in one go: what they share is built once, and each core links one of them, which is what
# takes the minutes.
$(ZIPS) &: $(SOURCES) | $(VENV)/.ready
	@echo 'Building $(FUNCTIONS) for $(ARCH) (the first time takes some minutes)…'
	@cargo lambda build --quiet --locked --release $(FUNCTIONS:%=--package %) --$(subst _,-,$(ARCH)) --output-format binary
	@cargo lambda build --quiet --locked --release $(FUNCTIONS:%=--package %) --$(subst _,-,$(ARCH)) --output-format zip
	@touch $(ZIPS)

target/lambda/%/bootstrap.zip: | $(VENV)/.ready
	@echo 'Building $* for $(ARCH) (the first time takes some minutes)…'
	@cargo lambda build --quiet --locked --release --package $* --$(subst _,-,$(ARCH)) --output-format binary
	@cargo lambda build --quiet --locked --release --package $* --$(subst _,-,$(ARCH)) --output-format zip
	@touch $@

$(VENV)/.ready: tests/requirements.txt
	@echo 'Setting up tools (1–2 min, once)…'
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# A version that is there already is as good, unless it is older than what the configuration needs.
.PHONY: nextest deny cargo-mutants
nextest:
	@command -v cargo-nextest >/dev/null || { \
		echo 'Building cargo-nextest (some minutes, once)…'; \
		cargo install --quiet --locked --root $(TOOLS) cargo-nextest --version $(NEXTEST_VERSION); }
deny:
	@command -v cargo-deny >/dev/null || { \
		echo 'Building cargo-deny (some minutes, once)…'; \
		cargo install --quiet --locked --root $(TOOLS) cargo-deny --version $(DENY_VERSION); }
cargo-mutants:
	@command -v cargo-mutants >/dev/null || { \
		echo 'Building cargo-mutants (some minutes, once)…'; \
		cargo install --quiet --locked --root $(TOOLS) cargo-mutants --version $(MUTANTS_VERSION); }
