"""What is SQLite's own: its one writer, its index of words, files made of rows."""
