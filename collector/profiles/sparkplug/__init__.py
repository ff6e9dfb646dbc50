"""The payloads of Sparkplug B, and the document that is made of them."""
