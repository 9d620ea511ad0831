// What all views share: the data, what is shown and selected, and small helpers for the page.
"use strict";
const DATA = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

/** An element: make("a", {href: "#", onclick: f}, "text", child). */
function make(tag, attributes = {}, ...children) {
  const found = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) found.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) found.setAttribute(key, value);
  }
  found.append(...children.filter((c) => c !== null && c !== undefined));
  return found;
}

const escaped = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

const UNITS = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];
function amount(number, unit) {
  for (const [size, letter] of UNITS) {
    if (Math.abs(number) >= size) return `${trimmed(number / size)} ${letter}${unit}`;
  }
  return `${trimmed(number)} ${unit}`;
}
const trimmed = (number) => String(Number(number.toPrecision(3)));
const duration = (ns) => (ns >= 1e6 ? `${trimmed(ns / 1e6)} ms` : ns >= 1e3 ? `${trimmed(ns / 1e3)} µs` : `${trimmed(ns)} ns`);

// What is shown: `set` changes it, and tells every view that asked.
const state = { tab: "program", stage: 0, on: null, kernel: null };
const listeners = [];
const watch = (listener) => listeners.push(listener);
function set(changes) {
  const moved = Object.keys(changes).filter((key) => state[key] !== changes[key]);
  if (!moved.length) return;
  Object.assign(state, changes);
  for (const listener of listeners) listener(new Set(moved));
}
const stage = () => DATA.stages[state.stage];

/** The lines of an instruction as [file, line], its own first; it has them whatever stage it is in. */
function locsOf(id) {
  for (const each of [stage(), ...DATA.stages]) if (each.locs[id]) return each.locs[id];
  return [];
}
const locText = ([file, line]) => `${DATA.files[file].name}:${line}`;

/** The kernel call that an instruction ended in: its own, or that of the fused one it is in. */
function callOf(id) {
  const last = DATA.stages[DATA.stages.length - 1];
  const node = last.nodes.find((n) => n.id === id);
  const wanted = node && node.parent !== null && node.parent !== undefined ? node.parent : id;
  return DATA.calls.findIndex((call) => call.id === wanted);
}

// One tooltip for all pictures.
function tip(event, text) {
  const box = byId("tip");
  box.hidden = !text;
  if (!text) return;
  box.textContent = text;
  const { innerWidth: width, innerHeight: height } = window;
  box.style.left = `${Math.max(4, Math.min(event.clientX + 12, width - box.offsetWidth - 6))}px`;
  box.style.top = `${Math.max(4, Math.min(event.clientY + 14, height - box.offsetHeight - 6))}px`;
}
