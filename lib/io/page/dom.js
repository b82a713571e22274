// The page's data, and what makes elements of it. Texts come from reports, which are foreign: they
// become text nodes and attributes, never markup.

const data = JSON.parse(document.getElementById("data").textContent);
const devices = data.devices;
const several = devices.length > 1;

function filledElement(created, attributes, children) {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) created.setAttribute(name, value === true ? "" : value);
  created.append(...children.filter((child) => child || child === 0));
  return created;
}

function element(name, attributes = {}, ...children) {
  return filledElement(document.createElement(name), attributes, children);
}

function drawing(name, attributes = {}, ...children) {
  return filledElement(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

/// The number as people read it: "66.4 Tflop/s", "128 KiB", "3.2 ns".
function quantity(value, unit, digits = 3) {
  const plain = (number) => String(Number(number.toPrecision(digits)));
  if (unit === "1") return plain(value);
  if (unit === "cycle" || unit === "flop/B") return `${plain(value)} ${unit}`;
  const step = unit === "B" ? 1024 : 1000;
  const above = unit === "B" ? ["", "Ki", "Mi", "Gi", "Ti", "Pi"] : ["", "k", "M", "G", "T", "P", "E"];
  const below = unit === "B" ? [""] : ["", "m", "µ", "n", "p", "f"];
  let power = value === 0 ? 0 : Math.floor(Math.log(Math.abs(value)) / Math.log(step) + 1e-9);
  power = Math.max(1 - below.length, Math.min(above.length - 1, power));
  const number = value / step ** power;
  // 1023 KiB needs a fourth digit.
  const text = Math.abs(number) >= 1000 ? String(Math.round(number)) : plain(number);
  return `${text} ${power < 0 ? below[-power] : above[power]}${unit}`;
}

/// How a finding that is not plainly measured is marked.
const marks = { measured: "", suspect: "!", inconclusive: "?", unsupported: "–", failed: "✕" };

function valueText(finding) {
  return finding.text ?? finding.status;
}

/// Where the finding stands in the table of all findings.
function findingId(device, index) {
  return `finding-${device}-${index}`;
}

function findingLink(device, index, ...children) {
  const finding = devices[device].findings[index];
  return element("a", { href: "#" + findingId(device, index), "aria-label": finding.key }, ...children);
}

function table(head, rows, caption) {
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows),
  );
}
