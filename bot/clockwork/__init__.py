"""What the desk does unasked: by the clock, or when a network is heard; by the one instance whose turn it is."""
