"""Text without secrets, for every sink: log, journal, alert, crash file, snapshot, screen, clipboard.

Two nets: the values of every `Secret` ever made, and patterns for what nobody declared. Where secrecy and a readable
log collide, a pair is judged by its value: "token: expired" and "tokens=512" stay as they are. A private key is known
by its first line: its other lines, one by one, are not.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import NamedTuple

from airops_tui.secrets import REDACTED, known_forms


class Pattern(NamedTuple):
    """What a kind of secret looks like and what stands there instead; tried only where one of the hints occurs."""

    hints: tuple[str, ...]  # in lower case
    regex: str
    instead: str = REDACTED


# Building blocks. Repetitions are possessive, bounded, or end where the next attempt would start: time stays linear.
_EOL = "\\n\\r␊␍"  # as they come, and as clean() shows them
_OPEN = r"(?:\\{0,3}[\"'])"  # the quotation mark of JSON, also of JSON within JSON
_WORD = rf"(?:{re.escape(REDACTED)}|[^\s&,;\"'<>()\[\]{{}}\\{_EOL}]++)"
_QUOTED = (
    rf"(?:(?<=\\[\"'])[^\"'\\{_EOL}]++"
    rf"|(?<=\")(?:[^\"\\{_EOL}]|\\.)++"
    rf"|(?<=')(?:[^'\\{_EOL}]|\\.)++)"
)
_VALUE = rf"(?:{_QUOTED}|(?<![\"']){_WORD})"
_TO_VALUE = rf"{_OPEN}?\s{{0,4}}[:=]\s{{0,4}}(?:\[(?!REDACTED))?{_OPEN}?"  # of a header, also in JSON
_REST = rf"(?:{_QUOTED}|(?<![\"'])[^{_EOL}]++)"
_NAME = (  # the first letters once more, ahead: without them a search takes four times as long
    r"(?=[acelpst])(?:token|secret|passw(?:or)?d|passphrase|passcode|pwd|credentials?|signature|session[_-]?id|(?<![a-z0-9])(?:pg)?pass"
    r"|(?:api|access|private|secret|signing|encryption|account|auth|shared|license)[_-]?key(?:[_-]?id)?)"
)
_NAME_HINTS = ("token", "secret", "pass", "pwd", "cred", "signature", "session", "key")
_KEY_NAME = r"[A-Z ]{0,30}PRIVATE KEY[A-Z ]{0,8}"
_KEY_HEADER = rf"(?:Proc-Type|DEK-Info|Version|Comment):[^{_EOL}]{{0,80}}+"
_BREAK = r"(?:[\s␊␍]|\\[nr])"  # between the lines of a key, in JSON too
_SHAPE_HINTS = (
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "_pat_", "glpat-", "npm_"),
    *("xox", "sk-", "sk_", "rk_", "akia", "asia", "aiza", "eyj"),
)

PRIVATE_KEY = Pattern(  # as far as it looks like one: a first line alone must not hide what follows it
    ("private key",),
    rf"-----BEGIN {_KEY_NAME}-----(?:{_BREAK}*+(?:{_KEY_HEADER}|[A-Za-z0-9+/=]{{20,}}+))*+"
    rf"(?:{_BREAK}*+[A-Za-z0-9+/=]*+{_BREAK}*+-----END {_KEY_NAME}-----)?",
)
PATTERNS = (
    PRIVATE_KEY,
    Pattern(  # a known scheme and one word; with any other scheme all that follows
        ("authorization",),
        rf"(?i)(authorization{_TO_VALUE})(?:((?:bearer|basic|token|negotiate|ntlm|apikey)\s{{1,4}}){_WORD}|{_REST})",
        rf"\1\2{REDACTED}",
    ),
    Pattern(
        ("bearer ", "basic "),
        r"(?i)\b(bearer|basic) {1,4}(?:(?=[a-z+/._~=-]{0,40}\d)[\w+/.~=-]{8,}+|[\w+/.~=-]{24,}+)",
        rf"\1 {REDACTED}",
    ),
    Pattern(("cookie",), rf"(?i)(cookie{_TO_VALUE}){_REST}", rf"\1{REDACTED}"),
    Pattern(  # who logs in where; also with an @ or / in the password that should have been escaped
        ("@",),
        rf"://(?:[^/\s\"'<>?#{_EOL}]{{1,256}}@|[^/\s\"'<>@:{_EOL}]{{1,64}}:(?!\d{{1,5}}[/?#])[^\s\"'<>@{_EOL}]{{1,128}}@)",
        f"://{REDACTED}@",
    ),
    Pattern(  # of a webhook the path is the password
        ("hook", "telegram", "feishu", "dingtalk", "hc-ping", "chat.googleapis", "ifttt"),
        r"(?i)((?:hooks\.slack\.com|discord(?:app)?\.com/api/(?:v\d+/)?webhooks|api\.telegram\.org|webhook\.office\.com"
        r"|open\.feishu\.cn/open-apis/bot|oapi\.dingtalk\.com|hc-ping\.com|chat\.googleapis\.com|hooks\.zapier\.com"
        rf"|maker\.ifttt\.com|/(?:web)?hooks?(?=/[^\s/]{{16}}))/)[^\s\"'<>(){_EOL}]++",
        rf"\1{REDACTED}",
    ),
    Pattern(
        (*_NAME_HINTS, "sig=", "auth="),
        rf"(?i)((?:{_NAME}|(?<![\w.-])(?:key|sig|auth)){_OPEN}?\s{{0,4}}=\s{{0,4}}{_OPEN}?){_VALUE}",
        rf"\1{REDACTED}",
    ),
    Pattern(  # "name": value; name: "value"; name: v4lue
        _NAME_HINTS,
        rf"(?i)({_NAME}(?:{_OPEN}\s{{0,4}}:\s{{0,4}}{_OPEN}?|\s?:\s{{0,4}}(?:{_OPEN}|(?=[^\s\"',;]{{0,99}}\d)))){_VALUE}",
        rf"\1{REDACTED}",
    ),
    Pattern(  # a line that is nothing but  name: value
        _NAME_HINTS,
        rf"(?im)^([ \t-]{{0,40}}[\w.-]{{0,60}}?{_NAME}\s?:[ \t]{{1,4}}){_WORD}(?=[ \t]*+(?:$|[\r␊␍]))",
        rf"\1{REDACTED}",
    ),
    Pattern(
        ("--",),
        r"(?i)(--[\w-]{0,30}?(?:token|secret|password|passwd|passphrase|api-?key|access-?key|secret-?key)"
        rf"{_OPEN}?,?\s{{1,4}}{_OPEN}?)(?!-){_VALUE}",
        rf"\1{REDACTED}",
    ),
    Pattern(  # GitHub, GitLab, Slack, OpenAI and Stripe, AWS, Google, npm, JWT
        _SHAPE_HINTS,
        r"(?<![\w-])(?:gh[pousr]_[A-Za-z0-9]{20,}+|github_pat_\w{20,}+|glpat-[\w-]{16,}+|xox[a-z]-[\w-]{10,}+"
        r"|(?:sk|rk)[-_](?=[a-zA-Z_-]{0,99}\d)[\w-]{20,}+|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}"
        r"|eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]++)?)",
    ),
)

_ADDRESS = r"(?s)([A-Za-z][\w+.-]*)://(?:([^/?#]*)@)?([^/?#@]*)(.*)"
_RANDOM = (
    r"(?<![A-Za-z0-9])(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?=[A-Za-z]{0,99}\d)[A-Za-z0-9]{20,}+)"
)
_WITH_HOST = {
    *("http", "https", "ws", "wss", "tcp", "udp", "ssh", "git", "ftp", "sftp", "smtp", "socks5"),
    *("postgres", "postgresql", "mysql", "mariadb", "mongodb", "redis", "rediss", "amqp", "amqps", "mqtt", "nats"),
}


def redact(text: str) -> str:
    """`text` without any registered value in any usual coding, nor anything that looks like a secret. Idempotent."""
    for form in known_forms():
        if form in text:
            text = text.replace(form, REDACTED)
    lower = text.lower()
    wanted: set[int] = set()
    for hint, which in _BY_HINT.items():
        if hint in lower:
            wanted.update(which)
    for index in sorted(wanted):
        text = _regex(PATTERNS[index]).sub(PATTERNS[index].instead, text)
    return text


def hide_keys(text: str) -> str:
    """Only the private keys hidden: for a text of several lines, before it is taken apart into them."""
    return _regex(PRIVATE_KEY).sub(REDACTED, text) if "PRIVATE KEY" in text else text


def redact_url(url: str) -> str:
    """An address fit for a log: scheme and host stay; login, path of a webhook, random-looking pieces and secrets go.

    Of a scheme that is no protocol (the `slack://…` of notification libraries) only the scheme stays: where a host
    would stand, such an address may hold a token.
    """
    address = re.fullmatch(_ADDRESS, url.strip())
    if not address:
        return redact(url)
    scheme, login, host, rest = address.groups()
    if scheme.lower().partition("+")[0] not in _WITH_HOST:
        return f"{scheme}://{REDACTED}"
    return redact(f"{scheme}://{f'{REDACTED}@' if login else ''}{host}{re.sub(_RANDOM, REDACTED, rest)}")


@cache
def _regex(pattern: Pattern) -> re.Pattern[str]:
    return re.compile(pattern.regex)  # at first need: all of them would cost every start some milliseconds


_BY_HINT = {
    hint: tuple(index for index, pattern in enumerate(PATTERNS) if hint in pattern.hints)
    for hint in chain.from_iterable(pattern.hints for pattern in PATTERNS)
}
