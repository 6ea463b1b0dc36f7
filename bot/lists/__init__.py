"""Lists of tickets as people see them: read, worded, drawn as cards and forms."""
