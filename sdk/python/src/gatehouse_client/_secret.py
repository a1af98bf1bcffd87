"""Keeps a credential out of everything that prints."""

from __future__ import annotations

from typing import Callable, NoReturn


class Secret:
    """Text that only `reveal` gives away: not repr, not str, not json, not pickle, not vars of its owner."""

    __slots__ = ("_reveal",)

    def __init__(self, text: str) -> None:
        # A closure, so that whoever walks attributes meets a function and no text.
        self._reveal: Callable[[], str] = lambda: text

    def reveal(self) -> str:
        return self._reveal()

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not written anywhere.")
