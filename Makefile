# `make demo` shows the main job; `make test` is what CI runs. Both install what they need in .venv.

PYTHON ?= python3
BIN := .venv/bin
# Hundreds of commands are started by the tests: none of them needs to compile flaglift again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: docs playground constraints supply release-check fuzz mutants growth trust bench bench-migrate bench-repository bench-shim bench-spark soak story demo vscode test test-most test-spark test-recipes lint oracle readme kills clean

.venv/demo: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/dev: .venv/demo tests/constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]' \
		--constraint tests/constraints.txt
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
	@echo
	@echo "== A file of stored prompts, migrated into build/ (what is refused makes the exit code 1):"
	@rm -rf build/demo && mkdir -p build/demo && cp examples/prompts.jsonl build/demo
	! $(BIN)/flaglift migrate plan build/demo/prompts.jsonl --samples 1 --html build/demo/plan.html
	! $(BIN)/flaglift migrate apply build/demo/prompts.jsonl --accept-successors --quiet
	diff build/demo/prompts.jsonl build/demo/prompts.migrated.jsonl || true
	@echo "The plan to look at: build/demo/plan.html"

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Two environments, one coverage: what only Spark runs counts with what the others run. What this
# machine lacks and no wheel brings is left out, named at the end, and counts for nothing. What uses
# one core runs beside something else.
NOT_TESTED := build/not-tested.txt

test: demo .venv/dev
	$(MAKE) --jobs=2 lint .venv-spark/dev
	@rm -f $(NOT_TESTED) .coverage .coverage.*
	FLAGLIFT_NOT_TESTED=$(NOT_TESTED) $(MAKE) --jobs=2 test-most test-spark
	$(BIN)/coverage combine --keep .coverage.most .coverage.spark
	if [ -s $(NOT_TESTED) ]; then $(BIN)/coverage report --fail-under=0; cat $(NOT_TESTED); \
	else $(BIN)/coverage report; fi

test-most: .venv/dev
	$(BIN)/python tests/peers.py bring node npm nvim
	COVERAGE_FILE=.coverage.most $(BIN)/pytest \
		-n auto --dist worksteal --cov --cov-report= --cov-fail-under=0

.venv-spark/dev: pyproject.toml tests/constraints.txt
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/pip install --quiet --disable-pip-version-check --editable '.[dev-spark]' \
		--constraint tests/constraints.txt
	touch $@

# On a real Spark, which takes 1 GB in .venv-spark; and the recipes for Polars and DuckDB.
test-spark: .venv-spark/dev
	.venv-spark/bin/python tests/peers.py bring java
	COVERAGE_FILE=.coverage.spark .venv-spark/bin/pytest tests/spark tests/recipes/test_light.py \
		--cov --cov-report= --cov-fail-under=0

.venv-recipes/dev: pyproject.toml
	$(PYTHON) -m venv .venv-recipes
	.venv-recipes/bin/pip install --quiet --disable-pip-version-check --editable '.[dev-recipes]'
	touch $@

# The recipes for Ray and Daft, which take 800 MB more; CI does not run them.
test-recipes: .venv-recipes/dev
	.venv-recipes/bin/pytest tests/recipes/test_heavy.py

# The comparison with the reference reader on a million prompts, instead of CI's 20,000.
oracle: .venv/dev
	FLAGLIFT_ORACLE_EXAMPLES=1000000 $(BIN)/pytest --timeout 0 -n auto tests/test_oracle.py

# Bytes that break what has to hold for all bytes: a minute for each kind, `LONG=1` an hour, `SECONDS=300`,
# `FUZZ="check-yaml store-csv"` as you like; `PAIR=7` two of the kinds, others for each number.
SECONDS ?= $(if $(LONG),3600,60)

fuzz: .venv/dev
	$(BIN)/pip install --quiet --disable-pip-version-check 'atheris>=3.0'
	set -e; for target in $(or $(FUZZ),$$($(BIN)/python tools/fuzz.py names $(PAIR))); do \
		$(BIN)/python tools/fuzz.py $$target $(SECONDS); done

