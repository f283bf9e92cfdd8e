"""The next thing to do about a service, in one sentence. Pure: read off the facts that are already on the screen."""

from __future__ import annotations

from airops_tui.model import Failure, Service, State, UnitState
from airops_tui.ui.render import owner
from airops_tui.ui.view import WELL, Glance

_ABOUT_FAILURE = {
    Failure.DNS: "Its name does not resolve: look at the address in the config and at this machine's DNS.",
    Failure.TLS: "Its certificate is not accepted: look at its dates and names, and whether its renewal ran.",
    Failure.UNREACHABLE: "No way to it: look at the network, the firewall and whether its machine is up.",
    Failure.PROTOCOL: "Something else than HTTP answers there: look at the port and at what listens on it.",
    Failure.LOADED: "It asks for patience: look at what it has to do before it is restarted.",
    Failure.REDIRECT: "It points elsewhere: correct the address, or allow `redirects` in its health rule.",
    Failure.ENCODING: "Its answer cannot be read: look at what stands between, a proxy compresses badly.",
    Failure.BODY: "It answers, but with the wrong content: look at its log and at what it depends on.",
}


def advise(service: Service, glance: Glance) -> str | None:
    """What to do next about a service that is not well; None where there is nothing to do."""
    if glance.stale(service):
        return "It could not be looked at lately: `ctrl+r` looks again; then see whether its host and manager answer."
    if service.port is not None and service.port.conflict:
        held = owner(service.port)
        return f"Port {service.port.number} is taken by {held}: end that process, or give one of them another port."
    if service.looked_mono is None or service.state in WELL:
        return None
    if service.state is State.STARTING:
        return "It is starting: give it a moment."
    return _about_unit(service) or _about_answer(service)


def _about_unit(service: Service) -> str | None:
    unit = service.unit_status
    manager = service.manager or "its manager"
    through = f" through {manager}" if service.manager not in (None, "process") else ""
    if unit is None:
        return None
    if unit.state is UnitState.ABSENT:
        return f"{manager} knows no `{service.unit or service.name}`: load it there, or correct `unit` in the config."
    if unit.state is UnitState.UNKNOWN and service.health is None:
        return f"{manager} could not be asked: see whether it runs, and whether this user may ask it."
    if unit.state in (UnitState.FAILED, UnitState.STOPPED):
        return f"It does not run: read its last words, mend the cause, then start it{through}."
    return None


def _about_answer(service: Service) -> str | None:
    health = service.health
    if health is None:
        return "Read its log." if service.logs else None
    if health.failure is Failure.REFUSED:
        runs = service.pid is not None
        return (
            "Its process lives, but nothing listens: it is still starting, or listens on another port."
            if runs
            else "Nothing listens there: read its log, then start it."
        )
    if health.failure is Failure.HANG:
        return "It accepts but does not answer: look at its CPU, memory and log now, before a restart wipes the trace."
    if health.slow:
        return "It answers late: look at its CPU and memory, and at what it depends on."
    if health.failure in _ABOUT_FAILURE:
        return _ABOUT_FAILURE[health.failure]
    if health.ok and service.public is not None and not service.public.ok:
        return "It is well from here but not from outside: look at the tunnel or proxy before it, and at its DNS name."
    return "Read its log: it answers, but not as it should."
