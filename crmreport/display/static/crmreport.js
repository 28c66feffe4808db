// Draw each chart from the specification beside it; nothing is fetched.
"use strict";

const DARK = { axis: { labelColor: "#aeb6c0", titleColor: "#aeb6c0", domainColor: "#4a5563", gridColor: "#4a5563",
  tickColor: "#4a5563" }, legend: { labelColor: "#d5dae1" }, text: { fill: "#d5dae1" } };

function isDark() {
  return document.documentElement.dataset.theme === "dark";
}

function draw(figure) {
  const spec = JSON.parse(figure.querySelector("script").textContent);
  const place = figure.querySelector(".crm-drawing");
  const config = { font: getComputedStyle(document.body).fontFamily, ...(isDark() ? DARK : {}) };
  return vegaEmbed(place, spec, { actions: false, renderer: "svg", config, ast: false });
}

function drawAll() {
  document.querySelectorAll("figure.crm-chart").forEach(draw);
}

document.addEventListener("DOMContentLoaded", () => {
  drawAll();
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
});
