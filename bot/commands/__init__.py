"""What people can ask for: the slash commands, the buttons and the forms, each a function `(house, asker, heard)`."""
