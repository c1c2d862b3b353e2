"""Ctrl-C while something is started that has to be whole before it can be ended."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from scenarios.execution import interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def another_thread():
    """One that was there before and blocks nothing, so that the signal may be delivered to it."""
    enough = threading.Event()
    thread = threading.Thread(target=enough.wait)
    thread.start()
    yield
    enough.set()
    thread.join()


@pytest.mark.usefixtures("another_thread")
def test_it_is_heard_once_what_was_begun_is_whole():
    done = []

    def start():
        with interrupts.defer_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_what_is_started_meanwhile_never_hears_it():
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


def test_without_it_nothing_comes_of_it():
    with interrupts.defer_interrupts():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_that_is_not_the_first_may_hold_it_back_too():
    said = []

    def start():
        with interrupts.defer_interrupts():
            said.append("done")

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert said == ["done"]
