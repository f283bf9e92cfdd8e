"""What airops promises, as sentences that can fail; `tests/real` wants the real components, all else runs anywhere."""
