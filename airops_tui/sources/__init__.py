"""Sources: everything that is looked at again and again, each with its own period, deadline and reading."""
