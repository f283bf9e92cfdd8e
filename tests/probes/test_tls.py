"""TLS: verified always, and what is wrong with a certificate said in words, with the date."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from airops_tui.config.settings import HealthRule
from airops_tui.model import Failure
from airops_tui.probes import certificate
from airops_tui.probes.dial import Dialer
from airops_tui.probes.http import look

from .faultserver import answering, serving, silent

Certified = Callable[..., ssl.SSLContext]
DAY = 86400.0


async def test_a_trusted_certificate_needs_no_remark(trusting: Dialer, certified: Certified) -> None:
    async with serving(answering(), tls=certified("localhost")) as server:
        health = await look(HealthRule(url=server.url(host="localhost")), trusting)
    assert health.ok and health.facts == ()


async def test_a_certificate_with_few_days_left_is_a_note_beside_a_good_answer(
    trusting: Dialer, certified: Certified
) -> None:
    async with serving(answering(), tls=certified("127.0.0.1", days=9.5)) as server:
        health = await look(HealthRule(url=server.url()), trusting)
    day = (datetime.now(UTC) + timedelta(days=9.5)).strftime("%Y-%m-%d")
    assert health.ok
    assert health.facts == (f"certificate ends {day}, 9 days left",)


async def test_an_expired_certificate_is_told_with_its_last_day(trusting: Dialer, certified: Certified) -> None:
    async with serving(answering(), tls=certified("localhost", days=-3)) as server:
        health = await look(HealthRule(url=server.url(host="localhost")), trusting)
    day = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%d")
    assert (health.ok, health.failure) == (False, Failure.TLS)
    assert health.error == f"tls: certificate expired {day}"
    assert server.requests == []  # nothing was sent to a peer that was not verified


async def test_an_expired_certificate_is_told_without_the_day_if_that_cannot_be_learned(
    trusting: Dialer, certified: Certified, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airops_tui.probes.http._LAST_DAY", 0.0)
    async with serving(answering(), tls=certified("localhost", days=-3)) as server:
        health = await look(HealthRule(url=server.url(host="localhost")), trusting)
    assert health.error == "tls: certificate expired"


async def test_a_certificate_for_another_name_is_told_with_the_name(trusting: Dialer, certified: Certified) -> None:
    async with serving(answering(), tls=certified("other.example")) as server:
        by_name = await look(HealthRule(url=server.url(host="localhost")), trusting)
        by_address = await look(HealthRule(url=server.url()), trusting)
    assert by_name.error == "tls: certificate is for another name than localhost"
    assert by_address.error == "tls: certificate is for another address than 127.0.0.1"


async def test_a_self_signed_certificate_is_told_as_such(dialer: Dialer, authority: trustme.CA, tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem")
    async with serving(answering(), tls=context) as server:
        health = await look(HealthRule(url=server.url()), dialer)
    assert health.error == "tls: certificate is self-signed"


async def test_an_authority_that_is_not_trusted_is_told_as_such(dialer: Dialer, certified: Certified) -> None:
    async with serving(answering(), tls=certified("localhost")) as server:
        health = await look(HealthRule(url=server.url(host="localhost")), dialer)
    assert health.failure is Failure.TLS
    assert health.error is not None and "authority this machine does not trust" in health.error


async def test_https_on_a_port_without_tls_is_told_as_such(trusting: Dialer) -> None:
    async with serving(answering(status="400 x"), listens=False) as server:
        health = await look(HealthRule(url=server.url().replace("http:", "https:")), trusting)
    assert (health.failure, health.error) == (Failure.TLS, "tls: the port speaks no TLS; http:// perhaps")


async def test_a_server_that_is_silent_instead_of_tls_hangs(trusting: Dialer) -> None:
    async with serving(silent) as server:
        url = server.url().replace("http:", "https:")
        health = await look(HealthRule(url=url, timeout=0.3), trusting)
    assert health.failure is Failure.HANG
    assert health.error == "no answer in 0.3 s: accepted the connection, then silence instead of TLS"


async def test_http_on_a_port_with_tls_is_told_as_such(trusting: Dialer, certified: Certified) -> None:
    async with serving(answering(), tls=certified("localhost")) as server:
        health = await look(HealthRule(url=server.url().replace("https:", "http:"), timeout=1.0), trusting)
    assert health.failure is Failure.PROTOCOL


async def test_no_context_is_built_before_the_first_https_look(dialer: Dialer) -> None:
    async with serving(answering()) as server:
        await look(HealthRule(url=server.url()), dialer)
    assert "tls" not in vars(dialer)


def test_trust_is_never_switched_off_not_even_for_the_date() -> None:
    for context in (certificate.trusted_context(), certificate.trusted_context(mind_dates=False)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_without_authorities_of_the_system_those_of_certifi_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = ssl.DefaultVerifyPaths(None, None, "", "", "", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda self, purpose: None)
    assert certificate.trusted_context().cert_store_stats()["x509_ca"] > 50


@pytest.mark.parametrize(("days", "told"), [(21.5, False), (21.0, False), (20.9, True), (0.5, True), (-1.5, True)])
def test_the_remark_begins_when_renewal_is_overdue(days: float, told: bool) -> None:
    now = time.time()
    assert bool(certificate.remark(now + days * DAY, now)) is told


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (9, "not valid yet (or the clock of this machine is wrong)"),
        (19, "does not trust (self-signed in the chain)"),
        (21, "an intermediate certificate is missing"),
        (23, "was revoked"),
        (79, "not accepted: something new"),
    ],
)
def test_each_kind_of_distrust_has_its_words(code: int, words: str) -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "something new"
    assert words in certificate.why_untrusted(error, "localhost")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("WRONG_VERSION_NUMBER", "tls: the port speaks no TLS; http:// perhaps"),
        ("UNSUPPORTED_PROTOCOL", "tls: the server offers nothing newer than TLS 1.1"),
        ("SOME_NEW_REASON", "tls: some new reason"),
        (None, "tls: handshake failed"),
    ],
)
def test_each_kind_of_failed_handshake_has_its_words(reason: str | None, words: str) -> None:
    error = ssl.SSLError()
    error.reason = reason  # type: ignore[assignment]
    assert certificate.why_untrusted(error, "localhost") == words
