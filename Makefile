# facelite: `make demo` shows it, `make test` proves it. Both set themselves up in .venv first.
# Needs Python 3.11 to 3.13 with venv, a C and a C++ compiler, and make. PYTHON=… names the interpreter.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3.11 python3.12 python3.13 python3
OUT ?= out
FUZZ_SECONDS ?= 60
# What `make teacher students` trains on and with. Human speech is imported: facelite corpus import DIR corpora/human.
CORPORA ?= corpora/packages $(wildcard corpora/human)
HOURS ?= 30
SEEDS ?= 1,2,3
RUNS ?= runs
TABLE ?= docs/tables/shipped
BIN := .venv/bin
comma := ,
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
NATIVE := pyproject.toml $(wildcard CMakeLists.txt CMakePresets.json) \
	$(shell find kernels -name '*.[ch]' -o -name '*.cpp' -o -name CMakeLists.txt -o -name '*.cmake')

# pip's cmake and ninja come first, so that no system package of theirs is needed.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup demo test test-c test-slow lint bench evaluate teacher students count-arm viewer-three docs wheels clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

setup: .venv/.facelite ## .venv with facelite and every package it can use, nothing else

demo: setup ## convert, prove, validate and animate with the shipped student; look in out/
	$(BIN)/facelite demo --out "$(OUT)"

test: setup test-c ## every test but the slow ones, C and Python
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-c: setup
	cmake --preset dev
	cmake --build --preset dev -j 2
	ctest --preset dev

test-slow: setup ## the tests that take minutes each
	$(BIN)/python -m pytest -m slow

lint: setup ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -rf build/lint && mkdir -p build/lint/facelite
	@ln -s "$(CURDIR)"/toolkit/* "$(CURDIR)"/converters "$(CURDIR)"/targets build/lint/facelite/
	MYPYPATH=build/lint $(BIN)/mypy | sed -E 's#build/lint/facelite/(converters|targets)/#\1/#; s#build/lint/facelite/#toolkit/#'

bench: setup ## time the kernel against LiteRT and ONNX Runtime on this machine
	cmake --preset dev
	cmake --build --preset dev -j 2 --target facelite_bench_ops
	build/dev/kernels/bench/facelite_bench_ops
	@[ -e "$(OUT)/student.facelite" ] || $(BIN)/facelite demo --out "$(OUT)"
	$(BIN)/facelite bench "$(OUT)"

evaluate: setup ## measure the shipped students, write docs/tables/ and evaluation.html; three minutes
	$(BIN)/facelite evaluate --spec $(TABLE).toml --table $(TABLE).json --table $(TABLE).md \
		--refresh docs/evaluation.md --refresh README.md --html evaluation.html

teacher: setup $(CORPORA) ## train the neural teacher again; hours, and RUNS/teacher says how many it took
	$(BIN)/facelite teach $(CORPORA) -o $(RUNS)/teacher

# Stage 1 of every architecture, then stage 2 beside it without the feature loss: only --small differs.
students: setup $(CORPORA) ## train every student again, each with SEEDS; many hours without a GPU, their model cards say how many
	@[ -d $(RUNS)/teacher ] || { echo 'students learn from a teacher: make teacher, or put one into $(RUNS)/teacher' >&2; exit 1; }
	$(BIN)/facelite label $(CORPORA) --teacher neural:$(RUNS)/teacher -o $(RUNS)/labels
	$(BIN)/facelite distill $(CORPORA) --recipe small --seeds $(SEEDS) --labels $(RUNS)/labels -o $(RUNS)/small
	$(BIN)/facelite distill $(CORPORA) --recipe on_device --seeds $(SEEDS) --teacher oracle -o $(RUNS)/on_device-scratch
	for student in on_device real_time tiny_real_time; do \
		$(BIN)/facelite distill $(CORPORA) --recipe $$student --seeds $(SEEDS) --labels $(RUNS)/labels -o $(RUNS)/$$student-labels; \
		$(BIN)/facelite distill $(CORPORA) --recipe $$student --seeds $(SEEDS) --labels $(RUNS)/labels \
			--small $(RUNS)/small/seed-$(firstword $(subst $(comma), ,$(SEEDS))) -o $(RUNS)/$$student-hybrid; \
	done

corpora/packages: | setup
	$(BIN)/facelite corpus build $@ --hours $(HOURS)

fuzz: setup ## look for crashes and disagreements with libFuzzer, FUZZ_SECONDS on each target (clang)
	cmake --preset fuzz
	cmake --build --preset fuzz -j 2
	@for target in blob tiers stream; do \
		mkdir -p build/fuzz/found/$$target build/fuzz/corpus/$$target; \
		build/fuzz/fuzz/fuzz_$$target -max_total_time=$(FUZZ_SECONDS) -max_len=1280 -timeout=20 -print_final_stats=1 \
			-artifact_prefix=build/fuzz/found/$$target/ build/fuzz/corpus/$$target tests/fuzz/corpus/$$target; done

count-arm: setup ## instructions per MAC on Arm, counted under qemu (gcc-aarch64-linux-gnu, qemu-user)
	cmake --preset aarch64
	cmake --build --preset aarch64 -j 2 --target facelite_replay
	@[ -e "$(OUT)/student.facelite" ] || $(BIN)/facelite demo --out "$(OUT)"
	$(BIN)/python kernels/tools/count_instructions.py "$(OUT)/student.facelite"

viewer-three: ## bundle three.js for the face viewer again, from the pinned versions (npm)
	cd toolkit/face/viewer/bundle && npm ci --no-audit --no-fund && npm run -s bundle && rm -rf node_modules

docs: setup ## the site of docs/, in build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

wheels: setup ## dist/: the sdist, and wheels of it for manylinux x86-64 and aarch64 (zig, from PyPI)
	$(BIN)/python release/wheels.py dist

clean: ## remove what was built or written; .venv stays
	rm -rf build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Editable: edits to Python are live, and a changed kernel is built again by the next make.
.venv/.facelite: .venv/.packages $(NATIVE)
	@echo 'setup: building facelite and its kernel'
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

.venv/.packages: .venv/.made constraints.txt
	@echo 'setup: installing the packages of constraints.txt into .venv (4 GB, mostly TensorFlow and PyTorch; once)'
	@$(PIP) install --requirement constraints.txt
	@touch $@

.venv/.made:
	@command -v cc > /dev/null && command -v c++ > /dev/null || { echo 'facelite needs a C and a C++ compiler (Debian: apt-get install g++)' >&2; exit 1; }
	@for python in $(PYTHON); do \
		if "$$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2> /dev/null; \
		then echo "setup: making .venv with $$("$$python" --version)"; "$$python" -m venv .venv; touch $@; exit 0; fi; \
	done; echo 'facelite needs Python 3.11, 3.12 or 3.13 with venv (Debian: apt-get install python3-venv)' >&2; exit 1
