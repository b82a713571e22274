// Puts the page together.

/// What has no value to rely on, and why.
function gapList(device) {
  const items = device.gaps.map(({ status, reason, keys }) =>
    element("li", { class: status }, `${status}: ${reason} `, element("code", {}, keys.join(", "))),
  );
  return element(
    "details",
    {},
    element("summary", {}, "What is not settled, and why"),
    element("ul", { class: "notes" }, ...items),
  );
}

function deviceCard(device, d) {
  const facts = device.facts.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]);
  const counts = Object.keys(marks)
    .filter((status) => device.counts[status])
    .map((status) => element("li", { class: status }, `${device.counts[status]} ${status}`));
  const notes = device.notes.map(({ topic, text, findings }) =>
    element(
      "li",
      {},
      element("b", {}, topic),
      `: ${text} `,
      ...findings.slice(0, 3).map((i) => findingLink(d, i, "→")),
    ),
  );
  return element(
    "article",
    { class: several ? "" : "alone" },
    element(
      "div",
      { class: "facts" },
      several && element("h2", {}, device.name),
      element("ul", { class: "counts", "aria-label": "Findings" }, ...counts),
      element("dl", {}, ...facts),
    ),
    element("div", { class: "drawn", "data-chip": d }),
    device.rates.length > 0 && element("div", { class: "chart rates", "data-rates": d }),
    element(
      "div",
      { class: "known" },
      notes.length > 0 && element("ul", { class: "notes", "aria-label": "What to know" }, ...notes),
      device.gaps.length > 0 && gapList(device),
    ),
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
    await draw(place, rateSpec(device), `Headline rates of ${device.name}, each as its share of the highest possible`);
  }
}

async function build() {
  document.querySelector("h1").textContent = devices.map((device) => device.name).join(", ") || "No device";
  document.getElementById("devices").append(...devices.map(deviceCard));
  drawChips();
  fillClaims();
  startComparison();
  await drawRates();
  await addFigures();
  drawChips(); // now with links to the figures
  fillFindings();
  document.body.dataset.drawn = "yes";
}

window.addEventListener("hashchange", showTarget);
window.addEventListener("resize", drawChips);
build();
