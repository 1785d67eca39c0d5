"""Which machine an address names: only spellings that cannot mean another machine are this one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.hosts import host_of, is_this_machine

HERE = ["http://localhost:8000/v1", "https://LocalHost", "http://127.0.0.1", "http://127.8.9.10:1", "http://[::1]:8000"]
ELSEWHERE = [
    "http://127.0.0.1.evil.org/v1",
    "http://localhost.evil.org",
    "http://127.evil.org",
    "http://evil.org/127.0.0.1",
    "http://evil.org#localhost",
    "http://evil.org?localhost",
    "http://[::2]:8000",
    "http://[::ffff:8.8.8.8]",
    "http://0.0.0.0:8000",
    "http://127.1:8000",
    "http://2130706433",
    "http://0177.0.0.1",
    "http://xn--lcalhost-54a",
    "http://evil.org\\.localhost",
    "http://10.0.0.1",
]


@pytest.mark.parametrize("address", HERE)
def test_that_this_machine_is_known(address: str) -> None:
    assert is_this_machine(host_of(address))


@pytest.mark.parametrize("address", ELSEWHERE)
def test_that_no_other_machine_passes_for_this_one(address: str) -> None:
    assert host_of(address)
    assert not is_this_machine(host_of(address))


@pytest.mark.parametrize(
    "address", ["", "localhost", "ftp://localhost", "http://", "http://[::1", "http://a@localhost"]
)
def test_that_what_is_no_address_names_no_host(address: str) -> None:
    assert host_of(address) == ""
    assert not is_this_machine("")


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=20))
def test_that_a_tail_makes_another_machine(tail: str) -> None:
    for name in ("localhost", "127.0.0.1"):
        host = host_of(f"http://{name}.{tail}")
        assert not is_this_machine(host) or host == "127.0.0.1"


@given(st.ip_addresses(v=4))
def test_that_of_numbers_only_those_of_the_loop_are_here(address: object) -> None:
    assert is_this_machine(str(address)) == str(address).startswith("127.")
