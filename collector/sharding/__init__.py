"""Several collectors on one data folder, each owning a share of the devices (docs/decisions/0022)."""
