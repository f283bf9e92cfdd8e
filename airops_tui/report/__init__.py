"""Reports: a Snapshot as text for people and mails, as JSON for scripts, as Prometheus text for a collector."""
