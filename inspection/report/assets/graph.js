// The graph of the stage, drawn in layers. Fused instructions are boxes that open.
const LETTER = 7.3;
const WIDEST = 250;
const HEAD = 24;
const INSET = 14;
const MANY = 1200; // from so many nodes on, only what is in sight is drawn
const READABLE = 0.3; // below this scale text says nothing

const graph = { drawn: -1, open: new Set(), nodes: [], edges: [], view: { x: 0, y: 0, k: 1 }, w: 0, h: 0, on: null };

const short = (text, room) => (text.length > room ? `${text.slice(0, room - 1)}…` : text);

/** The nodes and edges of the stage with their places. */
function arrange() {
  const all = stage().nodes;
  const members = new Map();
  for (const node of all) {
    const key = node.parent ?? null;
    if (!members.has(key)) members.set(key, []);
    members.get(key).push(node);
  }
  graph.nodes = [];
  graph.edges = [];
  const found = level(members, null);
  put(members, found, 0, 0);
  [graph.w, graph.h] = [found.plan.w, found.plan.h];
  connect();
}

/** One level of the graph: its nodes laid out, those that are open with their own insides. */
function level(members, parent) {
  const inner = new Map();
  const nodes = (members.get(parent) || []).map((node) => {
    if (graph.open.has(node.id) && members.has(node.id)) {
      const inside = level(members, node.id);
      inner.set(node.id, inside);
      return { ...sized(node), w: Math.max(inside.plan.w + 2 * INSET, sized(node).w), h: inside.plan.h + HEAD + INSET };
    }
    return sized(node);
  });
  return { plan: layered(nodes), inner, parent };
}

function sized(node) {
  const label = (GROUP(node) ? "▸ " : "") + labelOf(node);
  const wide = Math.min(WIDEST, Math.max(label.length * LETTER, node.type.length * 6.4) + 20);
  return { id: node.id, reads: node.reads, w: wide, h: node.op ? 40 : 38, source: !node.op };
}

const labelOf = (node) => node.op || node.name;

function put(members, found, dx, dy) {
  const byNumber = new Map((members.get(found.parent) || []).map((node) => [node.id, node]));
  for (const [id, box] of found.plan.at) {
    const node = { ...byNumber.get(id), x: box.x + dx, y: box.y + dy, w: box.w, h: box.h, opened: found.inner.has(id) };
    graph.nodes.push(node);
    if (node.opened) put(members, found.inner.get(id), node.x + (box.w - found.inner.get(id).plan.w) / 2, node.y + HEAD);
  }
  for (const [key, bends] of found.plan.paths) graph.edges.push({ key, bends: bends.map(([x, y]) => [x + dx, y + dy]) });
}

/** Edges as curves; what an opened box reads goes on to the members that read it. */
function connect() {
  graph.at = new Map(graph.nodes.map((node) => [String(node.id), node]));
  const bends = new Map(graph.edges.map((edge) => [edge.key, edge.bends]));
  graph.edges = [];
  for (const node of graph.nodes) {
    for (const id of node.reads) {
      const from = graph.at.get(String(id));
      if (!from || (node.opened && readInside(node, id))) continue;
      const own = bends.get(`${id}>${node.id}`) || bends.get(`${id}>${node.parent}`) || [];
      graph.edges.push({ from, to: node, points: [[from.x + from.w / 2, from.y + from.h], ...own, [node.x + node.w / 2, node.y]] });
    }
  }
}

const readInside = (node, id) => graph.nodes.some((each) => each.parent === node.id && each.reads.includes(id));

function curve(points) {
  let path = `M${points[0].map(Math.round)}`;
  for (let k = 1; k < points.length; k++) {
    const [[ax, ay], [bx, by]] = [points[k - 1], points[k]];
    const middle = (ay + by) / 2;
    path += `C${[ax, middle, bx, middle, bx, by].map(Math.round)}`;
  }
  return path;
}

// ---- drawing

const GROUP = (node) => node.kind === "group";

