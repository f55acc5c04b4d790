# make demo                 compare the methods on synthesized boards
# make demo DATA=<folder>   compare them on a folder of recordings
# make test                 every check that a change has to pass; prints the coverage
# make test-slow            tests that take minutes
# make venv                 only the virtual environment, in .venv

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# OpenMP threads that wait for work would otherwise keep a core busy.
export OMP_WAIT_POLICY := passive

.PHONY: demo test test-slow lint venv clean

demo: venv
	$(BIN)/tapsklearn $(if $(DATA),compare "$(DATA)",demo)

test: lint
	SCIPY_ARRAY_API=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal --quiet --cov

test-slow: venv
	SCIPY_ARRAY_API=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal --quiet -m slow

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

venv: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV)
