# `make help` lists all targets and variables. Needs Python (3.11 or newer), make and git.

##= DATA_ROOT=data       folder of data sets (may be relative); `make test` reads real data only if it is given
##= SEEDS=3              number of seeds (0, 1, 2, ...); default: 1, or as in a study file of your own
##= JOBS=2               runs in parallel; default: as many as cores and memory allow
##= PRECISION=float32    of the default runs: bfloat16 or float32; default: what the machine computes natively
##= CELL=3ba722bc        for verify: a run of the reference, as tables name it; CELL=3ba722bc:4 for seed 4
##= PROFILE=cpu          geometry and training length: paper, cpu, small, smoke
##= ONLY=memory=none     only the runs that match
##= SCHEDULER=tcp://...  a Dask cluster of your own instead of a local one
##= MODE=fast            faster training; last digits differ, and records say so; default: as in the study file
##= DEVICE=cuda          where runs compute; default: cuda if available
##= THREADS=1            threads per run; default: cores divided by JOBS
##= STUDY=ped2           for tables, table and figures: one study; for plan and reproduce: also a file, mine.toml
##= COLUMNS=method,auc   for table: which columns; an unknown name lists them
##= OUT=thesis/ped2      for table: write thesis/ped2.md and .tex instead of printing both
##= FORMAT=pdf           for figures: pdf or svg in results/paper, instead of png in results/figures
##= WIDTH=3.4            for figures: column width in inches, in results/paper; default: each figure's own
##= ARCHIVE=file.tar.gz  for data: a release that you already have
##= PORT=5000            for ui
##= ARGS=...             more arguments for the command: of benchmarks, pytest or uv
##= PYTHON=python3.12    Python to create .venv with
##= TORCH_INDEX=...      package index for torch (CPU or CUDA wheels); default: pip's own
##= VENV_PYTHON=python   use the active environment (conda: environment.yml) and set up nothing
DATA_ROOT ?= data
PORT ?= 5000

VENV ?= .venv
ifeq ($(origin VENV_PYTHON),undefined)
VENV_PYTHON := $(VENV)/bin/python
READY := $(VENV)/.installed
else
READY :=
endif