function nodeSvg(node) {
  const marks = [node.kind, stage().marks[node.id] || "", node.id === graph.on ? "on" : ""];
  const room = Math.floor((node.w - 14) / LETTER);
  const middle = node.x + node.w / 2;
  const label = short((GROUP(node) ? (node.opened ? "▾ " : "▸ ") : "") + labelOf(node), room);
  const texts = node.opened
    ? `<text x="${node.x + 10}" y="${node.y + 16}">${escaped(label)}</text>`
    : `<text x="${middle}" y="${node.y + 17}" text-anchor="middle">${escaped(label)}</text>` +
      `<text class="sub" x="${middle}" y="${node.y + 32}" text-anchor="middle">${escaped(short(node.type, Math.floor((node.w - 8) / 6.3)))}</text>`;
  const box = `<rect class="box" x="${node.x}" y="${node.y}" width="${node.w}" height="${node.h}" rx="${node.op ? 6 : 19}"/>`;
  return `<g class="${marks.join(" ")}" data-id="${escaped(node.id)}">${box}${texts}</g>`;
}

function edgeSvg(edge) {
  const on = graph.on !== null && (edge.from.id === graph.on || edge.to.id === graph.on);
  return `<path class="edge${on ? " on" : ""}" d="${curve(edge.points)}"/>`;
}

/** Draw all, or of a large graph what is in sight; from far away nodes are plain. */
function paint() {
  const { x, y, k } = graph.view;
  const svg = byId("canvas");
  const large = graph.nodes.length > MANY;
  let inside = svg.firstElementChild;
  if (!inside || large || graph.stale) {
    const [nodes, edges] = large ? visible(svg) : [graph.nodes, graph.edges];
    const far = large && k < READABLE;
    const boxes = far
      ? `<path class="far" d="${nodes.map((n) => `M${Math.round(n.x)} ${Math.round(n.y)}h${Math.round(n.w)}v${n.h}h-${Math.round(n.w)}z`).join("")}"/>`
      : nodes.map(nodeSvg).join("");
    const open = far ? "" : nodes.filter((n) => n.opened).map(nodeSvg).join("");
    const rest = far ? boxes : nodes.filter((n) => !n.opened).map(nodeSvg).join("");
    const lines = far ? `<path class="edge" d="${edges.map((e) => curve(e.points)).join("")}"/>` : edges.map(edgeSvg).join("");
    svg.innerHTML = `<g>${open}${lines}${rest}</g>`;
    inside = svg.firstElementChild;
    graph.stale = false;
  }
  inside.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
}

function visible(svg) {
  const { x, y, k } = graph.view;
  const [left, top] = [-x / k, -y / k];
  const [right, bottom] = [left + svg.clientWidth / k, top + svg.clientHeight / k];
  const seen = (a, b, c, d) => a <= right && c >= left && b <= bottom && d >= top;
  const nodes = graph.nodes.filter((n) => seen(n.x, n.y, n.x + n.w, n.y + n.h));
  const edges = graph.edges.filter(({ from, to }) => {
    const xs = [from.x, to.x, from.x + from.w, to.x + to.w];
    return seen(Math.min(...xs), from.y, Math.max(...xs), to.y + to.h);
  });
  return [nodes, edges];
}

let painting = 0;
const repaint = () => (painting ||= requestAnimationFrame(() => ((painting = 0), paint())));

// ---- moving about

function zoom(factor, cx, cy) {
  const view = graph.view;
  const k = Math.min(4, Math.max(0.02, view.k * factor));
  view.x = cx - ((cx - view.x) * k) / view.k;
  view.y = cy - ((cy - view.y) * k) / view.k;
  view.k = k;
  repaint();
}

/** All of the graph, or its upper part at a size at which it can be read. */
function fit(readable) {
  const svg = byId("canvas");
  const [width, height] = [svg.clientWidth, svg.clientHeight];
  const whole = Math.min((width - 24) / Math.max(graph.w, 1), (height - 24) / Math.max(graph.h, 1), 1.25);
  const k = Math.max(0.02, readable ? Math.max(whole, Math.min(0.55, (width - 24) / 320)) : whole);
  Object.assign(graph.view, { k, x: (width - graph.w * k) / 2, y: Math.max(12, (height - graph.h * k) / 2) });
  if (readable && graph.w * k > width) graph.view.x = 12 - Math.min(...graph.nodes.filter((n) => n.y < 200).map((n) => n.x)) * k;
  repaint();
}

function center(id) {
  const node = graph.at && graph.at.get(String(id));
  if (!node) return;
  const svg = byId("canvas");
  const view = graph.view;
  const [sx, sy] = [(node.x + node.w / 2) * view.k + view.x, (node.y + node.h / 2) * view.k + view.y];
  if (sx > 20 && sy > 20 && sx < svg.clientWidth - 20 && sy < svg.clientHeight - 20) return;
  view.x += svg.clientWidth / 2 - sx;
  view.y += svg.clientHeight / 2 - sy;
}

