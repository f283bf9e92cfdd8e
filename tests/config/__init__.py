"""Configuration: loading, every problem with its line, writing, importing."""
