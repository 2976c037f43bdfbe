# make        sets up .venv and runs the default study to its report, results/report.html
# make test   sets up .venv and runs the tests, on every core
# make test-fast   the tests of the library that take less than a second each
# make lint   the checks of style and types
# make docs   the documentation as a site, build/docs/index.html, with every link checked
# make clean-results   throws away all of results/: every study, its trainings and its downloads
#
# Variables:
#   CPU=1      a PyTorch without CUDA: a download of 200 MB instead of 3 GB (make CPU=1)
#   COVERAGE=1 the tests say how much of the library they ran (make test COVERAGE=1)
#   CORES=all  processors that the study may use
#   PYTHON=python3   3.11 or newer          VENV=.venv   where everything is installed

PYTHON ?= python3
VENV ?= .venv
CORES ?= all
CPU ?=
COVERAGE ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := $(shell grep '^torch==' requirements.txt)
# The file's time tells whether the requirements have changed since the installation.
INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev
INSTALLED_DOCS := $(VENV)/installed-docs

.PHONY: report test test-fast lint docs clean-results
.DEFAULT_GOAL := report

report: $(INSTALLED)
	$(BIN)/snakemake --cores $(CORES) report

# One process a core and one thread a process; a free one takes tests from those that are behind.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

# Of the library in the tests' own processes: not in the jobs of Snakemake runs, nor in slow tests.
test: $(INSTALLED_DEV)
	$(PYTEST) $(if $(COVERAGE),--cov=polyheads --cov-report=)
ifneq ($(COVERAGE),)
	@echo "Statements that no test runs: the ten worst files, and the total"
	@$(BIN)/coverage report --sort=cover | awk 'NR <= 12 || /^TOTAL/'
endif

test-fast: $(INSTALLED_DEV)
	$(PYTEST) -m "not slow and not workflow and not cluster"

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	$(BIN)/snakemake --lint

# The theme's authors advertise their next program in every build.
docs: $(INSTALLED_DOCS)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "build/docs/index.html"

clean-results:
	find results -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

$(INSTALLED): requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is not Python 3.11 or newer; give another: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
ifneq ($(CPU),)
	$(PIP) install --quiet --no-deps --index-url https://download.pytorch.org/whl/cpu $(TORCH)
endif
	$(PIP) install --quiet --requirement requirements.txt --constraint constraints.txt
	touch $@

$(INSTALLED_DEV): $(INSTALLED) requirements-dev.txt
	$(PIP) install --quiet --requirement requirements-dev.txt --constraint constraints.txt
	touch $@

$(INSTALLED_DOCS): $(INSTALLED) requirements-docs.txt
	$(PIP) install --quiet --requirement requirements-docs.txt --constraint constraints.txt
	touch $@
