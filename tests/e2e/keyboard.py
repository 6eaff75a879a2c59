"""Somebody who has a keyboard and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, expect

from tests.e2e.person import Person

MOST_STOPS = 150
"""A page with more stops than these would be a burden; whoever does not arrive sits in a trap."""
MOST_ARROWS = 12

# How each stop looks without the focus, as long as it does not have it.
REMEMBER = """() => {
  const look = element => {
    const parts = [element, element.parentElement, ...(element.labels || [])];
    const pseudo = [null, '::before', '::after'];
    return parts.flatMap(part => pseudo.map(name => {
      const style = getComputedStyle(part, name);
      const outline = style.outlineStyle === 'none' ? '' : style.outline;
      return outline + style.boxShadow;
    })).join('|');
  };
  const stops = 'a[href], button, input, select, textarea, summary, [tabindex]';
  window.oskLook = look;
  window.oskPlain = window.oskPlain || new Map();
  for (const stop of document.querySelectorAll(stops))
    if (stop !== document.activeElement && !window.oskPlain.has(stop))
      window.oskPlain.set(stop, look(stop));
}"""
STOP = """target => {
  const here = document.activeElement;
  if (!here || here === document.body) return {name: '', is_outside: true};
  const name = (here.labels && here.labels.length ? here.labels[0].innerText : here.innerText) || here.name || here.id;
  const box = here.getBoundingClientRect();
  return {
    name: `${here.localName} ${name.trim().split('\\n')[0]}`,
    is_outside: false,
    is_target: here === target,
    is_of_group: !!target && here.type === 'radio' && target.type === 'radio' && here.name === target.name,
    // Not :focus: a part inside the browser's own control, the calendar of a date, which it marks itself.
    is_marked: !here.matches(':focus') || window.oskLook(here) !== window.oskPlain.get(here),
    is_in_view: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


@dataclass(frozen=True)
class Stop:
    """Where the focus stands, and whether one sees it there."""

    name: str
    is_outside: bool
    is_target: bool = False
    is_of_group: bool = False
    is_marked: bool = True
    is_in_view: bool = True


class Keyboard:
    """Drives the page of ``person`` by keys only. A stop that cannot be seen is a problem of that person."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    # Moving

    def skip_to_content(self) -> None:
        """By the link that is the first stop of each page. A form sent from there leads there again."""
        if self.page.url.endswith("#inhalt"):
            return
        self.page.keyboard.press("Tab")
        link = self.page.get_by_role("link", name="Zum Inhalt springen")
        expect(link).to_be_focused()
        self.page.keyboard.press("Enter")

    def go_to(self, target: Locator, *, back: bool = False) -> None:
        """Tab until ``target`` has the focus."""
        expect(target).to_be_visible()
        self.page.evaluate(REMEMBER)
        wanted: Any = target.element_handle()
        if self._stop(wanted).is_target:
            return
        passed: list[str] = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            stop = self._stop(wanted)
            self._check(stop)
            passed.append(stop.name)
            if stop.is_target:
                return
            if stop.is_of_group:
                self._arrow_to(wanted)
                return
        raise AssertionError(f"{target} is not reached on {self.page.url}, after {passed}")

    def goes_round(self) -> None:
        """Tab through the whole page, to its end and back to the first stop; there is no trap."""
        self.page.evaluate(REMEMBER)
        seen: list[str] = []
        first = self.page.evaluate_handle("document.activeElement")
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            stop = self._stop(first.as_element() if seen else None)
            self._check(stop)
            if stop.is_outside or stop.is_target:
                break
            if not seen:
                first = self.page.evaluate_handle("document.activeElement")
            seen.append(stop.name)
        else:
            raise AssertionError(f"No end of {self.page.url}: {seen[-20:]}")
        self.page.keyboard.press("Shift+Tab")
        assert self._stop(None).name == seen[-1], f"One cannot go back on {self.page.url}"

    # Acting

    def press(self, label: str) -> None:
        """The button or link that reads ``label``."""
        button = self.page.get_by_role("button", name=label, exact=True)
        link = self.page.get_by_role("link", name=label, exact=True)
        self.go_to(button.or_(link).first)
        self.page.keyboard.press("Enter")

    def send(self) -> None:
        """Send the form by Enter, from within its field."""
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/konto/login" not in url)

    def write(self, label: str, text: str) -> None:
        self.go_to(self.person.field(label))
        self.page.keyboard.insert_text(text)

    def tick(self, label: str) -> None:
        field = self.person.field(label)
        self.go_to(field)
        self.page.keyboard.press("Space")
        expect(field).to_be_checked()

    def choose(self, label: str, group: str = "") -> None:
        """One of several radio buttons: Tab reaches the group, the arrows its members.

        ``group``: its question, where several groups offer the same answers.
        """
        field = self.person.field(label)
        if group:
            field = self.page.get_by_role("group", name=group).get_by_label(label)
        self.go_to(field)
        if not field.is_checked():
            self.page.keyboard.press("Space")
        expect(field).to_be_checked()

    def select(self, label: str, option: str) -> None:
        field = self.person.field(label)
        self.go_to(field)
        self.page.keyboard.type(option)
        expect(field.locator("option:checked")).to_have_text(option)

    def attach(self, label: str, name: str, content: bytes) -> None:
        """Go to the field for files; the dialog behind it is the browser's own and not driven here."""
        field = self.person.field(label)
        self.go_to(field)
        field.set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})

    # Looking

    def _arrow_to(self, wanted: Any) -> None:
        for _ in range(MOST_ARROWS):
            self.page.keyboard.press("ArrowDown")
            stop = self._stop(wanted)
            self._check(stop)
            if stop.is_target:
                return
        raise AssertionError(f"The arrows do not reach {wanted} on {self.page.url}")

    def _stop(self, target: Any) -> Stop:
        return Stop(**self.page.evaluate(STOP, target))

    def _check(self, stop: Stop) -> None:
        where = f"{self.page.url}, {stop.name!r}"
        if not stop.is_marked:
            self.person.problems.append(f"{where}: the focus is not seen")
        if not stop.is_in_view:
            self.person.problems.append(f"{where}: the focus is out of view")
