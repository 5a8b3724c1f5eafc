"""`./exo calls`: the descriptions of the system calls as text, as JSON and as a page."""
