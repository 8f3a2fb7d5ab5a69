# Development commands. `make build` once, then `make test`; `make check` is what CI runs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: build rebuild test format lint check clean

build: $(BIN)/perilune

$(BIN)/perilune:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q "scikit-build-core>=1.1"
	$(BIN)/pip install -q -e ".[dev]"

# After editing a .c file.
rebuild:
	$(BIN)/pip install -q --no-build-isolation --no-deps -e .

test: build
	$(BIN)/pytest -q

format:
	$(BIN)/ruff check -q --fix-only .
	$(BIN)/ruff format .

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict

check:
	.ci/run

clean:
	rm -rf build
