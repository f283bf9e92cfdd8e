"""Tests against what is real: systemd, PM2, supervisord, Docker and nginx, started for the run and gone after it."""
