"""Work on a Dask cluster: one that is there already, or one of this machine that lasts as long as the work.

The job travels once, as a worker plugin: every worker has it, those that join or are restarted in mid-run too. A task
is then a name and something small. Dask reschedules what a dead worker was at. Distributed's own messages are kept
from the terminal; what matters in them is said here.

This module imports `distributed`; it is imported when a cluster is asked for.
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
"""A scheduler that does not answer for so long is taken not to be there."""

FIRST_WORKER_SECONDS = 10
"""A cluster that has no worker for so long is taken to have none."""

NO_WORKERS_SECONDS = 60.0
"""When all workers are gone, so long is waited for the next."""

TASKS_PER_WORKER = 2
"""Tasks that are handed out for each worker: while the answer to one travels, it does the other."""

WORKER_COUNT_SECONDS = 2.0

_LOGGERS = "distributed"


@contextmanager
def open_cluster_pool(job: Job[Any, Any], cluster: str, workers: int) -> Iterator["ClusterPool"]:
    """The workers of a cluster, told their job; afterwards an existing cluster is as it was.

    Args:
        job: What is to be done.
        cluster: Address of the scheduler, or ``local`` for a cluster of this machine.
        workers: How many processes the latter has.

    Raises:
        InputError: The cluster is not there, has no workers, or its workers have other versions than ours.
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
    """A client of the cluster; a local one is started for it."""
    if cluster != LOCAL:
        with _open_client(cluster) as client:
            yield client
        return
    with _start_local_cluster(workers) as local_cluster, Client(local_cluster, set_as_default=False) as client:
        yield client


@contextmanager
def _start_local_cluster(workers: int) -> Iterator[LocalCluster]:
    """A cluster of this machine."""
    # Dask opens a web page for its scheduler unless told otherwise, and a fixed port for it; all ports here are on
    # the loopback interface only. Without a memory limit, because whether the cohorts fit was asked before.
    # A worker that says nothing for minutes while compiled code runs is no dead one: that one is known by its end.
    with dask.config.set({"distributed.scheduler.worker-ttl": None}), ExitStack() as stack:
        # Ctrl-C that was held back is heard at the end of this block, when there is something to end.
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
            # Versions are compared here, and what differs is an error that says more.
            warnings.simplefilter("ignore", VersionMismatchWarning)
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="journeylab")
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise InputError(
            f"--cluster {address}: no Dask scheduler answers there within {CONNECT_SECONDS} seconds "
            f"({_first_line(error)}); look whether it runs (`dask scheduler`), and whether this machine may reach it"
        ) from None
    with client:
        yield client


def _check_reachable(address: str) -> None:
    """See whether a scheduler is there: a `Client` waits for ever for a word from a server that is none.

    Raises:
        OSError: None is.
        ValueError: The address cannot be one.
    """

    async def probe() -> None:
        comm = await connect(address, timeout=CONNECT_SECONDS, **Security().get_connection_args("client"))
        await comm.close()

    # In a thread: where this is called from a notebook, a loop is running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, asyncio.wait_for(probe(), CONNECT_SECONDS + 1)).result()


def refuse_no_workers(client: Client, cluster: str) -> None:
    """Say so when nobody is there to work.

    Raises:
        InputError: The cluster has no worker, and none comes within a few seconds.
    """
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER_SECONDS)
    except TimeoutError:
        raise InputError(
            f"--cluster {cluster}: the scheduler is there and has no workers; start some with "
            f"`dask worker {cluster} --nthreads 1` (a cluster that grows by itself needs a minimum of 1)"
        ) from None


