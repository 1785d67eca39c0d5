# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON_BIN = .venv/bin
DEMO ?= demo-output
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test check run translations bench test-vllm test-crash clean

demo:
	@bash .ci/environment run
	@$(PYTHON_BIN)/labelcritic demo $(DEMO)

run:
	@bash .ci/environment run
	@$(PYTHON_BIN)/labelcritic

test: check
	@QT_QPA_PLATFORM=offscreen $(PYTHON_BIN)/python -m pytest -n 2 --dist loadfile -m "not vllm"

check:
	@bash .ci/environment dev
	$(PYTHON_BIN)/ruff check .
	$(PYTHON_BIN)/ruff format --check -q .
	$(PYTHON_BIN)/mypy
	$(PYTHON_BIN)/lint-imports

translations:
	@bash .ci/environment dev
	@$(PYTHON_BIN)/python .ci/translations.py --update

bench:
	@bash .ci/environment dev
	@$(PYTHON_BIN)/python -m benchmarks

test-vllm:
	@bash .ci/environment dev
	@QT_QPA_PLATFORM=offscreen $(PYTHON_BIN)/python -m tests.vllm.environment $(PYTHON_BIN)/python -m pytest -m vllm

clean:
	rm -rf .venv .vllm demo-output build *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache
