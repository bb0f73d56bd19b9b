# The verbs of this project. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh

BIN := .venv/bin
CITY ?= national
QUARTER ?=
REPORT_LANG ?= zh
OUT ?= output/$(CITY)
SERIES ?= ../shared/series
NOTEBOOKS ?= run
TARGET ?= all
SECONDS ?= 600
export PYTHON

.PHONY: help setup report bench bench-check fuzz forecast-backtest forecast-ablation reserving-table small-groups-table sampled-reserves calibration fast-path warn-record test test-slow lint types imports notebooks ci lock environment format clean docs

help:  ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup:  ## make .venv with the pinned packages (the other verbs do it by themselves)
	@tools/bootstrap.sh

report: setup  ## write the quarterly actuarial report (CITY=, QUARTER=, REPORT_LANG=zh|en, OUT=)
	@$(BIN)/actuary report --city $(CITY) $(if $(QUARTER),--quarter $(QUARTER)) --lang $(REPORT_LANG) --out $(OUT) || \
		{ status=$$?; [ $$status -eq 3 ] || exit $$status; }  # 3: written, but lacks what its cover names

test: setup  ## run the tests
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

test-slow: setup  ## run the tests that start processes or take seconds: the command line, whole reports, samplers
	$(BIN)/python -m pytest -n auto --dist loadfile -m slow

lint: setup  ## style, formatting, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/write_environment.py --check
	$(BIN)/python tools/write_dependencies.py --check

types: setup  ## static types
	$(BIN)/mypy

imports: setup  ## import contracts between the layers
	$(BIN)/lint-imports --no-logo

notebooks: setup  ## run the notebooks whose data are here, compare their outputs, say how many cells and seconds
	PYTHONPATH=tools $(BIN)/python -m pytest --nbval-lax --nbval-current-env -p no:cacheprovider -p notebook_report $$($(BIN)/python tools/runnable_notebooks.py)

docs: setup  ## build docs/, the notebooks and the docstrings as a site, in output/docs (NOTEBOOKS=off: do not run them)
	@$(BIN)/python tools/build_docs.py --notebooks $(NOTEBOOKS)

ci: lint types imports test test-slow notebooks  ## everything that must hold before a change lands
	$(MAKE) report OUT=output/ci
	$(BIN)/actuary check

bench: setup  ## measure every hot path beside its peer; writes benchmarks/results.json and docs/benchmarks.md (ONLY="grouping")
	@$(BIN)/python benchmarks/suite.py $(if $(ONLY),--only $(ONLY))
	@$(BIN)/python tools/write_nation_table.py

bench-check: setup  ## measure again; fail when a ratio has fallen by more than 30 % against the kept results (ONLY=)
	@$(BIN)/python benchmarks/suite.py --check $(if $(ONLY),--only $(ONLY))

forecast-backtest: setup  ## back-test forecasts on the reference series and write docs/forecast-backtest.md
	@$(BIN)/python tools/forecast_backtest_table.py

forecast-ablation: setup  ## leave terms of the forecast out one by one, for docs/forecast-model.md
	@$(BIN)/python -m tools.forecast_ablation

warn-record: setup  ## replay the warning rules over history and write their records and the table in docs/warnings.md
	@$(BIN)/python tools/warning_record.py

calibration: setup  ## calibrate the sampled models by simulation and write docs/calibration (goes on where it stopped)
	@$(BIN)/python tools/simulation_based_calibration.py

fast-path: setup  ## hold the fast forecasts against the sampled ones on the reference series, for docs/forecast-bayes.md
	@$(BIN)/python tools/fast_path_and_sampler.py

reserving-table: setup  ## score reserves against later cut-offs and write docs/reserving.md (SERIES=folder of the series)
	@$(BIN)/python tools/reserving_table.py --data $(SERIES)

small-groups-table: setup  ## test shrunk group means on real stays and write docs/small-groups.md (SERIES=)
	@$(BIN)/python tools/small_groups_table.py --data $(SERIES)

sampled-reserves: setup  ## hold reserves and small groups against the same models under NUTS; writes docs/reserves-sampled.md
	@$(BIN)/python tools/sampled_reserves_table.py

fuzz: setup  ## bend inputs of every reader and verb until one breaks (TARGET=, SECONDS=); findings under output/fuzz
	@status=0; if [ "$(TARGET)" = cli ] || [ "$(TARGET)" = bent ]; then $(BIN)/python -m fuzz.cli $(TARGET) --seconds $(SECONDS) --seed $$(date +%s) --count; \
		else $(BIN)/python -m fuzz.run $(TARGET) --seconds $(SECONDS); fi || status=$$?; \
		$(BIN)/python tools/write_fuzz_table.py && exit $$status

lock: setup  ## pin the newest versions that pyproject.toml allows; writes requirements.lock and environment.yml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --extra dev --python-version 3.12 --upgrade pyproject.toml --output-file requirements.lock
	$(BIN)/python tools/write_environment.py

environment: setup  ## write environment.yml from pyproject.toml
	$(BIN)/python tools/write_environment.py

format: setup  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove what these verbs made, but the environment
	rm -rf output .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
