// The IR text of the stage, each line marked with what the pass did to it.
const TOKEN = new RegExp(DATA.kinds.map(([kind, pattern]) => `(?<${kind}>${pattern})`).join("|"), "g");

function coloured(text) {
  let html = "";
  let from = 0;
  for (const found of text.matchAll(TOKEN)) {
    html += escaped(text.slice(from, found.index));
    const kind = Object.keys(found.groups).find((each) => found.groups[each] !== undefined);
    html += `<i class="${kind}">${escaped(found[0])}</i>`;
    from = found.index + found[0].length;
  }
  return html + escaped(text.slice(from));
}

const SIGNS = { new: "+", changed: "~", moved: "→", placed: "↕", removed: "−" };

function rowHtml(text, owner, mark) {
  const id = owner === null ? "" : ` data-id="${escaped(owner)}"`;
  return `<div class="row ${mark}"${id}><span class="gutter">${SIGNS[mark] || ""}</span><span class="line">${coloured(text)}</span></div>`;
}

function drawText() {
  const shown = stage();
  const gone = new Map();
  for (const [after, text, id] of shown.removed) {
    if (!gone.has(after)) gone.set(after, []);
    gone.get(after).push(rowHtml(text, id, "removed"));
  }
  const html = shown.lines.map(([text, owner], place) => {
    const mark = typeof owner === "number" ? shown.marks[owner] || "" : "";
    return rowHtml(text, owner, mark) + (gone.get(place) || []).join("");
  });
  byId("ir").innerHTML = `<div class="rows">${html.join("")}</div>`;
  showSelected();
}

const rowsOf = (id) => [...byId("ir").querySelectorAll(`.row[data-id="${CSS.escape(id)}"]`)];
const numberOf = (row) => (/^\d+$/.test(row.dataset.id || "") ? Number(row.dataset.id) : row.dataset.id || null);

function showSelected() {
  for (const row of byId("ir").querySelectorAll(".row.on")) row.classList.remove("on");
  if (state.on === null) return;
  const rows = rowsOf(state.on);
  for (const row of rows) row.classList.add("on");
  if (rows.length) reveal(byId("ir"), rows[0]);
}

/** Scroll a pane, and nothing else, until a row of it is in sight. */
function reveal(pane, row) {
  const [outer, inner] = [pane.getBoundingClientRect(), row.getBoundingClientRect()];
  if (inner.top >= outer.top && inner.bottom <= outer.bottom) return;
  pane.scrollTop += inner.top - outer.top - outer.height / 3;
}

function lightValue(name) {
  for (const each of byId("ir").querySelectorAll("i.value.same")) each.classList.remove("same");
  if (!name) return;
  for (const each of byId("ir").querySelectorAll("i.value")) if (each.textContent === name) each.classList.add("same");
}

function startText() {
  const pane = byId("ir");
  pane.addEventListener("click", (event) => {
    const row = event.target.closest(".row[data-id]");
    if (row) set({ on: numberOf(row) });
  });
  pane.addEventListener("mouseover", (event) => {
    lightValue(event.target.matches("i.value") ? event.target.textContent : null);
    const row = event.target.closest(".row[data-id]");
    lightSource(row ? locsOf(numberOf(row)) : []);
  });
  pane.addEventListener("mouseleave", () => (lightValue(null), lightSource([])));
  byId("ghosts").addEventListener("change", (event) => pane.classList.toggle("noghosts", !event.target.checked));
  watch((moved) => {
    if (moved.has("stage")) drawText();
    else if (moved.has("on")) showSelected();
  });
}
