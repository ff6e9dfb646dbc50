"""The steps for each kind of device, with sketches of the screens to tap. Words are in webapp.lan.texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Look = Literal["row", "switch", "button", "plain", "tick", "heading"]


@dataclass(frozen=True, slots=True)
class Row:
    text: str
    look: Look = "row"
    # What to tap.
    here: bool = False


@dataclass(frozen=True, slots=True)
class Sketch:
    frame: Literal["phone", "window"]
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Step:
    text: str
    download: Literal["profile", "certificate"] | None = None
    sketch: Sketch | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    device: str
    steps: tuple[Step, ...]


GUIDES = (
    Guide(
        "ios",
        (
            Step("ios.1", download="profile"),
            Step(
                "ios.2",
                sketch=Sketch(
                    "phone", "ios.2.title", (Row("ios.2.a", here=True), Row("ios.2.b", "switch"), Row("ios.2.c"))
                ),
            ),
            Step(
                "ios.3",
                sketch=Sketch("phone", "ios.3.title", (Row("ios.3.a", "heading"), Row("ios.3.b", "switch", here=True))),
            ),
            Step("ios.4"),
        ),
    ),
    Guide(
        "android",
        (
            Step("android.1", download="certificate"),
            Step(
                "android.2",
                sketch=Sketch(
                    "phone", "android.2.title", (Row("android.2.a", here=True), Row("android.2.b"), Row("android.2.c"))
                ),
            ),
            Step(
                "android.3",
                sketch=Sketch(
                    "phone", "android.3.title", (Row("android.3.a", "button"), Row("android.3.b", "button", here=True))
                ),
            ),
            Step("android.4"),
        ),
    ),
    Guide(
        "windows",
        (
            Step("windows.1", download="certificate"),
            Step(
                "windows.2",
                sketch=Sketch(
                    "window",
                    "windows.2.title",
                    (Row("windows.2.a", "plain"), Row("windows.2.b", "plain", here=True), Row("windows.2.c", "plain")),
                ),
            ),
            Step("windows.3"),
        ),
    ),
    Guide(
        "mac",
        (
            Step("mac.1", download="certificate"),
            Step(
                "mac.2",
                sketch=Sketch(
                    "window",
                    "mac.2.title",
                    (Row("mac.2.a", "heading"), Row("mac.2.b", "plain"), Row("mac.2.c", "button", here=True)),
                ),
            ),
            Step("mac.3"),
        ),
    ),
    Guide(
        "linux",
        (
            Step("linux.1", download="certificate"),
            Step(
                "linux.2",
                sketch=Sketch(
                    "window",
                    "linux.2.title",
                    (Row("linux.2.a"), Row("linux.2.b"), Row("linux.2.import", "button", here=True)),
                ),
            ),
            Step(
                "linux.3",
                sketch=Sketch(
                    "window", "linux.3.title", (Row("linux.3.a", "tick", here=True), Row("linux.3.b", "tick"))
                ),
            ),
            Step("linux.4"),
        ),
    ),
)

# In this order: Android's browsers say Linux too, and an iPad may say Macintosh, which only the page's script can tell.
_SIGNS = (
    ("ios", r"iPhone|iPad|iPod"),
    ("android", r"Android"),
    ("windows", r"Windows"),
    ("mac", r"Macintosh"),
    ("linux", r"Linux|X11|CrOS"),
)


def device_of(user_agent: str) -> str | None:
    """A guess, for what to open first: every guide is always there."""
    return next((device for device, sign in _SIGNS if re.search(sign, user_agent)), None)
