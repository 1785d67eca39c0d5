"""The program against a real vLLM server, as `make test-vllm` runs it: about 6 minutes on two cores.

The server is a real `vllm serve` on a CPU with a tiny Qwen2-VL of random weights (recipe/), so that everything is as it
is with a large model but what it judges: no judgement is tested here. vLLM and the model are installed once, in
`.vllm` beside `.venv` or where LABELCRITIC_VLLM_DIR says; LABELCRITIC_VLLM_URL names a server that runs already
(started as in server.py) for the tests that do not kill it.
"""
