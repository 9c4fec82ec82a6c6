import os
import signal
import threading
from collections.abc import Callable

import pytest

from rl_pipeline.run.control import TrainingControl


def test_the_first_signal_asks_to_stop_and_the_second_interrupts(capsys: pytest.CaptureFixture[str]) -> None:
    def handlers() -> list[Callable[..., object] | int | None]:
        return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    before = handlers()
    with TrainingControl().listening() as control:
        assert control.stop_reason is None
        os.kill(os.getpid(), signal.SIGTERM)
        assert control.stop_reason == "SIGTERM"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert handlers() == before
    assert "Ctrl-C (SIGINT) stops at once" in capsys.readouterr().err


def test_sigterm_may_come_twice_as_cluster_managers_send_it_but_ends_at_once_after_ctrl_c() -> None:
    with TrainingControl().listening() as control:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
    assert control.stop_reason == "SIGTERM"
    with TrainingControl().listening() as control:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_request_to_save_is_served_once() -> None:
    control = TrainingControl()
    assert not control.take_save_request()
    control.save()
    assert control.take_save_request()
    assert not control.take_save_request()


@pytest.mark.parametrize(
    ("end", "answer"),
    [
        (lambda control: control.pause(False), False),
        (lambda control: control.stop("asked"), False),
        (lambda control: control.save(), True),
    ],
    ids=["go on", "stop", "save"],
)
def test_a_pause_waits_for_what_ends_or_interrupts_it(
    end: Callable[[TrainingControl], None], answer: bool
) -> None:
    control = TrainingControl()
    control.pause(True)
    answers: list[bool] = []
    training = threading.Thread(target=lambda: answers.append(control.take_save_request()))
    training.start()
    training.join(timeout=0.1)
    assert training.is_alive()
    end(control)
    training.join(timeout=300)
    assert answers == [answer]


def test_a_signal_ends_a_pause() -> None:
    with TrainingControl().listening() as control:
        control.pause(True)
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
        timer.start()
        assert not control.take_save_request()
        timer.join()
    assert control.stop_reason == "SIGTERM"
