"""Probes: one look at one thing, with a deadline, returning a fact."""
