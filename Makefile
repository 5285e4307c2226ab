# One door for everything. Needs make and Python 3.11 or newer with venv; the rest comes from requirements.lock.
SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
ROOMS := $(wildcard schemas brain sinks replay streams benchmarks)

export PIP_ROOT_USER_ACTION := ignore
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help setup run kafka test soak bench bench-quick clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile

setup: $(READY) ## make the virtual environment; instant when the lock has not changed

run: $(READY) ## play the small drill: a town's records of twelve departments, traced, scored against the truth
	$(BIN)/brain drill run small

kafka: $(READY) ## the same through a real Kafka on this machine: broker, workers, lake; they go on until brain drain
	$(BIN)/brain drill run small --kafka

test: $(READY) ## all checks: style, types, who imports whom, tests
	$(BIN)/ruff check .
	$(BIN)/mypy --strict $(ROOMS)
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -m "not kafka and not alone" -n auto --dist loadfile
	$(BIN)/python -m pytest -m "kafka and not alone" -n 2 --dist loadfile
	$(BIN)/python -m pytest -m alone

soak: $(READY) ## failures by the thousand: an hour of them
	SIMULATION_SEEDS=20000 LAW_SEEDS=1000 $(BIN)/python -m pytest tests/test_simulation.py tests/test_laws.py tests/test_kills.py

bench: $(READY) ## measure this machine, all of it: under an hour; the table of budgets in benchmarks/README.md is made of it
	$(BIN)/python -m benchmarks

bench-quick: $(READY) ## the same, small: minutes; says whether all works, not how fast
	$(BIN)/python -m benchmarks --size quick

clean: ## remove the virtual environment, caches and build output; leaves out/ alone
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; \
	$(PYTHON) is `$(PYTHON) --version 2>&1`. Name another: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-index --no-build-isolation --editable .
	@touch $@