# A leading ~ is expanded here: inside quotes the shell would not.
DATA_FOLDER = $(patsubst ~/%,$(HOME)/%,$(DATA_ROOT))
TORCH = $(shell sed -n 's/.*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)
BENCHMARKS = @PYTHONUNBUFFERED=1 $(VENV_PYTHON) -m benchmarks
CELLS = $(if $(SEEDS),--seeds "$(SEEDS)") $(if $(PROFILE),--profile "$(PROFILE)")
DATA = --data-root "$(DATA_FOLDER)"
CHOSEN = $(DATA) $(CELLS) $(if $(ONLY),--only "$(ONLY)") $(if $(DEVICE),--device "$(DEVICE)")
PRECISE = $(if $(PRECISION),--precision "$(PRECISION)")
RUNS = $(CHOSEN) $(PRECISE) $(if $(MODE),--mode "$(MODE)") \
	$(if $(JOBS),--jobs "$(JOBS)") $(if $(THREADS),--threads "$(THREADS)") $(if $(SCHEDULER),--scheduler "$(SCHEDULER)")
# A shell may export COLUMNS, the width of its terminal: what counts is what stands on the command line.
CHOICE = $(if $(filter command,$(firstword $(origin COLUMNS))),--columns "$(COLUMNS)") $(if $(OUT),--out "$(OUT)")
MEDIUM = $(if $(FORMAT),--format "$(FORMAT)") $(if $(WIDTH),--width "$(WIDTH)")
PIP = $(VENV)/bin/python -m pip --quiet --quiet --disable-pip-version-check --no-input install

# A misspelt variable would be ignored, and the study run without it. Not in the help, but taken: what make itself reads,
# and what the commands read from their environment.
comma := ,
space := $(subst ,, )
listed = $(subst $(space),$(comma)$(space),$(strip $(1)))
known := $(shell sed -n 's/^##= \([A-Z_]*\)=.*/\1/p' "$(firstword $(MAKEFILE_LIST))")
given := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
taken := VENV SHELL MAKEFLAGS MLFLOW_TRACKING_URI VGG19_WEIGHTS CUDA_VISIBLE_DEVICES
unknown := $(call listed,$(filter-out $(known) $(taken),$(given)))
$(if $(unknown),$(error Expected variables among $(call listed,$(known)), but got $(unknown); correct the name))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Without it make looks for a file `plan-.o` to make `plan-` from, and takes .o for the name of a study.
.SUFFIXES:
.PHONY: help plan reproduce verify setup lock test lint docs bench bench-profiles clean measure tables table figures verdict report simulate memorisation import ui

##@ Study (studies: synthetic, ped2, smoke; sets: synthetic, pool, ped2, ped1, avenue, shanghaitech)
data-%: $(READY) ## Download or generate a data set and check it
	$(BENCHMARKS) data "$*" --data-root "$(DATA_FOLDER)" $(if $(ARCHIVE),--archive "$(ARCHIVE)") $(ARGS)

doctor-%: $(READY) ## Check a data set and say what is wrong
	$(BENCHMARKS) doctor "$*" --data-root "$(DATA_FOLDER)" $(ARGS)

plan-%: $(READY) ## List a study's runs (done, stale or missing) and their time; trains nothing
	$(BENCHMARKS) plan "$*" $(RUNS) $(ARGS)

reproduce-%: $(READY) ## Train a study's runs into my-results, then compare them with the reference
	$(BENCHMARKS) reproduce "$*" $(RUNS) $(ARGS)

rehearse-%: $(READY) ## Rehearse a study at smoke size, killed once and resumed; keeps nothing
	$(BENCHMARKS) rehearse "$*" $(RUNS) $(ARGS)

plan: $(READY) ## As plan-NAME, for a study file of your own (STUDY=mine.toml)
	$(if $(STUDY),,$(error Expected STUDY=, a name or a file such as mine.toml))
	$(BENCHMARKS) plan "$(STUDY)" $(RUNS) $(ARGS)

reproduce: $(READY) ## As reproduce-NAME, for a study file of your own (STUDY=mine.toml)
	$(if $(STUDY),,$(error Expected STUDY=, a name or a file such as mine.toml))
	$(BENCHMARKS) reproduce "$(STUDY)" $(RUNS) $(ARGS)

verify: $(READY) ## Train one run of the reference (CELL=) again and compare it, bit for bit; exit status 0 or 1
	$(if $(CELL),,$(error Expected CELL=, a run as the tables name it))
	$(BENCHMARKS) verify "$(CELL)" --data-root "$(DATA_FOLDER)" $(PRECISE) $(if $(DEVICE),--device "$(DEVICE)") $(ARGS)

reference-%: $(READY) ## Maintainers: take a study's finished runs from my-results over into the reference
	$(BENCHMARKS) reference "$*" $(ARGS)

grid-%: $(READY) ## Run a set's full factorial (synthetic, ped2, avenue, avenue-partial)
	$(BENCHMARKS) reproduce "grid-$*" $(RUNS) $(ARGS)

measure: $(READY) ## Measure the records again from their terms: other labels, new metrics; trains nothing
	$(BENCHMARKS) measure $(DATA) $(ARGS)

##@ Views (from results/runs; inspect: from checkpoints)
tables: $(READY) ## Write results/tables
	$(BENCHMARKS) tables $(if $(STUDY),"$(STUDY)") $(DATA) $(CELLS) $(ARGS)

table: $(READY) ## Show STUDY's table with COLUMNS, as Markdown and LaTeX; OUT=FILE writes both
	$(BENCHMARKS) table "$(or $(STUDY),$(error Expected a study, but got none; name one: make table STUDY=ped2))" $(CELLS) $(CHOICE) $(ARGS)

figures: $(READY) ## Write results/figures
	$(BENCHMARKS) figures $(if $(STUDY),"$(STUDY)") $(DATA) $(CELLS) $(MEDIUM) $(ARGS)

inspect-%: $(READY) ## Inspect a study's trained runs from their checkpoints; adds to their records
	$(BENCHMARKS) inspect "$*" $(CHOSEN) $(ARGS)

verdict: $(READY) ## Judge every claim; writes results/verdict.md
	$(BENCHMARKS) verdict $(DATA) $(ARGS)

report: $(READY) ## Write the whole study as one page, results/report/index.html
	$(BENCHMARKS) report $(DATA) $(ARGS)

simulate: $(READY) ## Measure the coverage of the intervals on simulated studies; writes results/statistics
	$(BENCHMARKS) simulate $(ARGS)

memorisation: $(READY) ## Study what networks memorise (minutes); writes results/memorisation
	$(BENCHMARKS) memorisation $(if $(SEEDS),--seeds "$(SEEDS)") $(ARGS)

import: $(READY) ## Import the records into MLflow; repeating it changes nothing
	$(BENCHMARKS) import $(ARGS)

ui: $(READY) ## Import the records into MLflow and serve it on 127.0.0.1
	$(BENCHMARKS) ui --port "$(PORT)" $(ARGS)

##@ Project
setup: $(READY) ## Set up .venv; other targets do so on first use

test: $(READY) ## Run the tests; with DATA_ROOT=... also those on real data
	@$(if $(filter file,$(origin DATA_ROOT)),,DATA_ROOT="$(DATA_FOLDER)") $(VENV_PYTHON) -m pytest $(ARGS)

docs: $(READY) ## Build the documentation into site/ (open site/index.html)
	@NO_MKDOCS_2_WARNING=1 $(VENV_PYTHON) -m mkdocs build --strict --quiet $(ARGS)
	@echo "Written: site/index.html"

lint: $(READY) ## Check style, format and types
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@$(VENV_PYTHON) -m mypy

lock: $(READY) ## Write requirements.lock from pyproject.toml (ARGS=--upgrade for newer versions)
	@$(VENV_PYTHON) -m uv pip compile pyproject.toml --quiet --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-package torch --no-annotate --custom-compile-command "make lock ($(TORCH) is installed apart)" \
		--output-file requirements.lock $(ARGS)

bench: $(READY) ## Measure speed against the published recipe and the hardware limits; writes results/bench
	@$(VENV_PYTHON) -m benchmarks.perf.bench --data-root "$(DATA_FOLDER)" --out results/bench $(ARGS)

bench-profiles: $(READY) ## Profile each phase in both modes; writes results/bench/profiles-*.md
	@$(VENV_PYTHON) -m benchmarks.perf.profiles --data-root "$(DATA_FOLDER)" --out results/bench/profiles-fast.json $(ARGS)
	@$(VENV_PYTHON) -m benchmarks.perf.profiles --data-root "$(DATA_FOLDER)" --out results/bench/profiles-record.json --unfused $(ARGS)

clean: ## Remove caches, checkpoints, site/ and the MLflow store; keep records, tables, data and .venv
	rm -rf .cache site results/work results/logs mlflow.db mlflow.db-* mlruns dask-worker-space
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

help: ## Show this
	@awk 'BEGIN { print "make TARGET [VARIABLE=value ...]" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z%-]+:.*## / { name = $$0; sub(/:.*/, "", name); sub(/%/, "NAME", name); sub(/.*## /, ""); printf "  %-16s %s\n", name, $$0 } \
		/^##= / { variables = variables "  " substr($$0, 5) "\n" } \
		END { printf "\nVariables\n%s", variables }' $(firstword $(MAKEFILE_LIST))

# The stamp is a copy of the lock, in place last: an interrupted set-up has only its .part and is begun anew, and a lock
# that git only touched sets up nothing. An old environment is moved away in one step, so that an interruption leaves
# either it or a new one, and a folder that is neither is the user's own. torch comes after the lock, so that its wheel's choice (CPU, CUDA) moves nothing else.
$(VENV)/.installed: requirements.lock
	@if cmp -s requirements.lock $@; then touch $@; exit 0; fi; \
	if [ -n "$$(ls -A $(VENV) 2>/dev/null)" ] && [ ! -e $(VENV)/pyvenv.cfg ] && [ ! -e $@.part ]; then \
		echo "$(VENV) should be a virtual environment, but holds other files; move it away and call make again." >&2; exit 1; \
	fi; \
	for python in $(if $(PYTHON),"$(PYTHON)",python3.11 python3.12 python3.13 python3.14 python3 python); do \
		"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then \
		seen=$$("$(or $(PYTHON),python3)" --version 2>/dev/null | head -n 1); \
		echo "Setting up needs Python 3.11 or newer with its venv module, but found $${seen:-none}; install one" \
			"(Debian, Ubuntu: apt install python3.11-venv) or name one with PYTHON=/path/to/python3." >&2; exit 1; \
	fi; \
	set -e; \
	echo "Setting up $(VENV) with $$("$$python" --version), once; this takes some minutes."; \
	rm -rf $(VENV).old; \
	if [ -e $(VENV) ]; then mv $(VENV) $(VENV).old; rm -rf $(VENV).old; fi; \
	mkdir -p $(VENV); cp requirements.lock $@.part; \
	"$$python" -m venv $(VENV); \
	echo "  1/2 packages of requirements.lock"; \
	$(PIP) --require-hashes --requirement requirements.lock; \
	echo "  2/2 $(TORCH)$(if $(TORCH_INDEX), from $(TORCH_INDEX))"; \
	$(PIP) $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)") "$(TORCH)"; \
	mv $@.part $@; \
	echo "  done"
