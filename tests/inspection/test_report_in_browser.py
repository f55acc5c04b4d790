"""Reports in Chromium: what an inspector does with a page, and what it must not do."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tapsklearn.inspection import write_comparison_report, write_report

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

WIDTHS = (360, 1600)
LANGUAGES = ("en", "ja")
# "OAK" as Japanese keyboards can write it.
FULL_WIDTH = "\uff2f\uff21\uff2b"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Debian's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("needs Chromium: ./install-system-packages")
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found)


@pytest.fixture(scope="module")
def find_report(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Write a report of a kind in a language, when it is first asked for."""
    # The name of a folder on a USB stick.
    folder = tmp_path_factory.mktemp("検査 #1 100%")

    def find(name: str) -> Path:
        path = folder / f"{name}.html"
        kind, language = name.split()
        if path.exists():
            return path
        if kind == "score":
            scored = request.getfixturevalue("scored")
            return write_report(path, *scored, language=language)
        comparison = request.getfixturevalue("comparison")
        return write_comparison_report(path, comparison, language=language)

    return find


@pytest.fixture
def visit(
    browser: Any, find_report: Callable[[str], Path]
) -> Iterator[Callable[..., Any]]:
    """Open a report from its file; hold it to no error, dialog or request."""
    found: list[str] = []
    contexts = []

    def visit(name: str, *, width: int = 1600, **params: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, **params
        )
        contexts.append(context)
        page = context.new_page()
        address = find_report(name).as_uri()
        page.on("console", lambda message: found.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: found.append(f"error: {error}"))
        page.on("dialog", lambda dialog: found.append(f"dialog: {dialog.message}"))

        def note(request: Any) -> None:
            if request.url != address and not request.url.startswith("data:"):
                found.append(f"request: {request.url}")

        page.on("request", note)
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        for page in context.pages:
            assert page.evaluate("window.__x") is None
        context.close()
    # What a test provokes.
    assert [each for each in found if "Executing inline script" not in each] == []


def list_boards(page: Any) -> list[str]:
    """List the boards that are shown, in order."""
    names: list[str] = page.locator("tr.board:visible .open bdi").all_inner_texts()
    return names


def test_sort_filter_open_and_play(visit: Any) -> None:
    page = visit("score en")
    assert len(list_boards(page)) == 6
    heading = page.get_by_role("columnheader", name="Board")
    page.get_by_role("button", name="Board", exact=True).click()
    assert heading.get_attribute("aria-sort") == "ascending"
    rising = list_boards(page)
    page.get_by_role("button", name="Board", exact=True).click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert list_boards(page) == rising[::-1]
    assert page.locator("[aria-sort]").count() == 1

    page.get_by_label("normal 3").check()
    assert len(list_boards(page)) == 3
    page.get_by_label("Search").fill("会議室")
    assert list_boards(page) == []
    assert page.get_by_text("No board fits the search.").is_visible()
    # Wide letters, small ones and names of takes are found, too.
    page.get_by_label("Search").fill(FULL_WIDTH)
    assert list_boards(page) == ["oak"]
    page.get_by_label("all 6").check()
    page.get_by_label("Search").fill("silent.wav")
    assert list_boards(page) == ["oak"]
    assert page.locator("#shown").inner_text() == "1 board shown"
    page.get_by_label("Search").fill("")

    page.get_by_label("abnormal 2").check()
    row = page.locator("tr.board:visible").first
    row.locator(".open").click()
    assert row.locator(".open").get_attribute("aria-expanded") == "true"
    detail = page.locator("tr.detail")
    assert detail.locator("table.takes tbody tr").count() == 4
    assert detail.locator("img").count() == 3
    sizes = detail.locator("img").evaluate_all("all => all.map(e => e.naturalWidth)")
    assert min(sizes) > 10
    for name in ("this take", "four times slower", "only the difference"):
        play(page, detail.get_by_role("button", name=name))
    # Opened again by the same button, it closes and is silent.
    row.locator(".open").click()
    assert detail.count() == 0
    assert page.evaluate("player.paused")


