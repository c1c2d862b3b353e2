"""Workers on a Dask cluster: an existing one, or a temporary one on this machine.

The job is sent once, as a worker plugin, so workers that join or restart during the run have it too. A task is the name
of the job and something small. Dask reschedules the tasks of a worker that dies. The log messages of `distributed` are
silenced; the errors here report what matters in them.

This module imports `distributed`, so it is imported only when a cluster is requested.
"""

import asyncio
import logging
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic
from traceback import walk_tb
from typing import Any
from uuid import uuid4

import dask
from distributed import Client, LocalCluster, Security, WorkerPlugin, get_worker
from distributed.comm import CommClosedError, connect
from distributed.scheduler import KilledWorker
from distributed.versions import VersionMismatchWarning

from journey.core.errors import InputError
from scenarios.execution import interrupts
from scenarios.execution.protocol import LOCAL, Job, WorkerDiedError, refuse_malformed, worker_died_error
from scenarios.execution.versions import local_versions, refuse_other_versions

CONNECT_SECONDS = 5
"""A scheduler that does not answer within this time counts as missing."""

FIRST_WORKER_SECONDS = 10
"""A cluster without a worker after this time counts as empty."""

NO_WORKERS_SECONDS = 60.0
"""How long to wait for a new worker when all workers are gone."""

TASKS_PER_WORKER = 2
"""Submitted tasks per worker: while one result is sent, the worker does the next task."""

WORKER_COUNT_SECONDS = 2.0

_LOGGERS = "distributed"


@contextmanager
def open_cluster_pool(job: Job[Any, Any], cluster: str, workers: int) -> Iterator["ClusterPool"]:
    """A pool of cluster workers that have the job; at the end the job is removed from an existing cluster.

    Args:
        job: The job.
        cluster: Address of the scheduler, or ``local`` for a cluster on this machine.
        workers: Number of processes of a cluster on this machine.

    Raises:
        InputError: The cluster does not answer, has no workers, or its workers have other versions.
    """
    refuse_malformed(cluster)
    with _silence_logs(), _connect(cluster, workers) as client:
        refuse_no_workers(client, cluster)
        refuse_other_versions(client)
        name = f"journeylab-{uuid4().hex}"
        client.register_plugin(WorkerSetup(job, local_versions(), started_here=cluster == LOCAL), name)
        pool = ClusterPool(client, name, cluster)
        try:
            yield pool
        finally:
            pool.detach()


@contextmanager
def _connect(cluster: str, workers: int) -> Iterator[Client]:
    """A client of the cluster; a local cluster is started first."""
    if cluster != LOCAL:
        with _open_client(cluster) as client:
            yield client
        return
    with _start_local_cluster(workers) as local_cluster, Client(local_cluster, set_as_default=False) as client:
        yield client


@contextmanager
def _start_local_cluster(workers: int) -> Iterator[LocalCluster]:
    """A temporary cluster on this machine."""
    # By default Dask opens a dashboard on a fixed port; here it has none, and all ports are on the loopback interface.
    # There is no memory limit, because the memory was checked before the run.
    # A worker may be silent for minutes while compiled code runs; a dead worker is detected by the end of its process.
    with dask.config.set({"distributed.scheduler.worker-ttl": None}), ExitStack() as stack:
        # A deferred Ctrl-C is raised at the end of this block, when the cluster can be closed.
        with interrupts.defer_interrupts():
            local_cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                memory_limit=None,
                silence_logs=logging.CRITICAL,
            )
            stack.enter_context(local_cluster)
        yield local_cluster


@contextmanager
def _open_client(address: str) -> Iterator[Client]:
    try:
        _check_reachable(address)
        with warnings.catch_warnings():
            # `refuse_other_versions` compares the versions and gives a better message.
            warnings.simplefilter("ignore", VersionMismatchWarning)
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="journeylab")
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise InputError(
            f"--cluster {address}: no Dask scheduler answers there within {CONNECT_SECONDS} seconds "
            f"({_first_line(error)}); check that it runs (`dask scheduler`) and that this machine can reach it"
        ) from None
    with client:
        yield client


def _check_reachable(address: str) -> None:
    """Check that a scheduler answers, because a `Client` waits for ever for a server that is not a scheduler.

    Raises:
        OSError: No scheduler answers.
        ValueError: The address is not valid.
    """

    async def probe() -> None:
        comm = await connect(address, timeout=CONNECT_SECONDS, **Security().get_connection_args("client"))
        await comm.close()

    # In a thread of its own, because a notebook already runs an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, asyncio.wait_for(probe(), CONNECT_SECONDS + 1)).result()


def refuse_no_workers(client: Client, cluster: str) -> None:
    """Refuse a cluster without workers.

    Raises:
        InputError: The cluster has no worker, and none joins within a few seconds.
    """
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER_SECONDS)
    except TimeoutError:
        raise InputError(
            f"--cluster {cluster}: the scheduler answers but has no workers; start some with "
            f"`dask worker {cluster} --nthreads 1` (an adaptive cluster needs a minimum of 1)"
        ) from None


