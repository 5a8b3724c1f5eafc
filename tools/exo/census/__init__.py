"""`./exo census`: real tasks of programs that many people have, on Linux and on Exo-OS, compared."""