class WorkerSetup(WorkerPlugin):  # type: ignore[misc]
    """What every worker is told: the job, and with which versions it was sent."""

    def __init__(self, job: Job[Any, Any], versions: dict[str, str], *, started_here: bool) -> None:
        """Tell it.

        Args:
            job: The job.
            versions: Those of the sender.
            started_here: Whether the workers were started for this job, by the sender.
        """
        self._job = job
        self._versions = versions
        self._started_here = started_here

    def setup(self, worker: Any) -> None:  # noqa: ARG002 - the signature is Dask's
        """On the worker, once. Its threads take turns: they would share one interpreter, and memory for one cohort."""
        self._lock = threading.Lock()
        self._different_versions = {
            name: found for name, found in local_versions().items() if self._versions[name] != found
        }
        if self._started_here:
            interrupts.ignore_interrupts()

    def do(self, task: Any) -> Any:
        """Do a task.

        Raises:
            InputError: The worker joined in mid-run, with other versions than the sender's.
        """
        for name, found in self._different_versions.items():
            raise InputError(
                f"a worker that joined the cluster has {name} {found}, and here it is {self._versions[name]}; "
                "give every worker the versions that are here"
            )
        with self._lock:
            return self._job.do(task)


def _run_task(name: str, task: Any) -> Any:
    """On a worker: do a task of the job of this name."""
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
        """A few tasks more than there are workers, who come and go."""
        if monotonic() - self._counted_at >= WORKER_COUNT_SECONDS:
            self._count_workers()
        return max(1, TASKS_PER_WORKER * self._workers) - busy

    def _count_workers(self) -> None:
        # When the connection is lost, the futures say so; until they do, no workers are known.
        with suppress(OSError, TimeoutError):
            self._workers = len(self._client.scheduler_info().get("workers", ()))
        self._counted_at = monotonic()

    def submit(self, task: Any) -> "Future[Any]":
        """Have a worker do a task."""
        future: Future[Any] = self._executor.submit(_run_task, self._name, task)
        return future

    def result(self, future: "Future[Any]") -> Any:
        """What came of a task.

        Raises:
            WorkerDiedError: Every worker that was given it died, or the scheduler is gone.
            BrokenExecutor: It was lost on its way here; the task may be submitted again.
            InputError: The worker cannot do it, because journeylab is not there.
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
                f"--cluster {self._cluster}: a worker that joined cannot do the work ({error}); "
                "install the same journeylab on every worker"
            ) from None
        except (TypeError, ValueError, AttributeError) as error:
            if _is_lost_result(error):
                raise BrokenExecutor("the worker left while its result was on its way") from None
            raise

    def _scheduler_lost(self) -> WorkerDiedError:
        """Nobody is there any more who could be told anything."""
        self._is_connected = False
        return WorkerDiedError(
            f"--cluster {self._cluster}: the scheduler is gone, or it dropped the work; start it again"
        )

    def check_workers(self) -> None:
        """Nothing was finished for a while: see whether there are workers.

        Raises:
            WorkerDiedError: There are none, and none came in a minute; or the scheduler is gone.
        """
        # A result that was on its way when the connection broke never comes, and Dask says nothing of it.
        if self._client.status == "closed":
            raise self._scheduler_lost()
        self._count_workers()
        if self._workers:
            self._no_workers_since = None
            return
        self._no_workers_since = self._no_workers_since or monotonic()
        if monotonic() - self._no_workers_since >= NO_WORKERS_SECONDS:
            raise WorkerDiedError(
                f"--cluster {self._cluster}: all workers are gone, and for {NO_WORKERS_SECONDS:.0f} seconds none came; "
                f"start some (`dask worker {self._cluster} --nthreads 1`)"
            )

    def detach(self) -> None:
        """Cancel what is pending, and have the workers forget the job."""
        if not self._is_connected or self._client.status == "closed":
            return  # Whoever is gone has forgotten it all, and a closed client tells nobody anything.
        with suppress(OSError, TimeoutError, CommClosedError, RuntimeError):
            self._executor.shutdown(wait=False)
            self._client.unregister_worker_plugin(self._name)


def _is_lost_result(error: Exception) -> bool:
    """Whether Dask's executor stumbled, and not the job.

    It looks at a future's state after it has waited for the result. When the worker leaves between the two, it takes
    the result for an error in three parts, and fails to take it apart (`distributed.cfexecutor._cascade_future`).
    """
    *_, (innermost, _) = walk_tb(error.__traceback__)
    return innermost.f_code.co_name == "_cascade_future"


@contextmanager
def _silence_logs() -> Iterator[None]:
    """Keep distributed's log from the terminal; it gives some of its loggers a level of their own."""
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
