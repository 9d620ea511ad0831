// The arena as a picture: each temporary from where it is made to where it is last needed, at the bytes it has.
const [TALL, LEFT, BELOW, LIVE] = [380, 66, 26, 70];

const hue = (number) => Math.round(210 + number * 137.5) % 360; // neighbours differ most at the golden angle

/** How many bytes are in use at each instruction. */
function liveBytes(tenants, steps) {
  const change = new Array(steps + 2).fill(0);
  for (const t of tenants) (change[t.first] += t.bytes), (change[t.last + 1] -= t.bytes);
  let live = 0;
  return change.slice(0, steps + 1).map((each) => (live += each));
}

function drawArena() {
  const { tenants, arena, scratch } = DATA.memory;
  const steps = Math.max(DATA.order.length, ...tenants.map((t) => t.last + 1), 1);
  const live = liveBytes(tenants, steps);
  const peak = Math.max(...live, 0);
  const apart = tenants.reduce((sum, t) => sum + t.bytes, 0);
  byId("arenanote").textContent = tenants.length
    ? `${amount(arena, "B")} hold ${tenants.length} temporaries${apart > arena ? `, which would take ${amount(apart, "B")} side by side` : ""}; ` +
      `at most ${amount(peak, "B")} are in use at once.` + (scratch ? ` Each thread has ${amount(scratch, "B")} of scratch besides.` : "")
    : "The program needs no temporary memory: everything lives in arguments and results.";
  if (!tenants.length) return;
  const wide = Math.max(300, byId("arena").clientWidth);
  const x = (step) => LEFT + (step / steps) * (wide - LEFT - 8);
  const y = (byte) => LIVE + 16 + (byte / arena) * (TALL - LIVE - 16 - BELOW);
  byId("arena").innerHTML =
    `<svg viewBox="0 0 ${wide} ${TALL}" height="${TALL}" role="img" aria-label="Use of the arena over time">` +
    axes(steps, arena, wide, x, y) + liveSvg(live, peak, x) + tenants.map((t, k) => tenantSvg(t, k, x, y)).join("") + "</svg>";
}

function tenantSvg(tenant, number, x, y) {
  const name = tenant.names[0] || "";
  const [left, width] = [x(tenant.first), x(tenant.last + 1) - x(tenant.first)];
  const [top, height] = [y(tenant.offset), y(tenant.offset + tenant.bytes) - y(tenant.offset)];
  const fits = height > 12 && width > name.length * 6.8;
  const text = fits ? `<text class="inside" x="${left + 4}" y="${top + Math.min(height / 2 + 4, 14)}">${escaped(name)}</text>` : "";
  const fill = `hsl(${hue(number)} 60% ${darkNow() ? 32 : 82}%)`;
  return `<rect class="tenant" data-number="${number}" x="${left}" y="${top}" width="${width}" height="${Math.max(height, 1.5)}" style="fill:${fill}${width < 4 ? ";stroke:none" : ""}"/>${text}`;
}

function axes(steps, arena, wide, x, y) {
  let svg = "";
  for (let k = 0; k <= 4; k++) {
    const byte = (arena * k) / 4;
    svg += `<line class="axis" x1="${LEFT}" x2="${wide - 8}" y1="${y(byte)}" y2="${y(byte)}"/>`;
    svg += `<text x="${LEFT - 6}" y="${y(byte) + 4}" text-anchor="end">${amount(byte, "B")}</text>`;
  }
  const every = Math.max(1, Math.ceil((steps * 64) / (wide - LEFT)));
  for (let step = 0; step < steps; step += every) {
    const label = short(`${step} ${DATA.order[step] ?? ""}`, Math.floor(((x(1) - x(0)) * every - 6) / 6.4));
    svg += `<text x="${x(step) + 2}" y="${TALL - 10}">${escaped(label)}</text>`;
  }
  return svg;
}

function liveSvg(live, peak, x) {
  const y = (bytes) => 8 + LIVE - (bytes / (peak || 1)) * (LIVE - 8);
  let path = `M${x(0)} ${8 + LIVE}`;
  live.slice(0, -1).forEach((bytes, step) => (path += `L${x(step)} ${y(bytes)}L${x(step + 1)} ${y(bytes)}`));
  return `<path class="live" d="${path}L${x(live.length - 1)} ${8 + LIVE}Z"/><text x="${LEFT - 6}" y="18" text-anchor="end">in use</text>`;
}

const SOME = 6;
const listed = (names) => names.slice(0, SOME).join(", ") + (names.length > SOME ? ` and ${names.length - SOME} more` : "");

function drawRooms() {
  const row = (use, room) =>
    make("tr", {},
      make("td", { class: "mono" }, room.name),
      make("td", { class: "mono" }, room.type),
      make("td", { class: "num" }, amount(room.bytes, "B")),
      make("td", {}, use),
      make("td", { class: "mono" }, listed(room.values.filter((v) => v !== room.name))));
  const { arguments: given, inputs, results } = DATA.memory;
  byId("rooms").replaceChildren(
    make("thead", {}, make("tr", {}, ...["name", "type", "bytes", "use", "values that live there"].map((h, k) => make("th", { class: k === 2 ? "num" : null }, h)))),
    make("tbody", {}, ...given.map((r, k) => row(`${k < inputs ? "input" : "state"}${r.written ? ", updated in place" : ""}`, r)), ...results.map((r) => row("result", r))));
}

/** The instruction of the last stage that makes a value of this printed name. */
function makerOf(name) {
  const node = DATA.stages[DATA.stages.length - 1].nodes.find((n) => n.op && n.name.split(", ").includes(name));
  return node ? node.id : null;
}

const showArena = () => state.tab === "memory" && drawArena();

function startMemory() {
  drawRooms();
  const pane = byId("arena");
  const tenantAt = (event) => DATA.memory.tenants[event.target.dataset?.number];
  pane.addEventListener("pointermove", (event) => {
    const t = tenantAt(event);
    const names = t && listed(t.names);
    const span = t && `bytes ${t.offset} to ${t.offset + t.bytes}, instructions ${t.first} (${DATA.order[t.first] ?? ""}) to ${t.last} (${DATA.order[t.last] ?? "the end"})`;
    tip(event, t ? `${names}\n${span}` : "");
  });
  pane.addEventListener("pointerleave", (event) => tip(event, ""));
  pane.addEventListener("click", (event) => {
    const t = tenantAt(event);
    if (t) set({ stage: DATA.stages.length - 1, on: makerOf(t.names[0]) });
  });
  watch((moved) => moved.has("tab") && showArena());
  addEventListener("resize", showArena);
}
