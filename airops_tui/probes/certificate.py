"""TLS certificates in words: which ones are trusted, what is wrong with one, and when it is time to renew.

Verification is never switched off. To tell the last day of an expired certificate a second handshake is made that
forgives the date and nothing else, and over which nothing is sent.
"""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime

WARN_DAYS = 21
"""A certificate with fewer days left than this is worth a note: renewal is automatic at 30 days, so it did not work."""

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, openssl/x509_vfy.h

# X509_V_ERR_*, openssl/x509_vfy.h
_EXPIRED = 10
_WORDS = {
    9: "certificate is not valid yet (or the clock of this machine is wrong)",
    _EXPIRED: "certificate expired",
    18: "certificate is self-signed",
    19: "certificate comes from an authority this machine does not trust (self-signed in the chain)",
    20: "certificate comes from an authority this machine does not trust",
    21: "certificate cannot be verified: an intermediate certificate is missing",
    23: "certificate was revoked",
    62: "certificate is for another name than {name}",
    64: "certificate is for another address than {name}",
}
_REASONS = {
    "WRONG_VERSION_NUMBER": "the port speaks no TLS; http:// perhaps",
    "HTTP_REQUEST": "the port speaks plain HTTP",
    "UNSUPPORTED_PROTOCOL": "the server offers nothing newer than TLS 1.1",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server offers nothing newer than TLS 1.1",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants a certificate from the client",
    "UNEXPECTED_EOF_WHILE_READING": "the connection was cut during the handshake",
}


def trusted_context(authorities: str | None = None, *, mind_dates: bool = True) -> ssl.SSLContext:
    """A context that verifies chain, name and date, TLS 1.2 at least.

    `authorities`: PEM file of those to trust instead of the system's. Some builds of Python come without any
    (python.org's on macOS); then those of certifi serve.
    """
    context = ssl.create_default_context(cafile=authorities)
    if authorities is None and not _has_authorities(context):
        import certifi

        context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    if not mind_dates:
        context.verify_flags |= _NO_CHECK_TIME
    return context


def _has_authorities(context: ssl.SSLContext) -> bool:
    folder = ssl.get_default_verify_paths().capath  # its certificates are read one by one when needed
    return context.cert_store_stats()["x509_ca"] > 0 or (folder is not None and any(os.scandir(folder)))


def expired(error: ssl.SSLError) -> bool:
    """Whether the date is what a verification failed on."""
    return isinstance(error, ssl.SSLCertVerificationError) and error.verify_code == _EXPIRED


def why_untrusted(error: ssl.SSLError, name: str, ended: float | None = None) -> str:
    """What is wrong, as "tls: …". `ended`: the last moment of an expired certificate, where it could be learned."""
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _WORDS.get(error.verify_code, f"certificate is not accepted: {error.verify_message}").format(name=name)
        return f"tls: {words} {_day(ended)}" if ended is not None else f"tls: {words}"
    reason = error.reason or "handshake failed"
    return f"tls: {_REASONS.get(reason, reason.lower().replace('_', ' '))}"


def end_of(peer: ssl.SSLObject | None) -> float | None:
    """The last moment (epoch seconds) of the certificate that a verified peer showed."""
    shown = peer.getpeercert() if peer is not None else None
    end = shown.get("notAfter") if shown else None
    return float(ssl.cert_time_to_seconds(end)) if isinstance(end, str) else None


def remark(end: float | None, now: float) -> tuple[str, ...]:
    """The note about a certificate that ends soon; empty when there is time."""
    if end is None:
        return ()
    days = int((end - now) // 86400)
    return (f"certificate ends {_day(end)}, {days} days left",) if days < WARN_DAYS else ()


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
