"""MQTT: the only importers of paho."""
