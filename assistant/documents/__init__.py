"""Files to documents: finding, parsing in a limited child process, sentences, chunks."""
