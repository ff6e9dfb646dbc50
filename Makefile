# Two commands on a fresh machine: `make run` and `make test`. Needs Python 3.11 or newer, pip and make; no Node, no Docker.
PYTHON ?= python3
# With LAN=1 phones on the network are served too, over HTTPS.
HOST ?= $(if $(LAN),,127.0.0.1)
PORT ?= 8000
DATA ?= data
VENV := .venv
BIN := $(VENV)/bin
# Debian's bare Python has no ensurepip: the environment is made without pip, and the system's pip fills it.
PIP := $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check install --quiet
FRONTEND := $(shell find webapp/frontend -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: run test check bench devices lock clean help
.DEFAULT_GOAL := help

help: ## Show what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run ## Set up and start the demo: live readings in a browser
	@$(BIN)/fieldproof up --demo $(if $(LAN),--lan) $(if $(HOST),--host $(HOST)) --port $(PORT) --data $(DATA)

test: $(VENV)/.dev ## Install what the tests need where that is possible, and run them
	@tests/services.sh
	@$(BIN)/python -m tests.frontend test
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.dev ## Lint, types, import arrows, sizes, deploy files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.gates.sizes
	$(BIN)/python deploy/check.py
	$(BIN)/python -m tests.frontend typecheck lint size

bench: $(VENV)/.dev ## Measure; ONLY=name for one, RUNS=n of each; writes build/bench.json
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(RUNS),--runs $(RUNS))

devices: $(VENV)/.dev ## Write device_configs/schema.json and docs/devices.md again, from the device profiles
	@$(BIN)/python -m collector.devices.generate

lock: $(VENV)/.dev ## Renew the hash-pinned requirements
	$(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --upgrade requirements/build.in -o requirements/build.txt
	$(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --upgrade pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --upgrade --extra dev --no-emit-package fieldproof pyproject.toml requirements/build.in -o requirements/dev.txt
	$(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --upgrade --no-deps requirements/edge-node.in -o requirements/edge-node.txt

clean: ## Remove what was built; your data stays
	rm -rf $(VENV) build webapp/static webapp/frontend/node_modules

# --require-hashes refuses a local project, so the project comes last, on its own, with what is installed by then.
$(VENV)/.run: requirements/run.txt requirements/build.txt pyproject.toml hatch_build.py $(FRONTEND)
	@echo "Setting up (about a minute the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@$(PIP) --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# The Sparkplug edge node of the tests asks for a paho and a protobuf of years ago; it works with ours, so it comes alone.
$(VENV)/.dev: $(VENV)/.run requirements/dev.txt requirements/edge-node.txt
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) --require-hashes --no-deps -r requirements/edge-node.txt
	@touch $@
