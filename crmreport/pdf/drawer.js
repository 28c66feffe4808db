// Draw a Vega-Lite specification as SVG, outside of a browser; what a browser has and no drawing needs is idle.
"use strict";

Object.assign(globalThis, {
  window: globalThis,
  structuredClone,
  console: { log() {}, info() {}, warn() {}, error() {}, debug() {} },
  performance: { now: () => 0 },
  setInterval: () => 0,
  clearInterval() {},
});

// Copy what a specification consists of.
function structuredClone(given) {
  if (Array.isArray(given)) return given.map(structuredClone);
  if (given === null || typeof given !== "object" || given instanceof Date) return given;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, structuredClone(value)]));
}

// `faces`: the widths of the characters of each weight, in shares of the typeface's size; others are square.
function measureBy(faces) {
  const weights = Object.keys(faces).map(Number);
  const named = { normal: 400, bold: 700 };
  const faceOf = (given) => {
    const weight = named[given] ?? (Number(given) || 400);
    return faces[weights.reduce((best, w) => (Math.abs(w - weight) < Math.abs(best - weight) ? w : best))];
  };
  vega.textMetrics.width = (item, text) => {
    const face = faceOf(item.fontWeight);
    let width = 0;
    for (const sign of String(text ?? "")) width += face[sign] ?? 1;
    width *= vega.textMetrics.height(item);
    return item.limit > 0 ? Math.min(width, item.limit) : width; // Vega cuts it there
  };
}

async function draw(spec, time) {
  const failures = [];
  const hear = (method, level, said) => {
    // Vega would go on without the data that it cannot load; there is nothing but what a chart brings.
    if (level === "ERROR" || said[0] === "Loading failed") failures.push([...said].join(" "));
  };
  const runtime = vega.parse(vegaLite.compile(spec).spec);
  const view = new vega.View(runtime, {
    renderer: "none",
    locale: { time },
    logger: vega.logger(vega.Warn, "warn", hear),
  });
  const picture = await view.toSVG();
  if (failures.length) throw new Error(failures[0]);
  return picture;
}
