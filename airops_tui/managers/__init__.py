"""Service managers: how systemd, launchd, PM2, supervisor, docker and our own `process` say status and restart."""
