"""Numbers for people: what was asked, its cards, its pictures and its files."""
