"""Configuration: what to watch and how, from a TOML file to frozen settings, every problem told at once."""
