"""The playground: its services, its faults, its repository, and that it comes and goes cleanly."""
