# Everything that is done to tapeout day by day. Needs Python with pip, and make.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
ARGS ?=

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Stamps: what has been installed into the environment since the project's settings last changed.
BASE := $(VENV)/.installed-base
DEV := $(VENV)/.installed-dev
BENCH := $(VENV)/.installed-bench
SETTINGS := pyproject.toml setup.py

define HELP
make demo      train a digit classifier (examples/digits.py)
make test      run the tests            ARGS="-k name" passes options to pytest, JOBS=1 uses one process
make check     formatting, lint, types and tests
make lint      check formatting and lint only
make types     check types only
make format    rewrite the sources in the project's format
make bench     time training beside PyTorch and JAX, which it installs   ARGS="--quick" or "--json FILE"
make clean     remove caches and build products
make distclean the same, and the environment

The environment is $(VENV), made with $(PYTHON); VENV=... and PYTHON=... choose others.
endef

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo venv test check lint types format bench clean distclean

help:
	$(info $(HELP))
	@:

demo: $(BASE)
	$(BIN)/python examples/digits.py

venv: $(DEV)

test: $(DEV)
	$(BIN)/pytest -n $(JOBS) --durations=10 $(ARGS)

check: lint types test

lint: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# mypy takes a package's name from its folder, and a checkout may be called anything: this link is called tapeout.
types: $(DEV)
	mkdir -p $(VENV)/typing
	ln -sfn "$(CURDIR)" $(VENV)/typing/tapeout
	MYPYPATH=$(VENV)/typing $(BIN)/mypy

format: $(DEV)
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

bench: $(BENCH)
	$(BIN)/python benchmarks/training.py $(ARGS)

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV)

# This runs only where the interpreter is missing, or is a link to one that has gone: hence --clear.
$(BIN)/python:
	$(PYTHON) -m venv --clear $(VENV)

$(BASE): $(SETTINGS) $(BIN)/python
	$(INSTALL) -e .
	touch $@

$(DEV): $(SETTINGS) $(BIN)/python
	$(INSTALL) -e '.[dev]'
	touch $@ $(BASE)

$(BENCH): $(SETTINGS) $(BIN)/python
	$(INSTALL) -e '.[bench]'
	touch $@ $(BASE)
