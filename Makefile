# Karen's commands. Everything they need is installed by scripts/: see README.md.
# Everything is built with --workspace: one set of features, so that nothing is compiled twice.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/karen/target
# The engine's threads wait for each other at every layer: passive waiting keeps a busy machine quick.
export OMP_WAIT_POLICY ?= passive

# What an example says, and which.
NAME ?= chat
SAY ?= My dog is called Biscuit.

.PHONY: run example test test-python wheel check bench prove services services-stop setup setup-tests

run: setup ## Builds Karen and serves it on 127.0.0.1:8000, with everything in ./karen-data
	cargo build --quiet --workspace --bin karen-server
	$(CARGO_TARGET_DIR)/debug/karen-server --set models.demo=tests/model/karen-demo.gguf serve

example: setup ## Runs a program of examples/: make example NAME=chat SAY="My dog is called Biscuit."
	cargo build --quiet --workspace --example $(NAME)
	$(CARGO_TARGET_DIR)/debug/examples/$(NAME) "$(SAY)"

test: setup-tests services ## Runs every test, on the real servers too
	scripts/test-python.sh
	env $$(scripts/services.sh env) cargo test --workspace --no-fail-fast

test-python: setup-tests ## The Python package, from its wheel, on every CPython that is here
	scripts/test-python.sh

wheel: setup ## Builds the Python package, optimised: one wheel for CPython 3.10 and later
	scripts/wheel.sh

check: setup-tests ## Format, lints, docs, licences and advisories
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --features karen-core/testing
	cargo deny --offline check --hide-inclusion-graph bans licenses sources

bench: setup ## Builds karen-bench, optimised
	cargo build --release --workspace --bin karen-bench
	@echo "$(CARGO_TARGET_DIR)/release/karen-bench"

prove: setup-tests services ## The long campaigns: hundreds of kills, thousands of broken inputs, strangers' tools
	env KAREN_PROVE=1 scripts/test-python.sh
	env KAREN_PROVE=1 $$(scripts/services.sh env) cargo test --workspace --no-fail-fast
	tests/attack.sh

services: ## Starts the real servers that tests run against: scripts/services.sh env prints their addresses
	scripts/services.sh start

services-stop: ## Stops them
	scripts/services.sh stop

setup: ## Installs what building needs
	scripts/setup.sh build

setup-tests: ## Installs what testing needs
	scripts/setup.sh build test
