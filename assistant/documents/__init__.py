"""From files to documents: discovery, parsing in a sandboxed child process, sentences, chunks."""
