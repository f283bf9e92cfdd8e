"""What a machine without a config is found to run."""
