"use strict";
(() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  const find = (selector, within = document) => within.querySelector(selector);
  const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];
  const player = find("#player");
  const status = find("#status");
  const list = find("#list");

  // ------------------------------------------------------------------ sounds
  let playing = null;
  let waiting = [];

  const stop = () => {
    player.pause();
    waiting = [];
    if (playing) playing.setAttribute("aria-pressed", "false");
    playing = null;
  };
  const playNext = () => {
    const next = waiting.shift();
    if (next === undefined) {
      stop();
      return;
    }
    player.src = next.startsWith("#") ? find(next).dataset.sound : next;
    player.play().catch((error) => {
      // A sound that another one has replaced is no failure.
      if (error.name === "AbortError") return;
      stop();
      status.textContent = "";
      status.textContent = words.error;
      status.classList.remove("for-readers");
    });
  };
  const play = (button) => {
    const again = playing === button;
    stop();
    if (again) return;
    playing = button;
    button.setAttribute("aria-pressed", "true");
    waiting = button.dataset.sound.split(" ");
    playNext();
  };
  player.addEventListener("ended", playNext);

  // ------------------------------------------------------------------ boards
  const place = (within) => {
    for (const tick of findAll(".up [data-at]", within)) tick.style.bottom = tick.dataset.at + "%";
    for (const tick of findAll(".across [data-at]", within)) tick.style.left = tick.dataset.at + "%";
    for (const frame of findAll("[data-frame]", within)) {
      const [left, top, width, height] = frame.dataset.frame.split(" ");
      Object.assign(frame.style, {
        left: left + "%", top: top + "%", width: width + "%", height: height + "%",
      });
    }
  };
  // A narrow page has fewer.
  const countColumns = () => [...list.tHead.rows[0].cells].filter((each) => each.offsetWidth).length;
  const detailOf = (row) => {
    const next = row.nextElementSibling;
    return next && next.classList.contains("detail") ? next : null;
  };
  const close = (row) => {
    const detail = detailOf(row);
    if (playing && detail.contains(playing)) stop();
    detail.remove();
    const button = find(".open", row);
    button.setAttribute("aria-expanded", "false");
    button.removeAttribute("aria-controls");
  };
  const open = (row) => {
    const number = row.dataset.number;
    const detail = document.createElement("tr");
    detail.className = "detail";
    detail.id = "board-" + number;
    const cell = document.createElement("td");
    cell.colSpan = countColumns();
    cell.append(find("#detail-" + number).content.cloneNode(true));
    for (const slot of findAll("[data-clone]", cell)) {
      slot.replaceWith(find("#" + slot.dataset.clone).content.cloneNode(true));
    }
    place(cell);
    detail.append(cell);
    row.after(detail);
    const button = find(".open", row);
    button.setAttribute("aria-expanded", "true");
    button.setAttribute("aria-controls", detail.id);
  };

  // ---------------------------------------------------------- sort and filter
  const rows = findAll("tr.board");
  const keyOf = (row, column) => row.cells[column].dataset.key;
  const compare = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
  const sort = (heading) => {
    const column = heading.cellIndex;
    const falls = heading.getAttribute("aria-sort") === "ascending";
    for (const other of findAll("[aria-sort]", list)) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const sign = falls ? -1 : 1;
    const sorted = [...rows].sort((one, other) => {
      const [a, b] = [keyOf(one, column), keyOf(other, column)];
      if ("text" in heading.dataset) return sign * compare(a, b);
      // What has no number stands at the end either way.
      return (a === "nan") - (b === "nan") || sign * (a - b) || 0;
    });
    const body = list.tBodies[0];
    for (const row of sorted) {
      const detail = detailOf(row);
      body.append(row);
      if (detail) body.append(detail);
    }
  };
  const fold = (text) => text.normalize("NFKC").toLowerCase();
  let texts = null;
  const textOf = (row) => {
    const names = findAll("bdi", find("#detail-" + row.dataset.number).content);
    return fold(names.map((name) => name.textContent).join("\n"));
  };
  const filter = () => {
    const wanted = find("input[name=filter]:checked").value;
    const asked = fold(find("#search").value.trim());
    texts ??= rows.map(textOf);
    let n = 0;
    rows.forEach((row, index) => {
      const fits = (!wanted || row.dataset.verdict === wanted) && texts[index].includes(asked);
      row.hidden = !fits;
      const detail = detailOf(row);
      if (detail) detail.hidden = !fits;
      n += fits;
    });
    const form = n === 1 ? words.shown.one : words.shown.other;
    find("#shown").textContent = form.replace("{n}", n.toLocaleString("en"));
    find("#nothing").hidden = n > 0;
  };

  if (list) {
    list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.classList.contains("play")) play(button);
      if (button.classList.contains("sort")) sort(button.closest("th"));
      if (button.classList.contains("open")) {
        const row = button.closest("tr");
        if (detailOf(row)) close(row);
        else open(row);
      }
    });
    find("#search").addEventListener("input", filter);
    for (const choice of findAll("input[name=filter]")) choice.addEventListener("change", filter);
    addEventListener("resize", () => {
      for (const cell of findAll("tr.detail > td", list)) cell.colSpan = countColumns();
    });
    // What a browser remembers of an earlier visit.
    find("#search").value = "";
    find("input[name=filter]").checked = true;
  }
})();
