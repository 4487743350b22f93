# `make demo` and `make test` do all of their own set-up on a fresh clone: Python 3.11 or newer, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# In CI what failed beside everything else runs once more, alone; CONTRIBUTING.md says why. Only where all tests were run (1).
AGAIN = { failed=$$?; [ "$(CI)" = true ] && [ $$failed -eq 1 ] && $(BIN)/pytest --last-failed --last-failed-no-failures none; }

# Hundreds of short processes import the same modules: each is compiled once, whatever the environment says (empty: it is written).
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long test-integrations test-environments test-pythons lint format wheel lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: $(READY)  ## make the virtual environment .venv, everything locked with hashes

$(READY): requirements/dev.txt requirements/uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Leadline needs Python 3.11 or newer, this is %s; run: make PYTHON=python3.11 $(MAKECMDGOALS)" % sys.version.split()[0])'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements/dev.txt -r requirements/uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## a team's quarter on real flights, on the local stack
	$(BIN)/leadline demo $(ARGS)

test: $(READY) lint  ## all tests but the long ones, in a few minutes
	$(BIN)/pytest -m 'not slow and not integration' -n 3 --dist loadfile --no-loadscope-reorder $(ARGS) || $(AGAIN)

test-long: $(READY)  ## the long fault tests
	$(BIN)/pytest -m slow $(ARGS) || $(AGAIN)

test-integrations: $(READY)  ## Airflow, Spark and dbt report to a running stack, each in an environment of its own
	$(BIN)/pytest -m integration $(ARGS) || $(AGAIN)

test-environments: $(READY)  ## tests beside foreign libraries, each in an environment of its own; ARGS=NAME for one
	$(BIN)/python -m tests.environments $(ARGS)

test-pythons: $(READY)  ## the library's unit tests on every Python that is found, and on the lowest versions of its dependencies
	$(BIN)/python -m tests.pythons $(ARGS)

lint: $(READY)  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## mend the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(READY)  ## build the wheel into dist/
	VIRTUAL_ENV=$(VENV) $(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .

lock:  ## renew the locked dependencies
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --extra demo --group dev -o requirements/dev.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -o requirements/base.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --extra app --extra processors --extra sinks -o requirements/services.txt pyproject.toml
	echo uv | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -o requirements/uv.txt -

clean:  ## remove what was built
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
