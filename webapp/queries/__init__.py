"""Reads of the site database, within what the principal may see, in the shapes that the API answers with."""
