"""One look at an HTTP endpoint: whatever the endpoint does, a verdict in time, in words, and nothing left behind."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import time
import tracemalloc
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from airops_tui.config.settings import HealthRule
from airops_tui.errors import AiropsError
from airops_tui.model import Failure
from airops_tui.probes.dial import Dialer
from airops_tui.probes.http import look
from airops_tui.text import Secret, clean

from .faultserver import (
    GARBAGE,
    answering,
    bomb,
    closed_port,
    dripping,
    endless,
    hanging_up,
    listening_without_accepting,
    one_answer_then_silence,
    preliminary_forever,
    redirecting,
    reply,
    resetting,
    saying,
    serving,
    silent,
)

SOON = 0.3  # a deadline that tests can wait for
PROMPT = 5.0  # far less than the hour that a fault lasts, far more than a slow machine needs


async def test_a_good_answer_has_status_and_latency_and_no_error(dialer: Dialer) -> None:
    async with serving(answering()) as server:
        health = await look(HealthRule(url=server.url()), dialer)
    assert (health.ok, health.status, health.error, health.failure) == (True, 200, None, None)
    assert health.latency_ms is not None and health.latency_ms > 0
    assert not health.slow and health.facts == ()


async def test_the_question_is_plain_and_says_who_asks(dialer: Dialer) -> None:
    async with serving(answering()) as server:
        await look(HealthRule(url=server.url("/health?deep=1&q=a b#part")), dialer)
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /health?deep=1&q=a%20b HTTP/1.1"
    fields = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in lines[1:] if line}
    assert fields["host"] == f"127.0.0.1:{server.port}"
    assert fields["accept-encoding"] == "identity"
    assert fields["connection"] == "close"
    assert fields["user-agent"].startswith("airops/")


async def test_headers_of_the_rule_are_sent_and_may_replace_ours(dialer: Dialer) -> None:
    rule_headers = {"Authorization": Secret("Bearer s3cret-token"), "Host": "app.example", "User-Agent": "probe"}
    async with serving(answering()) as server:
        await look(HealthRule(url=server.url(), headers=rule_headers), dialer)
    request = server.requests[0].lower()
    assert b"authorization: bearer s3cret-token\r\n" in request
    assert b"host: app.example\r\n" in request and request.count(b"host:") == 1
    assert b"user-agent: probe\r\n" in request


async def test_a_user_and_password_in_the_address_are_sent_as_basic_authorization(dialer: Dialer) -> None:
    async with serving(answering()) as server:
        await look(HealthRule(url=f"http://ann:p%40ss@127.0.0.1:{server.port}/"), dialer)
    assert b"authorization: Basic YW5uOnBAc3M=\r\n" in server.requests[0]  # ann:p@ss


async def test_headers_that_http_does_not_allow_are_our_mistake_not_the_endpoints(dialer: Dialer) -> None:
    async with serving(answering()) as server:
        with pytest.raises(AiropsError, match="headers"):
            await look(HealthRule(url=server.url(), headers={"X-A": "one\r\nX-B: two"}), dialer)


async def test_ipv6_literals_are_asked_with_brackets_in_the_host_header(dialer: Dialer) -> None:
    try:
        async with serving(answering(), host="::1") as server:
            health = await look(HealthRule(url=server.url(host="[::1]")), dialer)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    assert health.ok
    assert f"host: [::1]:{server.port}\r\n".encode() in server.requests[0].lower()


async def test_localhost_means_both_loopback_addresses_whatever_the_resolver_says(dialer: Dialer, names: dict) -> None:
    names["localhost"] = OSError("must not be asked")
    async with serving(answering(), host="127.0.0.1") as server:
        assert (await look(HealthRule(url=server.url(host="localhost")), dialer)).ok


async def test_proxies_of_the_environment_are_not_asked(dialer: Dialer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    async with serving(answering()) as server:
        assert (await look(HealthRule(url=server.url()), dialer)).ok


async def test_an_address_that_is_not_http_is_our_mistake(dialer: Dialer) -> None:
    for url in ("ftp://127.0.0.1/", "127.0.0.1:80", "http://", "http://127.0.0.1:99999/", "file:///etc/passwd"):
        with pytest.raises(AiropsError, match="address"):
            await look(HealthRule(url=url), dialer)


# E1


async def test_a_refused_connection_is_tried_again_quickly_before_it_counts(dialer: Dialer) -> None:
    began = time.monotonic()
    health = await look(HealthRule(url=f"http://127.0.0.1:{closed_port()}/", retries=3), dialer)
    assert (health.ok, health.failure, health.error) == (False, Failure.REFUSED, "refused")
    assert health.status is None and health.latency_ms is None
    assert time.monotonic() - began < PROMPT


async def test_a_service_that_comes_back_between_two_tries_is_well(dialer: Dialer, monkeypatch) -> None:
    port = closed_port()
    tries = 0
    real = asyncio.get_running_loop().sock_connect

    async def refuse_once(sock, address):
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConnectionRefusedError(111, "refused")
        await real(sock, (address[0], server.port))

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", refuse_once)
    async with serving(answering()) as server:
        assert (await look(HealthRule(url=f"http://127.0.0.1:{port}/", retries=2), dialer)).ok
    assert tries == 2


# E2


@pytest.mark.parametrize("kind", ["never answers", "is stopped"])
async def test_accepting_and_then_silence_is_a_hang_at_the_deadline(dialer: Dialer, kind: str) -> None:
    async def timed(url: str) -> float:
        began = time.monotonic()
        health = await look(HealthRule(url=url, timeout=SOON), dialer)
        assert (health.ok, health.failure) == (False, Failure.HANG)
        assert health.error == "no answer in 0.3 s: accepted the connection, then silence"
        return time.monotonic() - began

    if kind == "is stopped":
        with listening_without_accepting() as port:
            took = await timed(f"http://127.0.0.1:{port}/")
    else:
        async with serving(silent) as server:
            took = await timed(server.url())
    assert SOON <= took < PROMPT


async def test_one_that_hangs_keeps_no_other_waiting(dialer: Dialer) -> None:
    async with serving(silent) as hanging, serving(answering()) as well:
        stuck = [asyncio.create_task(look(HealthRule(url=hanging.url(), timeout=60), dialer)) for _ in range(50)]
        async with asyncio.timeout(PROMPT):
            assert (await look(HealthRule(url=well.url()), dialer)).ok
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


# E3


async def test_a_dripping_body_ends_at_the_total_deadline(dialer: Dialer) -> None:
    began = time.monotonic()
    async with serving(dripping()) as server:
        health = await look(HealthRule(url=server.url(), timeout=SOON), dialer)
    assert health.failure is Failure.HANG
    assert health.error == "no answer in 0.3 s: the answer began, then did not end"
    assert SOON <= time.monotonic() - began < PROMPT


# E4


async def test_an_endless_body_is_read_to_64_kib_and_judged_on_that(dialer: Dialer) -> None:
    async with serving(endless(b"status ok " * 800)) as server:
        await look(HealthRule(url=server.url(), body="status ok"), dialer)  # what is imported does not count
        tracemalloc.start()
        health = await look(HealthRule(url=server.url(), body="status ok"), dialer)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert health.ok
    assert health.facts == ("body cut at 64 KiB",)
    assert peak < 4_000_000


async def test_an_endless_body_in_one_byte_pieces_does_not_eat_the_processor(dialer: Dialer) -> None:
    async with serving(endless(b"x")) as server:
        health = await look(HealthRule(url=server.url()), dialer)
    assert health.ok and health.facts == ("body cut at 64 KiB",)


async def test_a_body_of_exactly_64_kib_is_whole(dialer: Dialer) -> None:
    async with serving(answering(b"x" * 65536)) as server:
        assert (await look(HealthRule(url=server.url()), dialer)).facts == ()


async def test_preliminary_replies_without_end_are_no_answer(dialer: Dialer) -> None:
    async with serving(preliminary_forever) as server:
        health = await look(HealthRule(url=server.url()), dialer)
    assert (health.failure, health.error) == (Failure.PROTOCOL, "not HTTP: more than 64 KiB of headers")


# E5


async def test_a_compression_bomb_inflates_to_64_kib_and_no_further(dialer: Dialer) -> None:
    async with serving(bomb()) as server:
        await look(HealthRule(url=server.url(), body="x"), dialer)
        tracemalloc.start()
        health = await look(HealthRule(url=server.url()), dialer)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert health.ok and health.facts == ("body cut at 64 KiB",)
    assert peak < 4_000_000


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_an_encoding_nobody_asked_for_is_undone_if_it_is_a_common_one(dialer: Dialer, encoding, encode) -> None:
    async with serving(answering(encode(b'{"status": "ok"}'), headers={"Content-Encoding": encoding})) as server:
        assert (await look(HealthRule(url=server.url(), json={"/status": "ok"}), dialer)).ok


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x\x1b[2Jy"])
async def test_any_other_encoding_is_named_instead_of_guessed_at(dialer: Dialer, encoding: str) -> None:
    async with serving(answering(b"\x0b\x02\x80", headers={"Content-Encoding": encoding})) as server:
        health = await look(HealthRule(url=server.url()), dialer)
    assert not health.ok
    assert health.failure is Failure.ENCODING
    assert health.error is not None and health.error.isprintable()


async def test_a_body_that_is_not_the_encoding_it_claims_is_told(dialer: Dialer) -> None:
    async with serving(answering(b"plain text", headers={"Content-Encoding": "gzip"})) as server:
        health = await look(HealthRule(url=server.url()), dialer)
    assert (health.failure, health.error) == (Failure.ENCODING, "200, but its body is not the gzip it claims to be")


# E6, seen through the connection; test_expect.py has the rest


async def test_the_right_code_with_the_wrong_page_is_not_well(dialer: Dialer) -> None:
    async with serving(answering(b"<h1>We will be back soon</h1>")) as server:
        health = await look(HealthRule(url=server.url(), body="Welcome"), dialer)
    assert (health.ok, health.status, health.failure) == (False, 200, Failure.BODY)
    assert health.error == '200, but /Welcome/ is not in its body, which begins "<h1>We will be back soon</h1>"'


async def test_a_late_good_answer_is_slow(dialer: Dialer) -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        await answering()(reader, writer)

    async with serving(late) as server:
        health = await look(HealthRule(url=server.url(), slow=0.01), dialer)
    assert health.ok and health.slow


# E7


async def test_flapping_codes_are_each_told_as_they_are(dialer: Dialer) -> None:
    script = [
        answering(status="500 Oops"),
        answering(status="429 Slow Down"),
        answering(status="503 Busy", headers={"Retry-After": "30"}),
        answering(status="503 Gone fishing"),
        answering(),
    ]
    async with serving(*script) as server:
        seen = [await look(HealthRule(url=server.url()), dialer) for _ in script]
    assert [(health.failure, health.error) for health in seen] == [
        (Failure.STATUS, "500 Internal Server Error"),
        (Failure.LOADED, "429 Too Many Requests"),
        (Failure.LOADED, "503 Service Unavailable: asks to come back in 30 s"),
        (Failure.STATUS, "503 Service Unavailable"),
        (None, None),
    ]


# E8


async def test_a_redirect_is_not_followed_unless_asked_and_its_place_is_told(dialer: Dialer) -> None:
    async with serving(redirecting("/login?next=secret")) as server:
        health = await look(HealthRule(url=server.url()), dialer)
        expected = await look(HealthRule(url=server.url(), status=(302,)), dialer)
    assert (health.failure, health.error) == (Failure.STATUS, "302 Found, to /login")
    assert expected.ok
    assert server.connections == 2


async def test_up_to_three_redirects_are_followed_if_asked(dialer: Dialer) -> None:
    hops = [redirecting("/1"), redirecting("/2"), redirecting("/3"), answering()]
    async with serving(*hops) as server:
        health = await look(HealthRule(url=server.url("/"), redirects=True), dialer)
        assert health.ok
        assert health.facts == (f"redirected to {server.url('/3')}",)
    async with serving(redirecting("/0"), *hops) as server:
        health = await look(HealthRule(url=server.url("/"), redirects=True), dialer)
        assert health.failure is Failure.REDIRECT
        assert health.error == f"redirect refused: more than 3, the next to {server.url('/3')}"


async def test_a_redirect_in_a_circle_is_refused(dialer: Dialer) -> None:
    async with serving(redirecting("/health")) as server:
        health = await look(HealthRule(url=server.url(), redirects=True), dialer)
    assert health.failure is Failure.REDIRECT
    assert health.error == f"redirect refused: it leads in a circle, back to {server.url()}"


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("http://[::ffff:169.254.169.254]/", "metadata"),
        ("http://10.0.0.5/admin", "private"),
        ("http://169.254.7.7/", "link-local"),
        ("http://[fe80::1]/", "link-local"),
        ("http://internal.example/", "private"),
    ],
)
async def test_a_redirect_into_another_network_is_refused_without_a_connection(
    dialer: Dialer, names: dict, place: str, kind: str
) -> None:
    names["internal.example"] = ["192.168.1.10"]
    async with serving(redirecting(place)) as server:
        health = await look(HealthRule(url=server.url(), redirects=True, timeout=PROMPT), dialer)
    assert health.failure is Failure.REDIRECT
    assert health.error is not None and f"is a {kind} address, 127.0.0.1 is loopback" in health.error


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://[::1", "http:///", "javascript:x"])
async def test_a_redirect_to_what_is_no_web_address_is_refused(dialer: Dialer, place: str) -> None:
    async with serving(redirecting(place)) as server:
        health = await look(HealthRule(url=server.url(), redirects=True), dialer)
    assert health.failure is Failure.REDIRECT


async def test_credentials_stay_with_the_origin_they_were_meant_for(dialer: Dialer) -> None:
    async with (
        serving(answering()) as other,
        serving(redirecting("/inside"), redirecting(other.url("/outside"))) as server,
    ):
        url = f"http://ann:pw@127.0.0.1:{server.port}/"
        rule = HealthRule(url=url, redirects=True, headers={"X-Token": Secret("t0ken-value")})
        assert (await look(rule, dialer)).ok
    assert all(b"x-token" in request and b"authorization" in request for request in server.requests)
    assert len(server.requests) == 2
    assert b"x-token" not in other.requests[0] and b"authorization" not in other.requests[0]


# E11


async def test_each_look_is_a_connection_of_its_own(dialer: Dialer) -> None:
    async with serving(one_answer_then_silence) as server:
        seen = [await look(HealthRule(url=server.url(), timeout=PROMPT), dialer) for _ in range(3)]
    assert all(health.ok for health in seen)
    assert server.connections == 3


# E12


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
async def test_an_answer_that_is_not_http_is_told_as_such(dialer: Dialer, answer: bytes) -> None:
    async with serving(saying(answer)) as server:
        health = await look(HealthRule(url=server.url(), timeout=PROMPT, body="ok"), dialer)
    assert (health.ok, health.failure) == (False, Failure.PROTOCOL)
    assert health.error is not None and health.error.isprintable() and len(health.error) < 120


async def test_a_port_that_speaks_first_and_waits_is_told_at_once(dialer: Dialer) -> None:
    async def greet_and_wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GARBAGE["not HTTP at all"])
        await asyncio.sleep(3600)

    async with serving(greet_and_wait) as server:
        health = await look(HealthRule(url=server.url(), timeout=60), dialer)
    assert health.failure is Failure.PROTOCOL


async def test_what_answers_instead_of_http_is_quoted(dialer: Dialer) -> None:
    async with serving(saying(GARBAGE["not HTTP at all"]), saying(GARBAGE["a TLS alert"])) as server:
        ssh = await look(HealthRule(url=server.url()), dialer)
        tls = await look(HealthRule(url=server.url()), dialer)
    assert ssh.error == 'not HTTP: the answer begins "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"'
    assert tls.error == "not HTTP: the port speaks TLS; https:// perhaps"


@pytest.mark.parametrize("behaviour", [hanging_up, resetting])
async def test_hanging_up_without_an_answer_is_told(dialer: Dialer, behaviour) -> None:
    async with serving(behaviour) as server:
        health = await look(HealthRule(url=server.url()), dialer)
    assert (health.failure, health.error) == (Failure.PROTOCOL, "closed the connection without an answer")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.binary(max_size=300), some.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", reply()[:-1] + b"\r\n"]))
def test_no_bytes_at_all_make_a_look_raise(quiet: None, noise: bytes, start: bytes) -> None:
    async def run() -> None:
        async with serving(saying(start + noise)) as server:
            health = await look(HealthRule(url=server.url(), timeout=PROMPT, json={"/a": 1}), Dialer())
            assert health.ok or health.error
            assert clean(health.error or "") == (health.error or "")

    asyncio.run(run())


# X10


async def test_a_pattern_that_never_ends_is_cut_short_and_stops_nothing_else(dialer: Dialer) -> None:
    async with serving(answering(b"a" * 5000 + b"!")) as server:
        await look(HealthRule(url=server.url(), body="a"), dialer)
        beats = 0
        slow = asyncio.create_task(look(HealthRule(url=server.url(), body="(a+)+$"), dialer))
        while not slow.done():
            await asyncio.sleep(0.005)
            beats += 1
        health = await slow
    assert health.failure is Failure.BODY
    assert health.error == "200, but /(a+)+$/ was still searching its body after 0.1 s"
    assert beats > 3


# S6, SR-9


async def test_no_error_tells_the_secrets_of_an_address(dialer: Dialer) -> None:
    secret = "x7Qp9ZkLm2Rt5Vw8"
    url = f"http://ann:{secret}@127.0.0.1:%d/hooks/{secret}?key={secret}"
    async with serving(
        hanging_up, answering(status="500 x"), redirecting(f"http://ann:{secret}@10.0.0.1/a?token={secret}")
    ) as server:
        rule = HealthRule(url=url % server.port, redirects=True)
        seen = [await look(rule, dialer) for _ in range(3)]
        seen.append(await look(HealthRule(url=url % closed_port(), retries=1), dialer))
    told = " ".join(f"{health.error} {health.facts}" for health in seen)
    assert secret not in told
    assert all(not health.ok for health in seen)


async def test_what_a_failing_server_says_is_a_note_unless_it_is_a_page(dialer: Dialer) -> None:
    async with serving(
        answering(b"database connection\nrefused\x1b[2J password=hunter2hunter2", status="500 x"),
        answering(b"<html>Oops</html>", status="502 x"),
    ) as server:
        plain = await look(HealthRule(url=server.url()), dialer)
        page = await look(HealthRule(url=server.url()), dialer)
    assert plain.facts[0].startswith("it says: database connection refused")
    assert "hunter2" not in plain.facts[0] and "\x1b" not in plain.facts[0]
    assert page.facts == ()


def test_what_costs_most_of_a_start_is_not_loaded_before_it_is_needed() -> None:
    dear = "{'httpx', 'anyio', 'regex', 'certifi', 'textual'}"
    loaded = f"import airops_tui.probes.http, sys; print({dear} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", loaded], text=True).strip() == "set()"
