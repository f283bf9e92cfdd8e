"""The full-screen console, driven by hand-made snapshots and a clock that stands still."""
