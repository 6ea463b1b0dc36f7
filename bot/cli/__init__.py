"""The command line's verbs, a file each: `add` names the words, `run` does it and gives the exit status."""
