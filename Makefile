# Two commands are all a newcomer needs: `make demo` and `make test`. Each makes what it needs.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test test-all check format bench wheel clean
.DEFAULT_GOAL := help

.PHONY: help
help:
	@echo "make demo      judge the bundled customers and compare two policies (writes out/report.md)"
	@echo "make test      run the tests"
	@echo "make test-all  run the tests, the long statistical ones too"
	@echo "make check     lint, format check, strict types"
	@echo "make bench     run the benchmarks and print a table"

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

demo: .venv/core
	@mkdir -p out
	$(BIN)/journey evaluate --report out/evaluation.md
	$(BIN)/journey compare onboarding_outreach --report out/report.md

test: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-all: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile -m ''

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/peers: .venv/dev
	@echo "installing the libraries that the benchmarks compare with into .venv ..."
	@$(PIP) --editable '.[dev,peers]'
	@touch $@

bench: .venv/peers
	$(BIN)/python -m benchmarks

wheel: .venv/dev
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf .venv build dist out *.egg-info
