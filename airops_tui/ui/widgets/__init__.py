"""Widgets that know nothing of services: lines, a table, a bar of keys."""
