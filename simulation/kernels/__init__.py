"""Low-level tools for compiled code that are independent of customers: arrays, heap, prefetch, select."""
