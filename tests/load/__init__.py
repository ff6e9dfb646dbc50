"""Load tools on bare sockets: a publisher and a subscriber that are never the slowest part of what they measure."""
