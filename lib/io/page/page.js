// Puts the page together.

function deviceCard(device, d) {
  const facts = device.facts.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]);
  const counts = Object.keys(marks)
    .filter((status) => device.counts[status])
    .map((status) => element("li", { class: status }, `${device.counts[status]} ${status}`));
  const notes = device.notes.map(({ topic, text }) => element("li", {}, element("b", {}, topic), ": ", text));
  return element(
    "article",
    {},
    several ? element("h2", {}, device.name) : undefined,
    element("ul", { class: "counts", "aria-label": "Findings" }, ...counts),
    element("dl", {}, ...facts),
    element("div", { "data-chip": d }),
    device.rates.length ? element("div", { "data-rates": d, class: "chart" }) : undefined,
    notes.length ? element("ul", { class: "notes", "aria-label": "What to know" }, ...notes) : undefined,
  );
}

/// Draws each chip anew at the width that there is.
function drawChips() {
  for (const place of document.querySelectorAll("[data-chip]"))
    if (place.clientWidth > 0) place.replaceChildren(chipDrawing(Number(place.dataset.chip), place.clientWidth));
}

async function drawRates() {
  for (const place of document.querySelectorAll("[data-rates]")) {
    const device = devices[place.dataset.rates];
    await draw(place, rateSpec(device), `The rates of ${device.name}, each as its share of the highest possible`);
  }
}

async function build() {
  document.querySelector("h1").textContent = devices.map((device) => device.name).join(", ");
  document.getElementById("devices").append(...devices.map(deviceCard));
  drawChips();
  await drawRates();
  await addFigures();
  fillFindings();
  startComparison();
  document.body.dataset.drawn = "yes";
}

window.addEventListener("hashchange", showTarget);
window.addEventListener("resize", drawChips);
build();
