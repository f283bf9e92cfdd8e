"""airops: one console, one snapshot and one set of verbs over every service manager."""

__version__ = "0.1.0"