def wait_until(page: Any, expression: str, *arguments: Any) -> None:
    """Wait; the page's policy forbids Playwright's own way, which evaluates text."""
    for _ in range(100):
        if page.evaluate(expression, *arguments):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {expression}")


def play(page: Any, button: Any) -> None:
    """Play a sound, and see that it goes on."""
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    wait_until(page, "player.currentTime > 0.05 && player.duration > 0.1")
    assert page.evaluate("player.error") is None


def test_one_sound_after_the_other(visit: Any) -> None:
    page = visit("score en")
    page.locator(".open").first.click()
    both = page.get_by_role("button", name="one after the other")
    both.click()
    first = page.evaluate("player.src")
    wait_until(page, "first => player.src !== first", first)
    wait_until(page, "player.ended")
    assert both.get_attribute("aria-pressed") == "false"
    # A second click stops.
    both.click()
    both.click()
    assert page.evaluate("player.paused")


def test_a_keyboard_is_enough(visit: Any) -> None:
    page = visit("score en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")

    def go_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("e => document.activeElement.matches(e)", selector):
                return
        raise AssertionError(f"no Tab comes to {selector}")

    go_to("#search")
    page.keyboard.type("img")
    go_to("input[name=filter]")
    page.keyboard.press("ArrowRight")
    assert page.locator("input[value=abnormal]").is_checked()
    go_to(".sort")
    page.keyboard.press("Enter")
    assert page.locator("th.wide[aria-sort=ascending]").count() == 1
    go_to(".open")
    page.keyboard.press("Space")
    assert page.locator("tr.detail").count() == 1
    go_to(".play")
    page.keyboard.press("Enter")
    wait_until(page, "player.currentTime > 0")


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["score", "comparison"])
def test_no_width_is_too_small(
    visit: Any, kind: str, language: str, width: int
) -> None:
    page = visit(f"{kind} {language}", width=width)
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for button in page.locator(".open").all():
            button.click()
    assert (
        page.locator("tr.detail").count() == 0
        or page.evaluate("document.documentElement.scrollWidth") <= width
    )


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["score", "comparison"])
def test_axe_finds_nothing_serious(
    visit: Any, kind: str, language: str, scheme: str
) -> None:
    page = visit(f"{kind} {language}", color_scheme=scheme)
    for state in ("closed", "open"):
        if state == "open":
            page.locator(".open").first.click()
            page.locator(".open").last.click()
            page.locator("details.reading summary").click()
        violations = axe.Axe().run(page).response["violations"]
        serious = [
            (each["id"], each["nodes"][0]["failureSummary"])
            for each in violations
            if each["impact"] in {"serious", "critical"}
        ]
        assert serious == []


@pytest.mark.slow
def test_nothing_of_a_name_runs(visit: Any) -> None:
    page = visit("score en")
    for button in page.locator(".open").all():
        button.click()
    page.wait_for_timeout(300)
    assert page.locator('img[src="x"]').count() == 0
    assert page.get_by_role("heading", name="<script>window.__x=1").count() == 1
    # Not even what is put into it by force, as its policy allows no such thing.
    blocked = page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.__x = 2";
            return new Promise((resolve) => {
                addEventListener("securitypolicyviolation", () => resolve(true));
                document.body.append(script);
                setTimeout(() => resolve(false), 2000);
            });
        }"""
    )
    assert blocked


@pytest.mark.slow
def test_paper_has_what_was_opened_and_no_player(visit: Any) -> None:
    page = visit("score ja")
    page.locator(".open").first.click()
    page.emulate_media(media="print")
    assert page.locator("tr.detail img").first.is_visible()
    assert not page.locator(".sounds").first.is_visible()
    assert not page.locator(".tools").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