/** The selected instruction, or the closed box that it is in. */
function shownFor(id) {
  let node = stage().nodes.find((each) => each.id === id);
  while (node && node.parent !== null && !graph.open.has(node.parent)) node = stage().nodes.find((each) => each.id === node.parent);
  return node ? node.id : null;
}

function drawGraph(keep) {
  if (state.tab !== "graph") return;
  graph.on = shownFor(state.on);
  const fresh = graph.drawn !== state.stage;
  if (!fresh && keep) {
    center(graph.on);
    graph.stale = true;
    return repaint();
  }
  graph.drawn = state.stage;
  arrange();
  graph.stale = true;
  if (fresh) fit(true);
  center(graph.on);
  repaint();
}

function toggle(id) {
  if (graph.open.has(id)) graph.open.delete(id);
  else graph.open.add(id);
  drawGraph(false);
}

function startGraph() {
  const svg = byId("canvas");
  const middle = () => [svg.clientWidth / 2, svg.clientHeight / 2];
  byId("zoomin").onclick = () => zoom(1.3, ...middle());
  byId("zoomout").onclick = () => zoom(1 / 1.3, ...middle());
  byId("fit").onclick = () => fit(false);
  byId("openall").onclick = () => {
    graph.open = new Set(stage().nodes.filter(GROUP).map((node) => node.id));
    drawGraph(false);
  };
  byId("closeall").onclick = () => (graph.open.clear(), drawGraph(false));
  startPointers(svg);
  watch((moved) => {
    if (moved.has("tab") || moved.has("stage")) drawGraph(!moved.has("stage"));
    else if (moved.has("on")) drawGraph(true);
  });
  addEventListener("resize", () => drawGraph(true));
}

const idAt = (target) => {
  const own = target.closest ? target.closest("g[data-id]") : null;
  return own ? numberOf(own) : null;
};

const TWICE = 400; // milliseconds

/** One pointer drags, two pinch; a press that goes nowhere selects, and a second one opens. (The page's own double click
 * would get lost, because nodes are drawn anew in between.) */
function startPointers(svg) {
  const pointers = new Map();
  let travelled = 0;
  let pressed = null;
  let tapped = { id: null, at: 0 };
  svg.addEventListener("pointerdown", (event) => {
    if (!pointers.size) [travelled, pressed] = [0, idAt(event.target)];
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    svg.setPointerCapture(event.pointerId);
    svg.classList.add("moving");
  });
  svg.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return hoverNode(event);
    const now = [event.clientX, event.clientY];
    const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    travelled += Math.abs(now[0] - before[0]) + Math.abs(now[1] - before[1]);
    if (others.length) pinch(svg, before, now, others[0]);
    else (graph.view.x += now[0] - before[0]), (graph.view.y += now[1] - before[1]);
    pointers.set(event.pointerId, now);
    repaint();
  });
  const released = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    svg.classList.remove("moving");
    if (event.type !== "pointerup" || pointers.size || travelled >= 5) return;
    const again = pressed !== null && pressed === tapped.id && event.timeStamp - tapped.at < TWICE;
    tapped = { id: again ? null : pressed, at: event.timeStamp };
    set({ on: pressed });
    if (again && stage().nodes.some((node) => node.id === pressed && GROUP(node))) toggle(pressed);
  };
  svg.addEventListener("pointerup", released);
  svg.addEventListener("pointercancel", released);
  svg.addEventListener("pointerleave", (event) => tip(event, ""));
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
}

function pinch(svg, before, now, other) {
  const box = svg.getBoundingClientRect();
  const apart = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]) || 1;
  zoom(apart(now) / apart(before), (now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top);
}

function hoverNode(event) {
  const id = idAt(event.target);
  const node = id === null ? null : graph.at.get(String(id));
  if (!node) return tip(event, "");
  const members = GROUP(node) ? `\n${stage().nodes.filter((n) => n.parent === id).map((n) => n.op).join(", ")}` : "";
  const from = locsOf(id).map((loc) => `\n${locText(loc)}`).join("");
  return tip(event, `${node.op && node.name ? `${node.name} = ` : ""}${labelOf(node)}: ${node.type}${members}${from}`);
}
