"""How fast it is: figures for a person to read, each beside what it is to be compared with."""
