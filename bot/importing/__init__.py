"""Tickets of other desks, read from their files and made fit for this one."""
