"""How a program comes to the key of its library: from the person, or from a script."""
