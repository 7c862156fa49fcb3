from __future__ import annotations

import math

from murai.apps.messages import Messages


def texts(messages: Messages, now_s: float) -> list[str]:
    return [toast.text for toast in messages.toasts(now_s)]


def test_messages_go_by_themselves() -> None:
    messages = Messages()
    messages.say("Saved", 10.0, for_s=3.0)
    assert texts(messages, 12.9) == ["Saved"]
    assert texts(messages, 13.0) == []


def test_a_topic_has_one_message() -> None:
    messages = Messages()
    messages.say("Style 90%", 0.0, topic="key")
    messages.say("Style 80%", 0.1, topic="key")
    assert texts(messages, 0.2) == ["Style 80%"]


def test_what_lasts_stays_until_it_is_taken_back() -> None:
    messages = Messages()
    messages.say("Camera lost", 0.0, for_s=math.inf, topic="source")
    assert texts(messages, 1e6) == ["Camera lost"]
    messages.take_back("source")
    assert texts(messages, 1e6) == []


def test_they_fade() -> None:
    messages = Messages()
    messages.say("Saved", 0.0, for_s=3.0)
    assert messages.toasts(1.5)[0].alpha == 1.0
    assert 0.0 < messages.toasts(2.9)[0].alpha < 0.5


def test_the_newest_three_are_seen() -> None:
    messages = Messages()
    for number in range(5):
        messages.say(str(number), 0.0)
    assert texts(messages, 0.1) == ["2", "3", "4"]


def test_what_lasts_is_not_pushed_out_by_what_passes() -> None:
    messages = Messages()
    messages.say("Camera lost", 0.0, for_s=math.inf, topic="source")
    for number in range(4):
        messages.say(str(number), 1.0)
    assert texts(messages, 1.1) == ["Camera lost", "2", "3"]
    assert texts(messages, 60.0) == ["Camera lost"]


def test_the_same_text_is_shown_once() -> None:
    messages = Messages()
    messages.say("Saved", 0.0)
    messages.say("Saved", 0.5)
    assert texts(messages, 1.0) == ["Saved"]
