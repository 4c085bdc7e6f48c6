"""Readers of mails and what is attached to them."""
