"""A Sparkplug B host application: what edge nodes say, put in order and into words that need no birth to be read."""
