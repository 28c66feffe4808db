// Draw each chart from the specification beside it; nothing is fetched.
"use strict";

// The theme's colours (crmreport/display/theme.py) on a dark ground.
const DARK = {
  "#1f4e79": "#8ab4dc", "#1b2733": "#e5e9ee", "#9db8d2": "#4f7396", "#9aa5b1": "#c0a878",
  "#d5dae1": "#3a434e", "#6b7280": "#aeb6c0",
};

function isDark() {
  return document.documentElement.dataset.theme === "dark";
}

// Read JSON, its colours turned to those of the ground.
function coloured(text) {
  return JSON.parse(isDark() ? text.replace(/#[0-9a-f]{6}/g, (colour) => DARK[colour] || colour) : text);
}

// CHART_THEME stands behind the library (crmreport/display/sphinx.py).
function draw(figure) {
  const spec = coloured(figure.querySelector("script").textContent);
  const config = { ...coloured(JSON.stringify(CHART_THEME)), font: getComputedStyle(document.body).fontFamily };
  return vegaEmbed(figure.querySelector(".crm-drawing"), spec, { actions: false, renderer: "svg", config });
}

function drawAll() {
  document.querySelectorAll("figure.crm-chart").forEach(draw);
}

document.addEventListener("DOMContentLoaded", () => {
  drawAll();
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
});
