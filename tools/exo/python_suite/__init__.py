"""`./exo test python`: Python's own suite, module by module, on Linux and on Exo-OS, compared test by test."""
