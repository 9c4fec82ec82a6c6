import threading
from functools import partial

from rl_pipeline.tracking.background import BackgroundCalls


def test_calls_are_made_in_order_in_another_thread() -> None:
    made: list[tuple[int, str]] = []
    calls = BackgroundCalls("worker", size=100)
    for index in range(50):
        assert calls.put(lambda index=index: made.append((index, threading.current_thread().name)))
    assert calls.stop(30)
    assert made == [(index, "worker") for index in range(50)]


def test_a_full_queue_drops_the_call_without_waiting() -> None:
    go_on, started = threading.Event(), threading.Event()
    calls = BackgroundCalls("worker", size=1)

    def hang() -> None:
        started.set()
        go_on.wait(30)

    calls.put(hang)
    assert started.wait(30)
    assert calls.put(lambda: None)
    assert not calls.put(lambda: None)
    assert not calls.stop(0.01)
    go_on.set()


def test_a_place_in_a_full_queue_is_waited_for() -> None:
    go_on = threading.Event()
    calls = BackgroundCalls("worker", size=1)
    made: list[int] = []
    calls.put(partial(go_on.wait, 30))
    calls.put(lambda: made.append(1), timeout=30)
    threading.Timer(0.05, go_on.set).start()
    assert calls.put(lambda: made.append(2), timeout=30)
    assert calls.stop(30)
    assert made == [1, 2]


def test_stop_gives_up_at_the_timeout() -> None:
    go_on = threading.Event()
    calls = BackgroundCalls("worker", size=10)
    calls.put(partial(go_on.wait, 30))
    assert not calls.stop(0.01)
    go_on.set()


def test_a_thread_that_pauses_makes_all_calls() -> None:
    made: list[int] = []
    calls = BackgroundCalls("worker", size=100, pause=0.01)
    for index in range(50):
        assert calls.put(partial(made.append, index))
    assert calls.stop(30)
    assert made == list(range(50))
