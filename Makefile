# What a person types. Two commands matter: `make demo` and `make test`; both set up what they need below this folder.

PYTHON ?= python3
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
FUNCTIONS := -p layerguard-detect -p layerguard-decide -p layerguard-remediate -p layerguard-reconcile
PROGRAMS := $(FUNCTIONS) -p layerguard-cli
LOCAL_STACK := $(PYTHON) tests/stack/stack.py
# Every build of the workspace takes the same features, so that nothing is built twice.
WORKSPACE := --workspace --locked

.DEFAULT_GOAL := help
.PHONY: help demo test check check-fast fmt lint unit docs gates e2e fuzz bench build package cli deploy stack-up stack-down rust clean

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## the whole product on your own machine: an intruder pulls, on-call approves, the session is cut off (WAIT=1: you approve)
	@$(LOCAL_STACK) run -q -p Inventory=@tests/demo/inventory.toml -p Mode=ask -p InlineDeny=allowed \
		--bin-dir $(TARGET)/debug -- python tests/demo/demo.py $(if $(WAIT),--wait)

# Tests take features that the programs alone do not: a run that builds both builds the programs with them, and nothing twice.
test e2e: AS_TESTED := --tests
test: check e2e ## everything: check, and the end-to-end run on the local stack

check: lint unit docs gates ## format, clippy, tests of the workspace, docs, state machines, template, IAM

check-fast: rust ## the quick inner loop: the core and its tests, no SDK, no stack
	$(CARGO) fmt --all --check
	$(CARGO) clippy -p layerguard-core -p layerguard-testkit --all-targets --locked -- -D warnings
	$(CARGO) test -q -p layerguard-core -p layerguard-testkit --locked

fmt: rust ## format
	$(CARGO) fmt --all

lint: rust ## format and clippy, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(WORKSPACE) --all-targets -- -D warnings

unit: rust ## the tests of the workspace
	$(CARGO) test $(WORKSPACE)

docs: rust ## the documentation, warnings are errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(WORKSPACE) --no-deps --document-private-items -q

gates: ## validators over the state machines, the template and the IAM policies
	@$(PYTHON) tests/stack/bootstrap.py stack gates checkov npm
	@$(PYTHON) tests/gates/gates.py
	@.local/stack/bin/python -m pytest -q tests/gates

e2e: build ## the local stack's own tests, then the chain end to end with real processes
	@$(PYTHON) tests/stack/bootstrap.py stack gates
	@.local/stack/bin/python -m pytest -q tests/stack
	@LAYERGUARD_BIN_DIR=$(abspath $(TARGET))/debug .local/stack/bin/python -m pytest -q tests/e2e

# On the stable compiler, which has no sanitizers; the core forbids what they look for. See fuzz/README.md.
fuzz: rust ## arbitrary input against everything that strangers write (FUZZ_SECONDS=600 each, FUZZ_JOBS=1, FUZZ_TARGETS=all)
	@CARGO="$(CARGO)" FUZZ_SECONDS="$(FUZZ_SECONDS)" FUZZ_JOBS="$(FUZZ_JOBS)" FUZZ_TARGETS="$(FUZZ_TARGETS)" \
		$(PYTHON) fuzz/fuzz.py

bench: rust ## how fast it is, beside its peers and its goals (BENCH_QUICK=1: a small run; BENCH_ROWS="4 5": these goals alone)
	@CARGO="$(CARGO)" BENCH_QUICK="$(BENCH_QUICK)" BENCH_ROWS="$(BENCH_ROWS)" $(PYTHON) tests/bench/bench.py

build: rust ## the four functions and the command line, as the local stack runs them
	@$(CARGO) build $(WORKSPACE) --bins $(AS_TESTED)

package: rust ## the functions as Lambda takes them, below target/lambda (ARCH=arm64 or x86_64)
	@CARGO="$(CARGO)" $(PYTHON) infra/install/package.py $(if $(ARCH),--arch $(ARCH))

cli: rust ## the command line alone
	@$(CARGO) build $(WORKSPACE) --bin layerguard

# Quoted, because whoever deploys chooses these texts. MORE is words: MORE="Drill=enabled TrailBucket=ours". The command line is built on the way.
deploy: ## layerguard into the account of your credentials: asks, or STACK= REGION= TOPIC= INVENTORY= MODE= ARCH= MORE= TAGS= BUCKET= PLAN=1 YES=1
	@CARGO="$(CARGO)" $(PYTHON) infra/install/deploy.py $(if $(STACK),--stack '$(STACK)') $(if $(REGION),--region '$(REGION)') \
		$(if $(TOPIC),--topic '$(TOPIC)') $(if $(INVENTORY),--inventory '$(INVENTORY)') $(if $(MODE),--mode '$(MODE)') \
		$(if $(ARCH),--arch '$(ARCH)') $(if $(MORE),--more "$$MORE") $(if $(TAGS),--tags "$$TAGS") $(if $(BUCKET),--bucket '$(BUCKET)') \
		$(if $(PLAN),--plan) $(if $(YES),--yes)

stack-up: build ## bring the local stack up and leave it running
	@$(LOCAL_STACK) up
	@$(LOCAL_STACK) deploy -p Inventory=@tests/demo/inventory.toml -p Mode=ask -p InlineDeny=allowed --bin-dir $(TARGET)/debug

stack-down: ## take the local stack down
	@$(LOCAL_STACK) down

rust:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust 1.95 or newer (https://rustup.rs), then run this again"; exit 2; }

clean: ## remove what was installed and built below this folder
	rm -rf .local target
