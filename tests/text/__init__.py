"""Text from outside, on its way to a screen, a file or a message."""
