"""How each real component is had, started and ended on this machine, without touching what else runs here."""
