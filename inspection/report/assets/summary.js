// The page about the program in words, and what was measured as a picture.
function startSummary() {
  byId("explained").textContent = DATA.explained;
  if (!DATA.plot) return;
  const source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(DATA.plot)}`;
  byId("plot").append(make("img", { src: source, alt: "The kernels under the machine's limits" }));
}
