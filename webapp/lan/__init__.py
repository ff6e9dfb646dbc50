"""Phones on the plant's network: a local certificate authority, and a page that shows how to trust it."""
