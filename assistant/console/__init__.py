"""Console output and input of both command lines: messages, progress, Ctrl-C, the terminal."""
