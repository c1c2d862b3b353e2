"""A trace and its initial customers as tables of a database, to compute results without any engine."""

from contextlib import contextmanager

import duckdb

from simulation.exports.histories import initial_histories


@contextmanager
def connect_trace(arm_spec, run, folder, *, seed):
    """A connection with the trace as ``trace`` and the initial customers as ``persons``.

    Args:
        arm_spec: The arm.
        run: Its run, with a trace, of replication 0.
        folder: Where the trace is written.
        seed: The seed of the run.
    """
    path = folder / "trace.parquet"
    run.trace.write(path)
    persons = [
        (one.initial.number, one.segment, one.initial.arrives_at, one.first_stage, one.initial.account_value)
        for one in initial_histories(arm_spec, seed=seed, replication=0)
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE persons "
            "(number BIGINT, segment VARCHAR, arrives_at DOUBLE, stage VARCHAR, account_value DOUBLE)"
        )
        connection.executemany("INSERT INTO persons VALUES (?, ?, ?, ?, ?)", persons)
        connection.execute(f"CREATE VIEW trace AS FROM read_parquet('{path}')")
        yield connection
