"""Infrastructure: atomic files, locks, caches, the compiler and the database."""
