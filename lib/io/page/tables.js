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

/// The word for what has a direction and lies outside of what the base may be.
function directionText(base, finding) {
  const [low, high] = finding.interval ?? [finding.value, finding.value];
  const [least, most] = base.interval ?? [base.value, base.value];
  if (finding.better === "none" || (low <= most && high >= least)) return "";
  return low > most === (finding.better === "higher") ? " better" : " worse";
}

/// A device's cell: its value, what it is of the base's, and the verdict of a comparison.
function comparedCell(base, d, key, index) {
  const finding = devices[d].findings[index];
  if (!finding) return element("td");
  const ratio = d === base.device ? undefined : ratioTo(base.finding, finding);
  const judged = verdictOn(d, key);
  return element(
    "td",
    { class: finding.status },
    findingLink(d, index, valueText(finding)),
    ratio &&
      element(
        "div",
        { class: "ratio" },
        `× ${Number(ratio.toPrecision(3))}`,
        !judged && directionText(base.finding, finding),
      ),
    judged && element("div", { class: judged.verdict }, judged.verdict, judged.note && `: ${judged.note}`),
  );
}

/// Rows in the order in which people look at them: what got worse or better, then by the ratio.
function fillComparison() {
  const device = Number(document.getElementById("base").value);
  const rows = [...findingsByKey()].map(([key, indices]) => {
    const findings = devices.map((each, d) => each.findings[indices[d]]);
    const base = { device, finding: findings[device] };
    const distances = findings.map((finding) => Math.abs(Math.log(ratioTo(base.finding, finding) ?? 1)));
    const judged = devices.map((_, d) => verdictOn(d, key)?.verdict);
    const rank = judged.includes("worse") ? 2 : judged.includes("better") ? 1 : 0;
    const cells = devices.map((_, d) => comparedCell(base, d, key, indices[d]));
    return {
      rank,
      distance: Math.max(...distances),
      row: element("tr", {}, element("th", { scope: "row" }, key), ...cells),
    };
  });
  rows.sort((a, b) => b.rank - a.rank || b.distance - a.distance);
  const head = ["finding", ...devices.map(({ name }) => name)];
  const sorted = rows.map(({ row }) => row);
  document.getElementById("comparison-table").replaceChildren(table(head, sorted, "What differs most comes first"));
}

function startComparison() {
  document.getElementById("comparison").hidden = !several;
  if (!several) return;
  const base = document.getElementById("base");
  devices.forEach((device, d) => base.append(element("option", { value: d }, device.name)));
  base.addEventListener("change", fillComparison);
  fillVerdicts();
  fillComparison();
}
