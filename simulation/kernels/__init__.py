"""Low-level tools of compiled code that know nothing of customers: arrays, heap, prefetch, select."""
