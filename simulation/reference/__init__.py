"""The reference engine on SimPy: the readable one."""
