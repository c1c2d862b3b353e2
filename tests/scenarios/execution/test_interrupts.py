"""Ctrl-C while workers are being started: it is deferred until they can be ended."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from scenarios.execution import interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@pytest.fixture
def another_thread():
    """An older thread that blocks no signal, so that the signal may be delivered to it."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.usefixtures("another_thread")
def test_ctrl_c_is_raised_once_the_start_is_complete():
    done = []

    def start():
        with interrupts.defer_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            done.append("complete")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["complete"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_a_process_started_meanwhile_ignores_ctrl_c():
    code = "import time; print('there', flush=True); time.sleep(60)"
    with interrupts.defer_interrupts():
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    with child:
        assert child.stdout.readline() == b"there\n"
        child.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert child.poll() is None
        child.terminate()
    assert child.returncode == -signal.SIGTERM


def test_without_ctrl_c_the_handler_is_restored():
    with interrupts.defer_interrupts():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_other_than_the_main_one_may_defer_it_too():
    done = []

    def start():
        with interrupts.defer_interrupts():
            done.append("done")

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert done == ["done"]
