# Every target installs what it needs by itself; nothing else has to be done first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RUN := PYTHONPATH=. $(BIN)/python

.PHONY: demo up test check format bench clean

demo: $(STAMP)
	$(BIN)/mallard demo

up: $(STAMP)
	$(BIN)/mallard up

test: $(STAMP)
	@./tests/install_chromium.sh
	$(BIN)/pytest

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/tests/*.sql

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(RUN) -m benchmarks

clean:
	rm -rf var build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache $(VENV)

# Half an install is no install: the stamp comes last.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Mallard needs Python 3.11 or newer: make PYTHON=python3.12 …") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(STAMP)
