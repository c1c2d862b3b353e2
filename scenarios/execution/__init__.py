"""Where replications run: this process, several processes, a Dask cluster; memory and interrupts."""
