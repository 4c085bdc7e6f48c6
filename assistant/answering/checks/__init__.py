"""Check one sentence of an answer against the text that it quotes, by rules and figures."""
