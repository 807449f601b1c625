.DEFAULT_GOAL := help
.PHONY: help setup neural models lean tools voices run test soak fuzz check format bench schema lock image clean

# The first Python on the machine that the worker runs on: 3.11 or 3.12.
PYTHON ?= $(shell for python in python3.12 python3.11 python3 python; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$python && break; done)
# WITHOUT=espeak leaves the embedded engine, which is GPL-3.0, out of the installation.
WITHOUT ?=
# MODELS=chatterbox-turbo,chatterbox-nano: engines with checkpoints to fetch.
MODELS ?=
# Numbers of T3's matrices in a converted checkpoint: bfloat16 is what a GPU computes in, float32 what a processor does.
TRUNK ?= bfloat16
REMOVE ?=
COMMA := ,
NAMED := $(strip $(subst $(COMMA), ,$(MODELS)))
REQUIREMENTS := builder/requirements
BASE := $(REQUIREMENTS)/base.txt $(if $(filter espeak,$(WITHOUT)),,$(REQUIREMENTS)/espeak.txt)
# The image's name and tag; FROM=ubuntu:24.04 builds it on another base, here one without CUDA.
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' worker/__init__.py)
IMAGE ?= runpod-tts-worker:$(VERSION)
FROM ?=
# TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu" takes the build without CUDA.
TORCH ?= torch==2.13.0
INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check
# A lock is whole: pip has nothing to look for, and must not, or a release of today stands beside the pinned hashes.
LOCKED := $(INSTALL) --no-deps

help: ## list what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: .venv/base ## install what the worker needs into .venv (WITHOUT=espeak: free of GPL code)

neural: $(if $(NAMED),.venv/neural) ## install what the engines of MODELS=engine,engine need: torch and their packages

models: .venv/base ## fetch the checkpoints of MODELS=engine,engine into models/
	mkdir -p models
	$(if $(NAMED),.venv/bin/python -m builder.fetch_models $(NAMED) --into models)

lean: $(if $(NAMED),.venv/neural) ## convert the checkpoints of MODELS for a faster start (TRUNK=float32: without a GPU; REMOVE=yes)
	$(if $(NAMED),.venv/bin/python -m builder.convert_models $(NAMED) --models models --trunk $(TRUNK) $(if $(REMOVE),--remove))

tools: .venv/tools ## install what draws the pictures of builder.voices

voices: .venv/base ## make a library of sample voices in voices/, enrolled with the engines of TTS_ENGINES that clone
	.venv/bin/python -m builder.voices samples

run: .venv/base ## speak test_input.json into output/
	.venv/bin/python handler.py

test: .venv/dev .venv/upstream .venv/tools ## run the whole test suite
	.venv/bin/python -m pytest

soak: .venv/dev ## ten thousand jobs of every kind on one worker; prints what it keeps and whether it slows down
	.venv/bin/python -m tests.long.soak --minutes 30

fuzz: .venv/dev ## hundreds of thousands of made-up requests, audio files and voice files; prints how to repeat a failure
	.venv/bin/python -m tests.long.fuzz --minutes 30

check: .venv/dev .venv/upstream .venv/tools ## ruff, mypy --strict, import contracts
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/dev ## format the sources
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

bench: .venv/base .venv/upstream ## print the benchmark tables
	.venv/bin/python -m bench.file
	.venv/bin/python -m bench.platform
	.venv/bin/python -m bench.cache
	.venv/bin/python -m bench.voices
	.venv/bin/python -m bench.long_text
	.venv/bin/python -m bench.chatterbox
	.venv/bin/python -m bench.start
	.venv/bin/python -m bench.t3
	.venv/bin/python -m bench.fairness

schema: .venv/base ## write docs/request.schema.json anew
	.venv/bin/python -m worker.request > docs/request.schema.json

lock: .venv/dev ## pin the requirements anew from the .in files
	$(INSTALL) pip-tools uv
	cd $(REQUIREMENTS) && for name in neural upstream; do ../../.venv/bin/uv pip compile --quiet --no-deps --generate-hashes \
		--python-version 3.11 --no-header --no-emit-index-url --output-file $$name-bare.txt $$name-bare.in; done
	cd $(REQUIREMENTS) && for name in base espeak dev neural upstream tools; do ../../.venv/bin/pip-compile --quiet --generate-hashes \
		--strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--output-file $$name.txt $$name.in; done

image: ## build the image for linux/amd64 (MODELS=engine,engine, WITHOUT=espeak, IMAGE=name:tag, FROM=another base)
	docker build --platform linux/amd64 --tag $(IMAGE) --label org.opencontainers.image.version=$(VERSION) \
		$(if $(FROM),--build-arg BASE=$(FROM)) $(if $(MODELS),--build-arg MODELS=$(MODELS)) $(if $(filter espeak,$(WITHOUT)),--build-arg WITHOUT=espeak \
		--label org.opencontainers.image.licenses=Apache-2.0) .

clean: ## remove what was installed and made
	rm -rf .venv output .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed, and not on the PATH"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/base: .venv/python $(BASE)
	$(LOCKED) $(addprefix -r ,$(BASE))
	@touch $@

.venv/dev: .venv/base $(REQUIREMENTS)/dev.txt
	$(LOCKED) -r $(REQUIREMENTS)/dev.txt
	@touch $@

.venv/tools: .venv/base $(REQUIREMENTS)/tools.txt
	$(LOCKED) -r $(REQUIREMENTS)/tools.txt
	@touch $@

# torch stands outside the lock: its builds for CPU and for CUDA share a version and differ in their hashes.
.venv/neural: .venv/base $(REQUIREMENTS)/neural.txt $(REQUIREMENTS)/neural-bare.txt
	$(LOCKED) -r $(REQUIREMENTS)/neural.txt
	$(INSTALL) $(TORCH)
	$(LOCKED) -r $(REQUIREMENTS)/neural-bare.txt
	@touch $@

# torchaudio's compiled half is built for CUDA and refuses other builds of torch; Chatterbox uses the Python half.
.venv/upstream: .venv/neural $(REQUIREMENTS)/upstream.txt $(REQUIREMENTS)/upstream-bare.txt
	$(LOCKED) -r $(REQUIREMENTS)/upstream.txt
	$(LOCKED) -r $(REQUIREMENTS)/upstream-bare.txt
	rm -f .venv/lib/python3*/site-packages/torchaudio/lib/*.so
	@touch $@
