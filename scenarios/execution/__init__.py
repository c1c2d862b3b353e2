"""Where replications run: in this process, in several processes or on a Dask cluster; memory checks and interrupts."""
