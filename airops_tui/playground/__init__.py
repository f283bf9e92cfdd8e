"""The playground: a small site of real services that break on demand, to try the console on and to test it with."""
