# Two commands are all a newcomer needs: `make run` and `make test`. Each does its own set-up in .venv.
PYTHON ?= python3
VENV ?= .venv
OUT ?= runs/demo
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

.PHONY: run test lab pages

# the main job: open the store, collect it, find the families, draw; the result page's path is printed at the end
run: $(VENV)/.ready
	toyhollywood run --preset demo --out $(OUT)

# notebooks clean and in sync, every notebook's tests, the wheel in a bare environment, kill -9 and resume
test: $(VENV)/.ready
	bash .ci/check

lab: $(VENV)/.ready
	jupyter lab nbs

# for maintainers: what a real run left becomes the outputs and pictures that readers see
pages: $(VENV)/.ready
	python .ci/pages.py $(OUT)
	python .ci/readme.py --run
	nbdev_clean

$(VENV)/.ready: settings.ini setup.py constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "toyhollywood needs Python 3.11 or newer; give one by  make run PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --editable '.[all,dev]'
	touch $@
