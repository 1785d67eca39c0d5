"""A real vLLM server for the tests of this folder: one for all of them, started when the first one asks for it."""

import os
from collections.abc import Iterator

import pytest

from labelcritic_gui.critic.client import Client, LvlmServer
from tests.vllm.counting_proxy import CountingProxy
from tests.vllm.environment import URL_VARIABLE, Environment, here
from tests.vllm.server import RunningServer, VllmServer


@pytest.fixture(scope="session")
def own_environment() -> Environment:
    """The vLLM that was installed for the tests."""
    environment = here()
    if not environment.installed:
        pytest.skip("needs a vLLM of its own to start and kill: `make test-vllm` installs one")
    return environment


@pytest.fixture(scope="session")
def _own(own_environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    server = VllmServer(own_environment, tmp_path_factory.mktemp("vllm") / "server.log")
    yield server
    server.stop()


@pytest.fixture
def own_server(_own: VllmServer) -> VllmServer:
    """The tests' own server, which may be killed; it is started again for whoever comes next."""
    if not (_own.is_started and _own.healthy):
        _own.stop()
        _own.start()
    return _own


@pytest.fixture
def server(request: pytest.FixtureRequest) -> RunningServer:
    """A server that must be left as it is: the one that LABELCRITIC_VLLM_URL names, else the tests' own."""
    named = os.environ.get(URL_VARIABLE, "").rstrip("/").removesuffix("/v1")
    if named:
        return RunningServer(named)
    own: VllmServer = request.getfixturevalue("own_server")
    return own


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    """A connection to the server."""
    client = Client(LvlmServer(server.url, max_in_flight=32))
    yield client
    client.close()


@pytest.fixture
def door(server: RunningServer) -> Iterator[CountingProxy]:
    """A counting door in front of the server."""
    with CountingProxy(server.root) as door:
        yield door
