"""What `fieldproof devices` does and shows; the commands themselves are in webapp/cli_devices.py."""
