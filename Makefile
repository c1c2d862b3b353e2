# Two commands are all a newcomer needs: `make demo` and `make test`. Each makes what it needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo quick test test-all test-lowest fuzz check format docs bench wheel clean
.DEFAULT_GOAL := help

.PHONY: help
help:
	@echo "make demo         evaluate the bundled customers and compare two policies (writes out/report.md)"
	@echo "make quick        run the tests that need no compiled code (under a minute)"
	@echo "make test         run the tests"
	@echo "make test-all     run all tests, also the long ones: statistics, killed processes, the wheel, documentation"
	@echo "make test-lowest  run the quick tests with the lowest allowed versions of the dependencies"
	@echo "make fuzz         try hostile inputs of every kind for an hour"
	@echo "make check        lint, format check, strict types"
	@echo "make docs         build the documentation into out/docs"
	@echo "make bench        run the benchmarks and print a table"

.venv/made:
	@echo "making .venv ..."
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/core: .venv/made pyproject.toml constraints.txt
	@echo "installing the locked dependencies into .venv ..."
	@$(PIP) --editable .
	@touch $@

.venv/dev: .venv/core
	@echo "installing the locked development tools into .venv ..."
	@$(PIP) --editable '.[dev]'
	@touch $@

# On this day, three bundled customers need an action. On the latest date in the records, none does.
DEMO_DATE := 2025-01-14

demo: .venv/core
	@mkdir -p out
	$(BIN)/journey evaluate --as-of $(DEMO_DATE) --report out/evaluation.md
	@echo
	@echo "That was $(DEMO_DATE), a day with actions to take. Today's state (the latest date): $(BIN)/journey evaluate"
	@echo
	$(BIN)/journey compare onboarding_outreach --report out/report.md

PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

quick: .venv/dev
	HYPOTHESIS_LEVEL=quick $(PYTEST) -m 'not slow and not medium and not compiled'

test: .venv/dev
	HYPOTHESIS_LEVEL=test $(PYTEST)

test-all: .venv/dev .venv/docs
	$(PYTEST) -m ''

.venv-lowest/dev: pyproject.toml constraints-lowest.txt
	@echo "installing the lowest allowed versions into .venv-lowest ..."
	@$(PYTHON) -m venv .venv-lowest
	@.venv-lowest/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints-lowest.txt \
		--editable . dask distributed hypothesis pandas polars pyarrow pytest pytest-benchmark pytest-timeout
	@touch $@

test-lowest: .venv-lowest/dev
	HYPOTHESIS_LEVEL=quick .venv-lowest/bin/python -m pytest -m 'not slow and not medium and not compiled' \
		-W ignore::DeprecationWarning

fuzz: .venv/dev
	$(BIN)/python -m tests.fuzz

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/docs: .venv/dev
	@echo "installing the locked tools for the documentation into .venv ..."
	@$(PIP) --editable '.[dev,docs]'
	@touch $@

# Warnings, such as a link to a missing page or heading, end the build.
docs: .venv/docs
	$(BIN)/python -m zensical build --strict
	@echo "open out/docs/index.html; for the search: $(BIN)/python -m http.server --directory out/docs"

.venv/peers: .venv/dev
	@echo "installing the libraries that the benchmarks compare with into .venv ..."
	@$(PIP) --editable '.[dev,peers]'
	@touch $@

bench: .venv/peers
	$(BIN)/python -m benchmarks

wheel: .venv/dev
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf .venv .venv-lowest .cache build dist out *.egg-info
