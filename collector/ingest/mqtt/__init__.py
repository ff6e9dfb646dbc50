"""MQTT: the only importers of paho, besides the MQTT alarm channel."""
