// Where the nodes of a graph go: in layers, each below all that it reads. No page is touched here.
const GAP_X = 18;
const GAP_Y = 34;

/**
 * `nodes`: [{id, reads, w, h, source}], each after what it reads; a `source` reads nothing and goes near its readers.
 * Returns {at: Map id -> {x, y, w, h}, paths: Map "from>to" -> [[x, y], ...], w, h}, from the upper left corner.
 */
function layered(nodes) {
  const known = new Map(nodes.map((node) => [node.id, { ...node, up: [], down: [] }]));
  const all = [...known.values()];
  for (const node of all) {
    for (const id of node.reads) {
      const from = known.get(id);
      if (from && from !== node) (node.up.push(from), from.down.push(node));
    }
  }
  rank(all);
  const chains = withBends(all);
  const layers = inLayers(all);
  order(layers);
  place(layers);
  return measured(layers, chains);
}

function rank(nodes) {
  for (const node of nodes) node.rank = node.up.reduce((deepest, from) => Math.max(deepest, from.rank + 1), node.source ? 0 : 1);
  for (const node of [...nodes].reverse()) {
    const fixed = node.up.some((from) => !from.source);
    if (!fixed && node.down.length) node.rank = Math.min(...node.down.map((to) => to.rank)) - 1;
  }
  const least = nodes.reduce((least, node) => Math.min(least, node.rank), Infinity);
  for (const node of nodes) node.rank -= least;
}

/** Edges over several layers get a bend in each, unless that would be far too many. */
function withBends(nodes) {
  const edges = nodes.flatMap((node) => node.up.map((from) => [from, node]));
  const needed = edges.reduce((sum, [from, to]) => sum + to.rank - from.rank - 1, 0);
  const straight = needed > 6 * nodes.length + 2000;
  return edges.map(([from, to]) => {
    const chain = [from];
    for (let r = from.rank + 1; r < to.rank && !straight; r++) {
      const bend = { rank: r, w: 6, h: 0, up: [chain[chain.length - 1]], down: [], bend: true };
      if (chain.length > 1) chain[chain.length - 1].down = [bend];
      else from.down[from.down.indexOf(to)] = bend;
      chain.push(bend);
      nodes.push(bend);
    }
    if (chain.length > 1) {
      chain[chain.length - 1].down = [to];
      to.up[to.up.indexOf(from)] = chain[chain.length - 1];
    }
    return [...chain, to];
  });
}

function inLayers(nodes) {
  const layers = [];
  for (const node of nodes) (layers[node.rank] ||= []).push(node);
  for (const layer of layers) layer.forEach((node, k) => (node.place = k));
  return layers;
}

const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

/** Few crossings: each layer by the mean place of its neighbours, down and up a few times. */
function order(layers) {
  const sweep = (layer, side) => {
    for (const node of layer) node.wish = node[side].length ? mean(node[side].map((n) => n.place)) : node.place;
    layer.sort((a, b) => a.wish - b.wish || a.place - b.place);
    layer.forEach((node, k) => (node.place = k));
  };
  for (let round = 0; round < 6; round++) {
    for (const layer of layers) sweep(layer, "up");
    for (const layer of [...layers].reverse()) sweep(layer, "down");
  }
}

/** Across: as near to the neighbours' middle as the order and the widths allow. */
function place(layers) {
  for (const layer of layers) settle(layer, (node) => node.place);
  for (let round = 0; round < 5; round++) {
    for (const layer of layers) settle(layer, (node) => (node.up.length ? mean(node.up.map((n) => n.x)) : node.x));
    for (const layer of [...layers].reverse()) settle(layer, (node) => wishFromBelow(node));
  }
}

function wishFromBelow(node) {
  const near = [...node.down, ...node.up];
  return near.length ? mean(near.map((n) => n.x)) : node.x;
}

/**
 * The places nearest to the wishes (least squares) at which neighbours in a layer do not overlap: wishes, less the room
 * that everything to the left takes, must not fall; runs that would are given their mean.
 */
function settle(layer, wish) {
  const runs = [];
  let room = 0;
  layer.forEach((node, k) => {
    if (k) room += (layer[k - 1].w + node.w) / 2 + (layer[k - 1].bend && node.bend ? 4 : GAP_X);
    node.room = room;
    let run = { sum: wish(node) - room, count: 1 };
    while (runs.length && runs[runs.length - 1].sum / runs[runs.length - 1].count > run.sum / run.count) {
      const last = runs.pop();
      run = { sum: last.sum + run.sum, count: last.count + run.count };
    }
    runs.push(run);
  });
  let k = 0;
  for (const run of runs) for (let n = 0; n < run.count; n++, k++) layer[k].x = run.sum / run.count + layer[k].room;
}

function measured(layers, chains) {
  let left = Infinity;
  let right = -Infinity;
  let y = 0;
  for (const layer of layers) {
    const height = layer.reduce((h, node) => Math.max(h, node.h), 0);
    for (const node of layer) {
      node.y = y + height / 2;
      left = Math.min(left, node.x - node.w / 2);
      right = Math.max(right, node.x + node.w / 2);
    }
    y += height + GAP_Y;
  }
  if (!layers.length) return { at: new Map(), paths: new Map(), w: 0, h: 0 };
  const at = new Map();
  for (const layer of layers) {
    for (const n of layer) if (!n.bend) at.set(n.id, { x: n.x - n.w / 2 - left, y: n.y - n.h / 2, w: n.w, h: n.h });
  }
  const paths = new Map(chains.map((c) => [`${c[0].id}>${c[c.length - 1].id}`, c.slice(1, -1).map((n) => [n.x - left, n.y])]));
  return { at, paths, w: right - left, h: y - GAP_Y };
}
