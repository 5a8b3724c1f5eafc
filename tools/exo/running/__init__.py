"""`./exo run`: from its options to the program's exit status."""
