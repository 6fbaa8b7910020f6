# `make help` lists all targets and variables. Needs Python (3.11 or newer), make and git.

##= DATA_ROOT=data       folder of data sets (may be relative); `make test` reads real data only if it is given
##= SEEDS=3              number of seeds (0, 1, 2, ...); default: 1, or as in a study file of your own
##= JOBS=2               runs in parallel; default: as many as cores and memory allow
##= PRECISION=float32    of the default runs: bfloat16 or float32; default: what the machine computes natively
##= CELL=3ba722bc        for verify: a run of the reference, as tables name it; CELL=3ba722bc:4 for seed 4
##= PROFILE=cpu          geometry and training length: paper, cpu, small, smoke
##= ONLY=memory=none     only the runs that match
##= SCHEDULER=tcp://...  a Dask cluster of your own instead of a local one; or the file that its scheduler writes
##= CLUSTER=slurm.toml   SLURM jobs as workers; docs/clusters.md shows the file
##= WAIT=600             seconds to wait for a worker of the cluster; default: 120
##= MODE=fast            faster training; last digits differ, and records say so; default: as in the study file
##= DEVICE=cuda          where runs compute; default: cuda if available
##= THREADS=1            threads per run; default: cores divided by JOBS
##= STUDY=ped2           for tables, table and figures: one study; for plan and reproduce: also a file, mine.toml
##= COMMANDS=1           for plan: one shell line per run that is left, for array jobs
##= FROM=folder          for gather: where finished runs of other machines lie
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
# A misspelt variable would be ignored, and the study run without it. Not in the help, but taken: what make itself reads,
# and what the commands read from their environment.
comma := ,
space := $(subst ,, )
listed = $(subst $(space),$(comma)$(space),$(strip $(1)))
known := $(shell sed -n 's/^##= \([A-Z_]*\)=.*/\1/p' "$(firstword $(MAKEFILE_LIST))")
of-origin = $(foreach name,$(2),$(if $(filter $(1),$(firstword $(origin $(name)))),$(name)))
taken := VENV SHELL MAKEFLAGS MLFLOW_TRACKING_URI VGG19_WEIGHTS CUDA_VISIBLE_DEVICES
unknown := $(call listed,$(filter-out $(known) $(taken),$(call of-origin,command,$(.VARIABLES))))
$(if $(unknown),$(error Expected variables among $(call listed,$(known)), but got $(unknown); correct the name))

# Values reach the commands through the environment, as they were typed: make expands nothing in them, no shell reads them.
# A shell may export COLUMNS, the width of its terminal: what counts is what stands on the command line.
TABLE_COLUMNS := $(if $(call of-origin,command,COLUMNS),$(value COLUMNS))
typed := $(call of-origin,command environment,$(filter-out COLUMNS,$(known)) VENV)
$(foreach name,$(typed),$(eval override $(name) := $$(value $(name))))

