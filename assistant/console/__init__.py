"""What both command lines write and ask: output, progress, Ctrl-C, the terminal."""