# Small changes of the code that no test notices: `make mutants ROOM=syntax`, all rooms without; with
# `SINCE=origin/main` only in the functions that differ from there, with `SAMPLE=400` so many of each room.
mutants: .venv/dev
	$(BIN)/pip install --quiet --disable-pip-version-check 'mutmut>=3.8'
	$(BIN)/python tools/mutants.py $(ROOM) $(if $(SINCE),--since $(SINCE)) \
		$(if $(SAMPLE),--sample $(SAMPLE))

# Time and memory of everything that takes input, at `GROWTH` bytes of each kind of hostile input; `ENTRY=parse`
# for one entry point.
GROWTH ?= 10000000

growth: .venv/dev
	$(BIN)/python tests/growth.py $(GROWTH) $(ENTRY)

# All that finds faults, each in bounded form, as one table: `make trust ROW=fuzz` runs one row anew.
trust: .venv/dev
	$(BIN)/python tools/trust.py $(ROW)

# The site, from docs/ and the code, into the package: `flaglift docs` opens it. Nothing is fetched.
docs: .venv/dev
	$(BIN)/sphinx-build -q -E -W --keep-going -b html -d build/doctrees docs src/flaglift/site
	@echo "The site: src/flaglift/site/index.html"

# The playground, a static page that runs flaglift in the browser, into the site. It needs npm.
playground: .venv/dev
	$(BIN)/python tools/build_playground.py src/flaglift/site/playground

# What comes into the environment of users: types, advisories, bill of materials.
supply: .venv/dev
	$(BIN)/nox

# The versions that the tests were last run with, of all environments.
constraints: .venv/dev .venv-spark/dev
	{ $(BIN)/pip freeze --exclude-editable; .venv-spark/bin/pip freeze --exclude-editable; } | sort -fu > tests/constraints.txt

# Wheel and sdist into dist/, with the site if it is built: the same twice, complete, and working.
release-check: .venv/dev
	$(BIN)/python tools/release.py

# Writes what commands print into README and the site's pages, where it changed; and the picture.
readme: .venv/dev
	$(BIN)/python tests/docs/snippets.py README.md $$(find docs -name '*.md' -not -path '*/generated/*')
	$(BIN)/python tests/picture.py

# The tutorial of two million rows, run as it is: about half an hour of an idle machine.
story: .venv/dev
	$(BIN)/python tests/docs/story.py

# How fast everything is, as ratios: one table, also written to benchmarks/results.json.
bench: .venv/dev .venv-spark/dev
	$(BIN)/python benchmarks/bench.py

# A Spark job beside one that does nothing, in its own environment.
bench-spark: .venv-spark/dev
	.venv-spark/bin/python benchmarks/spark.py

# Stored prompts: rows a second of every store beside bare reading and writing; the memory of large files.
bench-migrate: .venv/dev
	$(BIN)/python benchmarks/migrate.py
	$(BIN)/python benchmarks/migrate.py --memory

# Files: a run over a large tree beside git grep and codespell, the start beside pyupgrade and sqlfluff.
bench-repository: .venv/dev
	$(BIN)/pip install --quiet --disable-pip-version-check codespell pyupgrade sqlfluff
	$(BIN)/python benchmarks/repository.py

# Requests: the proxy beside its mode `off` and nginx; and ten minutes of it under faults.
bench-shim: .venv/dev
	$(BIN)/python benchmarks/shim.py

soak: .venv/dev
	FLAGLIFT_SOAK_SECONDS=600 $(BIN)/pytest --timeout 0 --log-cli-level=WARNING tests/shim/test_soak.py

# SIGKILL at random moments of migrations: `make kills KILLS=1000` for each kind of source.
KILLS ?= 200

kills: .venv/dev
	FLAGLIFT_KILLS=$(KILLS) $(BIN)/pytest --timeout 0 -n auto tests/migrate/test_kill.py -k random

# The extension for VS Code, as editors/vscode/dist/flaglift.vsix.
vscode:
	cd editors/vscode && npm ci --no-audit --no-fund && npm run build && npm run package

clean:
	rm -rf src/flaglift/site docs/reference/generated playground/node_modules .venv .venv-spark .venv-recipes build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
