// The user's source: a line lights up its instructions, and they light it up.
let shownFile = 0;

function drawSource() {
  const file = DATA.files[shownFile];
  const tabs = DATA.files.map((each, k) =>
    make("button", { "aria-pressed": k === shownFile, title: each.path, onclick: () => showFile(k) }, each.name),
  );
  byId("files").replaceChildren(...(tabs.length ? tabs : ["no source locations"]));
  const pane = byId("source");
  pane.classList.add("source");
  if (!file) return pane.replaceChildren();
  if (!file.rows.length) {
    return pane.replaceChildren(make("p", { class: "hint", style: "padding: 8px 12px" }, `${file.path} cannot be read here.`));
  }
  let before = 0;
  const html = file.rows.map(([number, text]) => {
    const gap = number !== before + 1 ? '<div class="row"><span class="gutter">⋯</span></div>' : "";
    before = number;
    return `${gap}<div class="row" data-line="${number}"><span class="gutter">${number}</span><span class="line">${python(text)}</span><span class="count"></span></div>`;
  });
  pane.innerHTML = `<div class="rows">${html.join("")}</div>`;
  countLines();
}

function showFile(number) {
  if (number === shownFile) return;
  shownFile = number;
  drawSource();
}

const PYTHON =
  /(#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\b(?:and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield|None|True|False)\b)|(\b\d[\w.]*)/g;

function python(text) {
  return escaped(text).replace(/&quot;/g, '"').replace(PYTHON, (all, comment, string, word) => {
    const kind = comment ? "comment" : string ? "string" : word ? "keyword" : "number";
    return `<i class="${kind}">${all}</i>`;
  });
}

/** How many instructions of the stage each line has, and how many carry its gradient. */
function countLines() {
  const counts = new Map();
  for (const node of stage().nodes) {
    if (!node.op || node.kind === "group") continue;
    stage().locs[node.id].forEach(([file, line], k) => {
      if (file !== shownFile) return;
      if (!counts.has(line)) counts.set(line, [0, 0]);
      counts.get(line)[k ? 1 : 0] += 1;
    });
  }
  for (const row of byId("source").querySelectorAll(".row[data-line]")) {
    const count = counts.get(Number(row.dataset.line));
    row.classList.toggle("used", Boolean(count));
    row.lastChild.textContent = count ? `${count[0]}${count[1] ? ` ∂${count[1]}` : ""}` : "";
    row.lastChild.title = count ? `${count[0]} instructions of this line in this stage, and ${count[1]} of its gradient` : "";
  }
}

const sourceRow = (line) => byId("source").querySelector(`.row[data-line="${line}"]`);

function lightSource(locs) {
  for (const row of byId("source").querySelectorAll(".row.lit")) row.classList.remove("lit");
  for (const [file, line] of locs) if (file === shownFile) sourceRow(line)?.classList.add("lit");
}

/** The instructions of a line: those that it made, and those that carry its gradient. */
function lightInstructions(line) {
  for (const row of byId("ir").querySelectorAll(".row.lit")) row.classList.remove("lit", "back");
  if (line === null) return;
  const here = ([file, number]) => file === shownFile && number === line;
  for (const row of byId("ir").querySelectorAll(".row[data-id]")) {
    const locs = stage().locs[row.dataset.id] || [];
    if (!locs.some(here)) continue;
    row.classList.add("lit");
    row.classList.toggle("back", !here(locs[0]));
  }
}

/** Show the line of the selected instruction. */
function showLine() {
  for (const row of byId("source").querySelectorAll(".row.on")) row.classList.remove("on");
  const [loc] = state.on === null ? [] : locsOf(state.on);
  if (!loc) return;
  showFile(loc[0]);
  const row = sourceRow(loc[1]);
  if (!row) return;
  row.classList.add("on");
  reveal(byId("source"), row);
}

function startSource() {
  drawSource();
  const pane = byId("source");
  pane.addEventListener("mouseover", (event) => {
    const row = event.target.closest(".row.used");
    lightInstructions(row ? Number(row.dataset.line) : null);
  });
  pane.addEventListener("mouseleave", () => lightInstructions(null));
  pane.addEventListener("click", (event) => {
    const row = event.target.closest(".row.used");
    if (!row) return;
    lightInstructions(Number(row.dataset.line));
    const first = byId("ir").querySelector(".row.lit");
    if (first) reveal(byId("ir"), first);
  });
  watch((moved) => {
    if (moved.has("stage")) countLines();
    if (moved.has("on")) showLine();
  });
}
