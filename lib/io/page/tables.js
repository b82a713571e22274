// The tables: all findings, which can be filtered, and the devices side by side.

/// Figures that show a finding, by the id of its row.
const figuresOf = new Map();

function findingRow(device, index) {
  const finding = devices[device].findings[index];
  const id = findingId(device, index);
  const figures = (figuresOf.get(id) ?? []).map((figure) =>
    element("a", { href: "#" + figure, "aria-label": "figure of " + finding.key }, "figure"),
  );
  const reason = [finding.note, finding.method].filter(Boolean).join("; ");
  return element(
    "tr",
    { id, class: finding.status, "data-status": finding.status, "data-device": device },
    element("th", { scope: "row" }, finding.key),
    several ? element("td", {}, devices[device].name) : undefined,
    element("td", { class: "value" }, valueText(finding)),
    element(
      "td",
      {},
      finding.status === "measured" ? "" : `${marks[finding.status]} ${finding.status}`,
      " ",
      ...figures,
    ),
    element("td", { class: "reason" }, reason),
  );
}

/// Shows the rows that hold all words, and are of that status and device.
function filterFindings() {
  const words = document.getElementById("filter-text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const status = document.getElementById("filter-status").value;
  const device = document.getElementById("filter-device").value;
  let shown = 0;
  const rows = document.querySelectorAll("#findings-table tbody tr");
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !(
      words.every((word) => text.includes(word)) &&
      (!status || row.dataset.status === status) &&
      (!device || row.dataset.device === device)
    );
    shown += !row.hidden;
  }
  document.getElementById("filter-count").textContent = `${shown} of ${rows.length}`;
}

/// Shows what a link leads to, which the filter may have hidden.
function showTarget() {
  document.getElementById("filter").reset();
  filterFindings();
  document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: "center" });
}

function fillFindings() {
  const rows = devices.flatMap((device, d) => device.findings.map((_, i) => findingRow(d, i)));
  const head = ["finding", ...(several ? ["device"] : []), "value", "status", "how it was found, or why not"];
  document.getElementById("findings-table").append(table(head, rows, "Every finding"));
  for (const status of Object.keys(marks))
    document.getElementById("filter-status").append(element("option", { value: status }, status));
  devices.forEach((device, d) =>
    document.getElementById("filter-device").append(element("option", { value: d }, device.name)),
  );
  document.getElementById("filter-device-label").hidden = !several;
  document.getElementById("filter").addEventListener("input", filterFindings);
  document.getElementById("filter").addEventListener("submit", (event) => event.preventDefault());
  filterFindings();
}

/// The findings of all devices by their keys: of a key that comes twice the later counts.
function findingsByKey() {
  const byKey = new Map();
  devices.forEach((device, d) =>
    device.findings.forEach((finding, i) => {
      if (!byKey.has(finding.key)) byKey.set(finding.key, []);
      byKey.get(finding.key)[d] = i;
    }),
  );
  return byKey;
}

/// How many times the base's value it is; nothing of what is not plainly measured.
function ratioTo(base, finding) {
  const comparable = (each) => each?.status === "measured" && each.value > 0;
  return comparable(base) && comparable(finding) ? finding.value / base.value : undefined;
}

/// Better or worse is what has a direction and lies outside of what the other may be.
function ratioText(base, finding, ratio) {
  const [low, high] = finding.interval ?? [finding.value, finding.value];
  const [least, most] = base.interval ?? [base.value, base.value];
  const directed = finding.better !== "none" && (low > most || high < least);
  const word = !directed ? "" : ratio > 1 === (finding.better === "higher") ? " better" : " worse";
  return `× ${Number(ratio.toPrecision(3))}${word}`;
}

function fillComparison() {
  const base = Number(document.getElementById("base").value);
  const rows = [...findingsByKey()].map(([key, indices]) => {
    const findings = devices.map((device, d) => device.findings[indices[d]]);
    const ratios = findings.map((finding, d) => (d === base ? undefined : ratioTo(findings[base], finding)));
    const distance = Math.max(-1, ...ratios.filter((ratio) => ratio).map((ratio) => Math.abs(Math.log(ratio))));
    const cells = findings.map((finding, d) =>
      !finding
        ? element("td", {}, "")
        : element(
            "td",
            { class: finding.status },
            findingLink(d, indices[d], valueText(finding)),
            ratios[d] ? element("div", { class: "ratio" }, ratioText(findings[base], finding, ratios[d])) : undefined,
          ),
    );
    return { distance, row: element("tr", {}, element("th", { scope: "row" }, key), ...cells) };
  });
  rows.sort((a, b) => b.distance - a.distance);
  document.getElementById("comparison-table").replaceChildren(
    table(
      ["finding", ...devices.map((device) => device.name)],
      rows.map(({ row }) => row),
      "What differs most comes first",
    ),
  );
}

function startComparison() {
  document.getElementById("comparison").hidden = !several;
  if (!several) return;
  const base = document.getElementById("base");
  devices.forEach((device, d) => base.append(element("option", { value: d }, device.name)));
  base.addEventListener("change", fillComparison);
  fillComparison();
}
