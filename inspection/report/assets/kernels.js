// The kernels: what each does, how long it takes, its code on three levels.
const timeOf = (call) => (call.measured ? call.measured.ns : call.effort);
const isMeasured = DATA.calls.some((call) => call.measured);

function totals(kernel) {
  const calls = kernel.calls.map((n) => DATA.calls[n]);
  const sum = (pick) => calls.reduce((total, call) => total + pick(call), 0);
  return { flops: sum((c) => c.flops), bytes: sum((c) => c.bytes), ns: sum(timeOf), least: sum((c) => (c.measured ? c.measured.ns * c.measured.share : 0)), bounds: [...new Set(calls.map((c) => c.measured?.bound))].join(", ") };
}

function drawKernelTable() {
  const rows = DATA.kernels.map((kernel) => ({ kernel, ...totals(kernel) })).sort((a, b) => b.ns - a.ns);
  const most = Math.max(...rows.map((r) => r.ns), 1e-9);
  const all = rows.reduce((sum, r) => sum + r.ns, 0) || 1;
  const heads = ["kernel", "calls", isMeasured ? "time" : "estimate", "", "work", "moved", "rate", "traffic", ...(isMeasured ? ["of limit", "limit"] : [])];
  byId("kerneltable").replaceChildren(
    make("thead", {}, make("tr", {}, ...heads.map((h, k) => make("th", { class: k && k !== 3 ? "num" : null }, h)))),
    make("tbody", {}, ...rows.map((r) => kernelRow(r, most, all))));
}

function kernelRow({ kernel, flops, bytes, ns, least, bounds }, most, all) {
  const bar = make("span", { class: "bar", style: `width:${(90 * ns) / most}px`, title: `${trimmed((100 * ns) / all)} % of the time` });
  const number = (text) => make("td", { class: "num" }, text);
  return make("tr", { "data-symbol": kernel.symbol, tabindex: 0, onclick: () => set({ kernel: kernel.symbol }),
    onkeydown: (event) => event.key === "Enter" && set({ kernel: kernel.symbol }) },
    make("td", { class: "mono", title: kernel.symbol }, kernel.name),
    number(String(kernel.calls.length)), number(duration(ns)), make("td", {}, bar),
    number(amount(flops, "FLOP")), number(amount(bytes, "B")),
    number(ns ? amount((flops / ns) * 1e9, "FLOP/s") : ""), number(ns ? amount((bytes / ns) * 1e9, "B/s") : ""),
    ...(isMeasured ? [number(`${trimmed((100 * least) / ns)} %`), number(bounds)] : []));
}

let codeLevel = null;

function drawKernel() {
  const kernel = DATA.kernels.find((k) => k.symbol === state.kernel);
  for (const row of byId("kerneltable").querySelectorAll("tr")) row.classList.toggle("on", row.dataset.symbol === state.kernel);
  if (!kernel) return;
  const levels = Object.keys(kernel.code);
  if (!levels.includes(codeLevel)) codeLevel = levels[0];
  const buttons = levels.map((each) =>
    make("button", { "aria-pressed": each === codeLevel, onclick: () => ((codeLevel = each), drawKernel()) }, each));
  const calls = kernel.calls.map((n) => DATA.calls[n]).filter((c) => c.id !== null).map((c) =>
    make("button", { onclick: () => set({ tab: "program", stage: DATA.stages.length - 2, on: c.id }) }, "show instruction"));
  byId("kernelhead").replaceChildren(...buttons, ...calls.slice(0, 1));
  byId("kernelnote").textContent = `${kernel.symbol}: ${kernel.shapes.join("; ")}`;
  byId("kernelcode").textContent = kernel.code[codeLevel];
  byId("kernelcode").scrollTop = 0;
}

function startKernels() {
  drawKernelTable();
  watch((moved) => {
    if (moved.has("kernel")) drawKernel();
    if (moved.has("tab") && state.tab === "kernels" && state.kernel === null) {
      const first = byId("kerneltable").querySelector("tbody tr");
      if (first) set({ kernel: first.dataset.symbol });
    }
  });
}
