"""The reference engine, written on SimPy for readability."""
