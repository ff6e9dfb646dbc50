"""A person on a walkthrough: answers, takes photos, finishes. And a look into the phone's own store."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from playwright.sync_api import Locator, expect

from tests.e2e.phone import Phone
from tests.e2e.photos import Photo

Item = Mapping[str, Any]
Value = dict[str, Any]
Step = Callable[[], None]

_READ = """async (store) => {
  const open = indexedDB.open('fieldproof-work');
  const db = await new Promise((done, fail) => { open.onsuccess = () => done(open.result); open.onerror = fail; });
  const all = db.transaction(store).objectStore(store).getAll();
  const rows = await new Promise((done, fail) => { all.onsuccess = () => done(all.result); all.onerror = fail; });
  db.close();
  return rows;
}"""
_KEYS = _READ.replace("getAll()", "getAllKeys()")


class Kill(NamedTuple):
    """Of the "tab" or the "browser", so long after the step began."""

    what: str
    seconds: float


def plan_kills(seed: int, steps: int, count: int) -> dict[int, Kill]:
    """Which steps are killed, how, and how far they get; the same for the same seed. Half of them are tabs."""
    dice = random.Random(seed)
    chosen = sorted(dice.sample(range(steps), count))
    return {step: Kill("tab" if n % 2 else "browser", dice.uniform(0.02, 0.5)) for n, step in enumerate(chosen)}


def items_of(content: Mapping[str, Any]) -> Iterator[Item]:
    for section in content["sections"]:
        yield from section["items"]


def good_value(item: Item) -> Value:
    """An answer that lacks nothing. Photos are taken, not answered."""
    match item["type"]:
        case "check":
            return {"choice": "pass"}
        case "choice":
            return {"options": [item["options"][0]["id"]]}
        case "number":
            number = 10 if item["low"] is None else int(item["low"])
            return {"number": number, "text": str(number)}
        case "text":
            return {"text": f"Nothing new at {item['id']}: Wände trocken, 7 °C"}
        case "reading":
            return {"source": "handheld", "number": 7.2, "text": "7.2", "instrument": "WTW 3310"}
    raise AssertionError(f"no value for {item['type']}")


@dataclass
class Walk:
    """One walkthrough on one phone. `given` is what the screen said is saved: it must never be lost."""

    phone: Phone
    content: Mapping[str, Any]
    id: str = ""
    given: dict[str, Value] = field(default_factory=dict)
    taken: dict[str, list[str]] = field(default_factory=dict)

    @property
    def items(self) -> dict[str, Item]:
        return {item["id"]: item for item in items_of(self.content)}

    def mark(self, test_id: str) -> Locator:
        return self.phone.page.get_by_test_id(test_id)

    def start(self) -> None:
        """From the list of templates."""
        page = self.phone.page
        page.locator("[data-testid^=template-]", has_text=self.content["title"]).get_by_role("button").click()
        expect(self.mark("continue")).to_be_visible()
        self.id = page.url.rsplit("/", 1)[-1]

    def show(self, item: str = "") -> None:
        """The question, by the arrow when it is the next one; without a name the overview."""
        page = self.phone.page
        path = f"/walkthroughs/{self.id}" + (f"/items/{item}" if item else "")
        if page.url != self.phone.url + path:
            step = self.mark("step-forward")
            if step.count() and step.get_attribute("href") == path:
                step.click()
            else:
                self.phone.open(path)
        title = self.items[item]["question"] if item else self.content["title"]
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, name: str, value: Value | None = None, note: str = "") -> None:
        """Returns when the screen says that it is saved on this phone."""
        self.show(name)
        value = value or good_value(self.items[name])
        if self.stored(name) != value:
            self._enter(value, note)
            expect(self.phone.page.locator("[data-testid=saved][data-state=saved]")).to_be_visible()
        self.given[name] = value

    def _enter(self, value: Value, note: str) -> None:
        match value:
            case {"choice": "na"}:
                self.mark("answer-na").click()
                self.mark("na-own").fill(note)
                self.mark("na-save").click()
            case {"choice": choice}:
                self.mark(f"answer-{choice}").click()
            case {"options": [option]}:
                self.mark(f"option-{option}").click()
            case {"source": "handheld", "text": text, "instrument": instrument}:
                self._type("handheld-instrument", instrument)
                self._type("handheld-number", text)
            case {"number": _, "text": text}:
                self._type("answer-number", text)
            case {"text": text}:
                self._type("answer-text", text)

    def _type(self, field_name: str, text: str) -> None:
        self.mark(field_name).fill(text)
        self.mark(field_name).blur()

    def take(self, name: str, photo: Photo) -> None:
        """A photo for the question that is shown; returns when the screen has it."""
        self.show(name)
        if photo.sha256 not in self.photos_of(name):
            self.phone.page.locator(".item-bar").get_by_test_id("camera").set_input_files(photo.payload)
            mark = f"[data-kind=photo][data-ref='{photo.sha256}']"
            expect(self.phone.page.locator(mark).first).to_be_attached()
        taken = self.taken.setdefault(name, [])
        if photo.sha256 not in taken:
            taken.append(photo.sha256)
        if self.items[name]["type"] == "photo":
            self.given[name] = {"photos": len(taken)}

    def steps(self, photos: Mapping[str, Sequence[Photo]]) -> list[Step]:
        """Everything there is to do, in the order of the walk."""
        found: list[Step] = []
        for name, item in self.items.items():
            if item["type"] != "photo":
                found.append(partial(self.answer, name))
            found += [partial(self.take, name, photo) for photo in photos.get(name, ())]
        return found

    def do(self, steps: Sequence[Step], kills: Mapping[int, Kill] | None = None) -> None:
        """Where a kill is planned, the step is begun, killed somewhere in the middle, and done after coming back."""
        for number, step in enumerate(steps):
            if kill := (kills or {}).get(number):
                with self.phone.killed_after(kill.seconds, kill.what):
                    step()
                self.phone.come_back(f"/walkthroughs/{self.id}")
                assert self.lost() == [], f"lost by killing the {kill.what} in step {number}"
            step()

    def submit(self) -> None:
        page = self.phone.page
        self.phone.open(f"/walkthroughs/{self.id}/finish")
        if self.stored_state() == "draft":
            self.mark("submit").click()
        expect(page.get_by_test_id("result")).to_be_visible()

    # -- the phone's own store ---------------------------------------------------------------------------------------

    def rows(self, store: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.phone.page.evaluate(_READ, store)
        return found

    def keys(self, store: str) -> list[str]:
        found: list[str] = self.phone.page.evaluate(_KEYS, store)
        return found

    def own_answers(self) -> list[dict[str, Any]]:
        """All versions made on this phone."""
        return [row for row in self.rows("answers") if row["inspection"] == self.id and row["here"]]

    def head(self, name: str) -> dict[str, Any] | None:
        """This phone's current answer."""
        rows = [row for row in self.own_answers() if row["item"] == name]
        replaced = {ident for row in rows for ident in row["replaces"]}
        heads = [row for row in rows if row["id"] not in replaced]
        assert len(heads) <= 1, f"{name} has {len(heads)} current answers of one phone"
        return heads[0] if heads else None

    def stored(self, name: str) -> Value | None:
        head = self.head(name)
        return head["value"] if head else None

    def photos_of(self, name: str) -> list[str]:
        head = self.head(name)
        return list(head["photos"]) if head else []

    def stored_state(self) -> str:
        (row,) = [row for row in self.rows("inspections") if row["id"] == self.id]
        return str(row["state"])

    def lost(self) -> list[str]:
        """What the screen had called saved and this phone does not have any more."""
        wrong = [name for name, value in self.given.items() if self.stored(name) != value]
        return wrong + [name for name, photos in self.taken.items() if not set(photos) <= set(self.photos_of(name))]
