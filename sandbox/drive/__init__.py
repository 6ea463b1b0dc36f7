"""A Google Drive on loopback: version 2 of its API as PyDrive2 speaks it, with quotas, expiring tokens and faults."""

from sandbox.drive.server import DriveSandbox
from sandbox.drive.setup import DriveSetup

__all__ = ["DriveSandbox", "DriveSetup"]
