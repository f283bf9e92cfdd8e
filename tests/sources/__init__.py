"""Sources: one look after another."""
