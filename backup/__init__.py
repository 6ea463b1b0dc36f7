"""Backups with proof: taken while the desk works, restored to be sure, and the way back."""
