# The words that run the house. Nothing but Python 3.11 or 3.12 and make is needed before.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
BENCH_INSTALLED := $(VENV)/.bench-installed

.PHONY: install demo test check bench flink tf215 thot lock clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml uv.lock requirements.txt
	@if command -v uv >/dev/null; then \
	  UV_PROJECT_ENVIRONMENT=$(VENV) uv sync --frozen --python "$(PYTHON)"; \
	else \
	  "$(PYTHON)" -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .; \
	fi
	@touch $@

$(BENCH_INSTALLED): $(INSTALLED) requirements-bench.txt
	@if command -v uv >/dev/null; then \
	  UV_PROJECT_ENVIRONMENT=$(VENV) uv sync --frozen --group bench --python "$(PYTHON)"; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-bench.txt; \
	fi
	@touch $@

demo: install
	$(BIN)/gristmill run recommend

test: install
	$(BIN)/python -m pytest -n 2

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(BENCH_INSTALLED)
	$(BIN)/python -m bench

# Flink and Beam's runner for it, from Maven Central into the user's cache; needs Java 11 or 17 and Maven.
flink: install
	$(BIN)/python -m pipelines.flink fetch

# tensorflow==2.15 in an environment of its own, to compare estimators with; needs Python 3.11.
tf215: bench/.tf215/.installed

bench/.tf215/.installed: bench/requirements-tf215.txt
	python3.11 -m venv bench/.tf215
	bench/.tf215/bin/python -m pip install --quiet --disable-pip-version-check --requirement bench/requirements-tf215.txt
	@touch $@

# Thot, a phrase-based translation system, in an environment of its own, to compare translations with.
thot: bench/.thot/.installed

bench/.thot/.installed: bench/requirements-thot.txt
	"$(PYTHON)" -m venv bench/.thot
	bench/.thot/bin/python -m pip install --quiet --disable-pip-version-check --requirement bench/requirements-thot.txt
	@touch $@

# For maintainers: the lock, and the same with hashes for plain pip.
lock:
	uv lock
	uv export --quiet --frozen --no-emit-project --output-file requirements.txt
	uv export --quiet --frozen --no-emit-project --group bench --output-file requirements-bench.txt

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