VENV ?= .venv
# VENV is part of a rule, too, where odd characters have a meaning.
$(if $(word 2,$(VENV))$(strip $(foreach one,; & | < > ( ) { } [ ] * ? ! ' " ` $$ \ ~ : = %,$(findstring $(one),$(VENV)))),\
	$(error Expected VENV to be a folder of plain letters, but got $(VENV); choose another))
ifeq ($(origin VENV_PYTHON),undefined)
VENV_PYTHON := $(VENV)/bin/python
READY := $(VENV)/.installed
else
READY :=
endif
export TABLE_COLUMNS VENV_PYTHON $(typed)

TORCH = $(shell sed -n 's/.*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)
# exec: a signal to make reaches the command, not a shell that would die and leave it running.
BENCHMARKS = @PYTHONUNBUFFERED=1 BENCHMARKS_ARGS="$$ARGS" exec "$$VENV_PYTHON" -m benchmarks
PYTHON_M = @set -f; exec "$$VENV_PYTHON" -m
option = $${$(1):+--$(2) "$$$(1)"}
DATA = --data-root "$${DATA_ROOT:-data}"
CELLS = $(call option,SEEDS,seeds) $(call option,PROFILE,profile)
CHOSEN = $(DATA) $(CELLS) $(call option,ONLY,only) $(call option,DEVICE,device)
PRECISE = $(call option,PRECISION,precision)
RUNS = $(CHOSEN) $(PRECISE) $(call option,MODE,mode) $(call option,JOBS,jobs) $(call option,THREADS,threads) \
	$(call option,SCHEDULER,scheduler) $(call option,CLUSTER,cluster) $(call option,WAIT,wait)
ONE_STUDY = $${STUDY:+"$$STUDY"}
PIP = $(VENV)/bin/python -m pip --quiet --quiet --disable-pip-version-check --no-input install

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Without it make looks for a file `plan-.o` to make `plan-` from, and takes .o for the name of a study.
.SUFFIXES:
.PHONY: help plan reproduce verify gather verify-records fuzz faults cluster-test setup lock test lint docs bench bench-profiles clean measure tables table figures verdict report simulate memorisation import ui

# A pattern's own part, as in plan-NAME, is typed too.
data-% doctor-% plan-% reproduce-% rehearse-% reference-% grid-% inspect-%: export NAME = $*

##@ Study (studies: synthetic, ped2, smoke; sets: synthetic, pool, ped2, ped1, avenue, shanghaitech)
data-%: $(READY) ## Download or generate a data set and check it
	$(BENCHMARKS) data "$$NAME" $(DATA) $(call option,ARCHIVE,archive)

doctor-%: $(READY) ## Check a data set and say what is wrong
	$(BENCHMARKS) doctor "$$NAME" $(DATA)

plan-%: $(READY) ## List a study's runs (done, stale or missing) and their time; trains nothing
	$(BENCHMARKS) plan "$$NAME" $(RUNS) $${COMMANDS:+--commands}

reproduce-%: $(READY) ## Train a study's runs into my-results, then compare them with the reference
	$(BENCHMARKS) reproduce "$$NAME" $(RUNS)

rehearse-%: $(READY) ## Rehearse a study at smoke size, killed once and resumed; keeps nothing
	$(BENCHMARKS) rehearse "$$NAME" $(RUNS)

plan: $(READY) ## As plan-NAME, for a study file of your own (STUDY=mine.toml)
	$(if $(STUDY),,$(error Expected STUDY=, a name or a file such as mine.toml))
	$(BENCHMARKS) plan "$$STUDY" $(RUNS) $${COMMANDS:+--commands}

reproduce: $(READY) ## As reproduce-NAME, for a study file of your own (STUDY=mine.toml)
	$(if $(STUDY),,$(error Expected STUDY=, a name or a file such as mine.toml))
	$(BENCHMARKS) reproduce "$$STUDY" $(RUNS)

verify: $(READY) ## Train one run of the reference (CELL=) again and compare it, bit for bit; exit status 0 or 1
	$(if $(CELL),,$(error Expected CELL=, a run as the tables name it))
	$(BENCHMARKS) verify "$$CELL" $(DATA) $(PRECISE) $(call option,DEVICE,device)

reference-%: $(READY) ## Maintainers: take a study's finished runs from my-results over into the reference
	$(BENCHMARKS) reference "$$NAME"

gather: $(READY) ## Take finished runs of other machines (FROM=folder) over into my-results, each checked
	$(if $(FROM),,$(error Expected FROM=, the folder where the runs lie))
	$(BENCHMARKS) gather "$$FROM"

grid-%: $(READY) ## Run a set's full factorial (synthetic, ped2, avenue, avenue-partial)
	$(BENCHMARKS) reproduce "grid-$$NAME" $(RUNS)

measure: $(READY) ## Measure the records again from their terms: other labels, new metrics; trains nothing
	$(BENCHMARKS) measure $(DATA)

verify-records: $(READY) ## Check the records: digests, tables, and every metric again from its terms
	$(BENCHMARKS) verify-records

##@ Views (from results/runs; inspect: from checkpoints)
tables: $(READY) ## Write results/tables
	$(BENCHMARKS) tables $(ONE_STUDY) $(DATA) $(CELLS)

table: $(READY) ## Show STUDY's table with COLUMNS, as Markdown and LaTeX; OUT=FILE writes both
	$(if $(STUDY),,$(error Expected a study, but got none; name one: make table STUDY=ped2))
	$(BENCHMARKS) table "$$STUDY" $(CELLS) $(call option,TABLE_COLUMNS,columns) $(call option,OUT,out)

figures: $(READY) ## Write results/figures
	$(BENCHMARKS) figures $(ONE_STUDY) $(DATA) $(CELLS) $(call option,FORMAT,format) $(call option,WIDTH,width)

inspect-%: $(READY) ## Inspect a study's trained runs from their checkpoints; adds to their records
	$(BENCHMARKS) inspect "$$NAME" $(CHOSEN)

verdict: $(READY) ## Judge every claim; writes results/verdict.md
	$(BENCHMARKS) verdict $(DATA)

report: $(READY) ## Write the whole study as one page, results/report/index.html
	$(BENCHMARKS) report $(DATA)

simulate: $(READY) ## Measure the coverage of the intervals on simulated studies; writes results/statistics
	$(BENCHMARKS) simulate

memorisation: $(READY) ## Study what networks memorise (minutes); writes results/memorisation
	$(BENCHMARKS) memorisation $(call option,SEEDS,seeds)

import: $(READY) ## Import the records into MLflow; repeating it changes nothing
	$(BENCHMARKS) import

ui: $(READY) ## Import the records into MLflow and serve it on 127.0.0.1
	$(BENCHMARKS) ui --port "$${PORT:-5000}"

##@ Project
setup: $(READY) ## Set up .venv; other targets do so on first use

test: $(READY) ## Run the tests; with DATA_ROOT=... also those on real data
	@PYTEST_ADDOPTS="$$PYTEST_ADDOPTS $$ARGS" exec "$$VENV_PYTHON" -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile

docs: $(READY) ## Build the documentation into site/ (open site/index.html)
	@set -f; NO_MKDOCS_2_WARNING=1 "$$VENV_PYTHON" -m mkdocs build --strict --quiet $$ARGS
	@echo "Written: site/index.html"

lint: $(READY) ## Check style, format and types
	$(PYTHON_M) ruff check .
	$(PYTHON_M) ruff format --check .
	$(PYTHON_M) mypy

lock: $(READY) ## Write requirements.lock from pyproject.toml (ARGS=--upgrade for newer versions)
	$(PYTHON_M) uv pip compile pyproject.toml --quiet --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-package torch --no-annotate --custom-compile-command "make lock ($(TORCH) is installed apart)" \
		--output-file requirements.lock $$ARGS

fuzz: $(READY) ## Send mutated files into every reader (10 minutes; ARGS="--seconds 3600"); writes results/faults/fuzz.md
	$(PYTHON_M) benchmarks.faults.fuzz $$ARGS

faults: $(READY) ## Inject faults into runs of a tiny set (minutes); writes results/faults/faults.md
	$(PYTHON_M) benchmarks.faults.campaign $$ARGS

cluster-test: $(READY) ## Run a study on clusters that fail in many ways (minutes); writes results/faults/cluster.md
	$(PYTHON_M) benchmarks.faults.clusters $$ARGS

bench: $(READY) ## Measure speed against the published recipe and the hardware limits; writes results/bench
	$(PYTHON_M) benchmarks.perf.bench $(DATA) --out results/bench $$ARGS

bench-profiles: $(READY) ## Profile each phase in both modes; writes results/bench/profiles-*.md
	$(PYTHON_M) benchmarks.perf.profiles $(DATA) --out results/bench/profiles-fast.json $$ARGS
	$(PYTHON_M) benchmarks.perf.profiles $(DATA) --out results/bench/profiles-record.json --unfused $$ARGS

clean: ## Remove caches, checkpoints, site/ and the MLflow store; keep records, tables, data and .venv
	rm -rf .cache site results/work results/logs mlflow.db mlflow.db-* mlruns dask-worker-space
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

help: ## Show this
	@awk 'BEGIN { print "make TARGET [VARIABLE=value ...]" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z%-]+:.*## / { name = $$0; sub(/:.*/, "", name); sub(/%/, "NAME", name); sub(/.*## /, ""); printf "  %-16s %s\n", name, $$0 } \
		/^##= / { variables = variables "  " substr($$0, 5) "\n" } \
		END { printf "\nVariables\n%s", variables }' $(firstword $(MAKEFILE_LIST))

# The stamp is a copy of the lock, in place last: an interrupted set-up has only its .part and is started again, and a lock
# that git only touched sets up nothing. An old environment is moved away in one step, so that an interruption leaves
# either it or a new one, and a folder that is neither is the user's own. torch comes after the lock, so that its wheel's choice (CPU, CUDA)
# moves nothing else; the lock is complete, so pip need not look for dependencies (one package names torch).
$(VENV)/.installed: requirements.lock
	@if cmp -s requirements.lock $@; then touch $@; exit 0; fi; \
	if [ -n "$$(ls -A $(VENV) 2>/dev/null)" ] && [ ! -e $(VENV)/pyvenv.cfg ] && [ ! -e $@.part ]; then \
		echo "$(VENV) should be a virtual environment, but holds other files; move it away and call make again." >&2; exit 1; \
	fi; \
	if [ -n "$$PYTHON" ]; then set -- "$$PYTHON"; else set -- python3.11 python3.12 python3.13 python3.14 python3 python; fi; \
	for python do \
		"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then \
		seen=$$("$${PYTHON:-python3}" --version 2>/dev/null | head -n 1); \
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
	$(PIP) --no-deps --require-hashes --requirement requirements.lock; \
	echo "  2/2 $(TORCH)$${TORCH_INDEX:+ from $$TORCH_INDEX}"; \
	$(PIP) $${TORCH_INDEX:+--index-url "$$TORCH_INDEX"} "$(TORCH)"; \
	mv $@.part $@; \
	echo "  done"
