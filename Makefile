# `make demo` shows the main job; `make test` is what CI runs. Both install what they need in .venv.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint oracle readme clean

.venv/demo: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/dev: .venv/demo
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: .venv/demo
	@echo "== One prompt, as form fields:"
	$(BIN)/flaglift translate 'ohwx woman on a ridge --video --video_model seedance_v15_720p --duration 5 --video_prompt "she smiles"'
	@echo
	@echo "== A file of prompts, linted (findings make the exit code 1, which the demo expects):"
	! $(BIN)/flaglift check examples/prompts.txt
	@echo
	@echo "== What the fixes would change:"
	! $(BIN)/flaglift check --diff --unsafe-fixes examples/prompts.txt

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: demo lint
	$(BIN)/pytest --cov --cov-report=term

# The comparison with the reference reader on a million prompts, instead of CI's 20,000.
oracle: .venv/dev
	FLAGLIFT_ORACLE_EXAMPLES=1000000 $(BIN)/pytest tests/test_oracle.py

# Writes the generated parts of the README.
readme: .venv/dev
	$(BIN)/python tests/update_readme.py

clean:
	rm -rf .venv build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
