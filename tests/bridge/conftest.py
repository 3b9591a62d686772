"""The tests import the bridge as a guest does."""

from bridge_package import mount_bridge

mount_bridge()