class WorkerSetup(WorkerPlugin):  # type: ignore[misc]
    """The job as a worker plugin, with the package versions of the sender."""

    def __init__(self, job: Job[Any, Any], versions: dict[str, str], *, started_here: bool) -> None:
        """Store the job.

        Args:
            job: The job.
            versions: Package versions of the sender.
            started_here: Whether the sender started the workers for this job.
        """
        self._job = job
        self._versions = versions
        self._started_here = started_here

    def setup(self, worker: Any) -> None:  # noqa: ARG002 - the signature is Dask's
        """Prepare the worker, once.

        The threads of a worker take turns, because they share one interpreter and memory for one cohort.
        """
        self._lock = threading.Lock()
        self._different_versions = {
            name: found for name, found in local_versions().items() if self._versions[name] != found
        }
        if self._started_here:
            interrupts.ignore_interrupts()

    def do(self, task: Any) -> Any:
        """Do a task.

        Raises:
            InputError: The worker joined during the run, with other versions than the sender's.
        """
        for name, found in self._different_versions.items():
            raise InputError(
                f"a worker that joined the cluster has {name} {found}, but this process has {self._versions[name]}; "
                "install the versions of this process on every worker"
            )
        with self._lock:
            return self._job.do(task)


def _run_task(name: str, task: Any) -> Any:
    """On a worker: do a task of the job with this name."""
    return get_worker().plugins[name].do(task)


class ClusterPool:
    """The workers of a cluster."""

    def __init__(self, client: Client, name: str, cluster: str) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)
        self._name = name
        self._cluster = cluster
        self._workers = 1
        self._counted_at = -WORKER_COUNT_SECONDS
        self._no_workers_since: float | None = None
        self._is_connected = True

    def free_slots(self, busy: int) -> int:
        """Slots for `TASKS_PER_WORKER` tasks per worker; the number of workers may change."""
        if monotonic() - self._counted_at >= WORKER_COUNT_SECONDS:
            self._count_workers()
        return max(1, TASKS_PER_WORKER * self._workers) - busy

    def _count_workers(self) -> None:
        # When the connection is lost, the futures raise an error; until then the last count is kept.
        with suppress(OSError, TimeoutError):
            self._workers = len(self._client.scheduler_info().get("workers", ()))
        self._counted_at = monotonic()

    def submit(self, task: Any) -> "Future[Any]":
        """Submit a task to the cluster."""
        future: Future[Any] = self._executor.submit(_run_task, self._name, task)
        return future

    def result(self, future: "Future[Any]") -> Any:
        """The result of a task.

        Raises:
            WorkerDiedError: Every worker that received the task died, or the scheduler is gone.
            BrokenExecutor: The result was lost in transit; the task may be submitted again.
            InputError: journeylab is not installed on the worker.
        """
        try:
            return future.result()
        except KilledWorker as error:
            raise worker_died_error(
                error.allowed_failures + 1,
                fix="give the workers more memory, run fewer of them on a machine, or use a smaller population.size",
            ) from None
        except CancelledError:
            raise self._scheduler_lost() from None
        except ModuleNotFoundError as error:
            raise InputError(
                f"--cluster {self._cluster}: a worker that joined cannot run the task ({error}); "
                "install the same journeylab on every worker"
            ) from None
        except (TypeError, ValueError, AttributeError) as error:
            if _is_lost_result(error):
                raise BrokenExecutor("the worker left while its result was in transit") from None
            raise

    def _scheduler_lost(self) -> WorkerDiedError:
        """The error that the scheduler is gone; from now on the pool is not connected."""
        self._is_connected = False
        return WorkerDiedError(
            f"--cluster {self._cluster}: the scheduler is gone, or it dropped the tasks; start it again"
        )

    def check_workers(self) -> None:
        """Check that workers are left.

        Raises:
            WorkerDiedError: No worker is left and none joined within a minute, or the scheduler is gone.
        """
        # A result that was in transit when the connection broke never arrives, and Dask does not report it.
        if self._client.status == "closed":
            raise self._scheduler_lost()
        self._count_workers()
        if self._workers:
            self._no_workers_since = None
            return
        self._no_workers_since = self._no_workers_since or monotonic()
        if monotonic() - self._no_workers_since >= NO_WORKERS_SECONDS:
            raise WorkerDiedError(
                f"--cluster {self._cluster}: all workers are gone, "
                f"and none joined for {NO_WORKERS_SECONDS:.0f} seconds; start some (`dask worker {self._cluster} "
                "--nthreads 1`)"
            )

    def detach(self) -> None:
        """Cancel pending tasks, and remove the job from the workers."""
        if not self._is_connected or self._client.status == "closed":
            return  # A scheduler that is gone holds no job, and a closed client cannot send anything.
        with suppress(OSError, TimeoutError, CommClosedError, RuntimeError):
            self._executor.shutdown(wait=False)
            self._client.unregister_worker_plugin(self._name)


def _is_lost_result(error: Exception) -> bool:
    """Whether Dask's executor failed, and not the job.

    The executor reads a future's state after it has waited for the result. When the worker leaves between the two, it
    unpacks the result as an error in three parts, and fails (`distributed.cfexecutor._cascade_future`).
    """
    *_, (innermost, _) = walk_tb(error.__traceback__)
    return innermost.f_code.co_name == "_cascade_future"


@contextmanager
def _silence_logs() -> Iterator[None]:
    """Silence the loggers of `distributed`; some of them have levels of their own, so each one is set."""
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if name.startswith(_LOGGERS)]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
