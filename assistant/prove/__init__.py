"""A proof for auditors that nothing leaves this machine."""
