// The frame: facts, the slider over stages, tabs, the selected instruction, light and dark; and the address, which holds it all.
const THEMES = ["auto", "light", "dark"];
const system = matchMedia("(prefers-color-scheme: dark)");
let theme = "auto";
const darkNow = () => (theme === "auto" ? system.matches : theme === "dark");

function dress() {
  document.documentElement.dataset.theme = darkNow() ? "dark" : "light";
  byId("theme").textContent = { auto: "◐ auto", light: "☀ light", dark: "☾ dark" }[theme];
  showArena();
}

function drawFacts() {
  byId("name").textContent = DATA.name;
  const members = DATA.stages[0].nodes.filter((n) => n.op).length;
  const measured = isMeasured ? duration(DATA.step) : null;
  const facts = [
    `${members} instructions traced`, `${DATA.calls.length} kernel calls`, amount(DATA.flops, "FLOP"), `arena ${amount(DATA.memory.arena, "B")}`,
    DATA.threads === 1 ? "one thread" : `up to ${DATA.threads} threads`, measured && `${measured} a step`,
  ];
  byId("facts").textContent = facts.filter(Boolean).join(" · ");
}

function drawStages() {
  byId("slider").max = DATA.stages.length - 1;
  byId("slider").addEventListener("input", (event) => set({ stage: Number(event.target.value) }));
  byId("stagenames").replaceChildren(...DATA.stages.map((each, k) => make("button", { title: each.note, style: `--at:${k / Math.max(1, DATA.stages.length - 1)}`, onclick: () => set({ stage: k }) }, each.name)));
}

function showStage() {
  const shown = stage();
  byId("slider").value = state.stage;
  byId("slider").setAttribute("aria-valuetext", shown.name);
  [...byId("stagenames").children].forEach((button, k) => button.setAttribute("aria-current", k === state.stage));
  byId("stagenote").replaceChildren(make("b", {}, shown.name), `  ${shown.note}${shown.ms ? ` · ${trimmed(shown.ms)} ms` : ""}`);
}

function showTab() {
  for (const button of document.querySelectorAll("nav button")) button.setAttribute("aria-selected", button.dataset.tab === state.tab);
  for (const section of document.querySelectorAll("section")) section.classList.toggle("shown", section.id === state.tab);
  byId("stagebar").style.display = state.tab === "program" || state.tab === "graph" ? "" : "none";
}

/** The selected instruction: its line of text, where it is from, in which stages it is, what became of it. */
function showDetail() {
  const box = byId("detail");
  box.hidden = state.on === null || state.tab === "kernels" || state.tab === "summary";
  if (box.hidden) return;
  const lives = DATA.stages.map((each, k) => [each, k]).filter(([each]) => lineOf(each, state.on));
  const here = lineOf(stage(), state.on) || (lives.length ? lineOf(lives[lives.length - 1][0], state.on) : null);
  const [loc, ...others] = locsOf(state.on);
  const call = typeof state.on === "number" ? callOf(state.on) : -1;
  const opens = stage().nodes.some((node) => node.id === state.on && node.kind === "group");
  const chips = lives.map(([each, k]) => make("button", { onclick: () => set({ stage: k }) }, each.name));
  const line = make("code");
  line.innerHTML = coloured(here ? here.trim().replace(/ \{$/, "").replace(/,$/, "") : String(state.on));
  box.replaceChildren(line,
    make("div", { class: "chips" },
      loc ? make("span", { class: "from" }, locText(loc)) : null,
      others.length ? make("span", {}, `for ${others.map(locText).join(", ")}`) : null,
      chips.length ? "in" : null, ...chips,
      call >= 0 ? make("button", { onclick: () => set({ tab: "kernels", kernel: DATA.calls[call].kernel }) }, `kernel ${nameOf(call)}`) : null,
      opens ? make("button", { id: "opener", onclick: () => (set({ tab: "graph" }), toggle(state.on)) }, "open or close in the graph") : null,
      call >= 0 ? `${isMeasured ? "" : "about "}${duration(timeOf(DATA.calls[call]))}` : null),
    make("button", { class: "close", title: "Close", onclick: () => set({ on: null }) }, "×"));
}

const nameOf = (call) => DATA.kernels.find((k) => k.symbol === DATA.calls[call].kernel).name;

function lineOf(each, id) {
  const found = each.lines.find(([, owner]) => owner === id);
  return found ? found[0] : null;
}

// ---- the address

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const place = DATA.stages.findIndex((each) => each.name === given.get("stage"));
  const on = given.get("on");
  return {
    tab: byId(given.get("tab") || "")?.matches("section") ? given.get("tab") : "program",
    stage: place < 0 ? 0 : place,
    on: on === null ? null : /^\d+$/.test(on) ? Number(on) : on,
    kernel: given.get("kernel"),
  };
}

function writeAddress() {
  const told = { tab: state.tab, stage: stage().name };
  if (state.on !== null) told.on = state.on;
  if (state.kernel !== null) told.kernel = state.kernel;
  history.replaceState(null, "", `#${new URLSearchParams(told)}`);
}

function start() {
  drawFacts();
  drawStages();
  watch((moved) => {
    // First, because the views need to know how large they are.
    if (moved.has("tab")) showTab();
    if (moved.has("stage")) showStage();
    if (moved.has("on") || moved.has("stage") || moved.has("tab")) showDetail();
    writeAddress();
  });
  for (const view of [startText, startSource, startGraph, startMemory, startKernels, startSummary]) view();
  for (const button of document.querySelectorAll("nav button")) button.onclick = () => set({ tab: button.dataset.tab });
  byId("theme").onclick = () => ((theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]), dress());
  system.addEventListener("change", dress);
  addEventListener("hashchange", () => set(readAddress()));
  addEventListener("keydown", (event) => event.key === "Escape" && set({ on: null }));
  dress();
  Object.assign(state, { tab: null, stage: null, on: undefined, kernel: undefined });
  set(readAddress());
}

start();
