# Two commands need nothing but Python 3.11 or newer: make demo, make test.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test lint types bench refutations clean

$(READY): pyproject.toml setup.py constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/mathrl solve graphs "connected, n >= 3: lambda1 + mu >= sqrt(n-1) + 1"

test: $(READY)
	$(BIN)/python -m pytest -q

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy cannot follow the editable install's import hook, so it reads a normally installed wheel, from outside the root.
types: $(READY)
	rm -rf build/types && mkdir -p build/types
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w build/types .
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target build/types/site build/types/*.whl
	cd build/types && MYPYPATH=site ../../$(BIN)/mypy --config-file= --python-executable ../../$(BIN)/python --strict -p mathrl

bench: $(READY)
	$(BIN)/python tests/benchmarks/run.py

# Every refuted conjecture of the catalogue, refuted again: about three minutes.
refutations: $(READY)
	$(BIN)/python tests/benchmarks/refutations.py

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache
