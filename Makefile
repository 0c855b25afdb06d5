# Everything a person or CI runs; `make help` lists it. Needs make and Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready
NODE_READY := node_modules/.ready
PACKAGE := synkro_assets tests benchmarks
HOME_FOLDER := $(or $(SYNKRO_HOME),.synkro)

.DEFAULT_GOAL := help
.PHONY: help demo test check check-style check-types check-sql check-compose up bench clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(RUN_READY) ## the main job end to end on simulated providers, report printed
	$(BIN)/synkro demo

up: $(RUN_READY) ## everything on this machine with demo companies; Ctrl-C stops it
	$(BIN)/synkro up --demo

# In this order, which is not by the number of tests as xdist would have it: the long files first, so that no worker
# ends alone with one of them. The slowest tests are named at the end.
test: $(DEV_READY) $(NODE_READY) ## unit, integration, row security, journey and convention tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=25 --durations-min=5 \
		tests/journeys tests/integration tests/conventions tests/unit
	@$(BIN)/python -m tests.tools

check: check-style check-types check-sql check-compose ## ruff, mypy, import contracts, dbt parse, SQL lint, Compose

check-style: $(DEV_READY)
	$(BIN)/ruff check $(PACKAGE)
	$(BIN)/ruff format --check $(PACKAGE)
	$(BIN)/lint-imports

check-types: $(DEV_READY)
	$(BIN)/mypy

check-sql: $(DEV_READY)
	$(BIN)/python -m synkro_assets.storage.transforms
	$(BIN)/sqlfluff lint --disable-progress-bar --nocolor dbt_project/models dbt_project/tests
	$(BIN)/squawk supabase/migrations/*.sql

check-compose: $(DEV_READY) $(NODE_READY)
	$(BIN)/python -m tests.compose

bench: $(DEV_READY) ## speed and memory against their bounds, as a table
	$(BIN)/python -m benchmarks

clean: ## delete the environment and build results; with DATA=yes the embedded database too
	@if [ "$(DATA)" = yes ] && [ -x $(BIN)/python ]; then \
		$(BIN)/python -m synkro_assets.storage.embedded_server discard "$(HOME_FOLDER)" && \
		rm -rf "$(HOME_FOLDER)"; fi
	rm -rf $(VENV) node_modules build *.egg-info dbt_project/target dbt_project/logs
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Synkro needs Python 3.11 or newer: set PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUN_READY): $(VENV)/.made requirements.txt pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m synkro_assets.storage.transforms
	@touch $@

$(DEV_READY): $(RUN_READY) requirements-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# Supabase's own tools; suites that need them name themselves where there is no npm. Not `npm ci`, which refuses a lock
# without the binaries of other platforms, and a registry may have none of them.
$(NODE_READY): package.json package-lock.json
	@if command -v npm >/dev/null; then npm install --no-save --no-audit --no-fund --no-progress && touch $@; \
	else echo "npm is missing: the suites that need Supabase's tools do not run"; fi
