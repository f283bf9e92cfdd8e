"""The numbers airops promises, measured in pairs against named peers in one run: `python -m tests.bench`."""
