"""The tests import the SDK as a guest does, with the bridge beside it."""

from bridge_package import mount_bridge

mount_bridge()
