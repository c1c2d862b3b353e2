"""How the program runs on a machine: atomic files, locks, caches, the compiler, the database."""
