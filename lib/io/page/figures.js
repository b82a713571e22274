// The figures: each a chart, the findings that it shows, and the same as a table.

let figureCount = 0;

function saveText(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/// The findings that a figure is about, as links. `shown` are [device, finding] pairs.
function findingList(id, shown) {
  const once = new Map(shown.map((pair) => [findingId(...pair), pair]));
  const items = [...once]
    .filter(([, [d, i]]) => devices[d].findings[i].text)
    .map(([row, [d, i]]) => {
      figuresOf.set(row, [...(figuresOf.get(row) ?? []), id]);
      const finding = devices[d].findings[i];
      const where = several ? ` (${devices[d].name})` : "";
      return element("li", { class: finding.status }, findingLink(d, i, finding.key), ` ${finding.text}${where}`);
    });
  return element("figcaption", {}, element("ul", {}, ...items));
}

/// `head` and `rows` are the chart's data as texts.
function addFigure(title, spec, shown, head, rows) {
  const id = `figure-${++figureCount}`;
  const chart = element("div", { class: "chart" });
  const save = element("button", { class: "save", type: "button", "aria-label": `Save the chart: ${title}` }, "Save");
  save.addEventListener("click", () =>
    saveText(`${title.replace(/[^\w]+/g, "-")}.svg`, "image/svg+xml", svgText(chart)),
  );
  const cells = rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))));
  const data = element(
    "details",
    {},
    element("summary", {}, "The same as a table"),
    element("div", { class: "wide" }, table(head, cells, title)),
  );
  document
    .getElementById("figures")
    .append(element("figure", { id }, element("h3", {}, title, " ", save), chart, findingList(id, shown), data));
  return draw(chart, spec, `${title}; its data follow as a table`);
}

/// What devices have of one kind, by a title: [title, [{device, each}]].
function grouped(kind, titleOf) {
  const groups = new Map();
  devices.forEach((device, d) =>
    device[kind].forEach((each) => {
      const title = titleOf(each);
      groups.set(title, [...(groups.get(title) ?? []), { device: d, each }]);
    }),
  );
  return [...groups];
}

function shownBy(group) {
  return group.flatMap(({ device, each }) => each.findings.map((i) => [device, i]));
}

/// "NVIDIA H200, groups of 64", without what is the same for all.
function nameAmong(device, label) {
  return [several ? devices[device].name : "", label].filter(Boolean).join(", ");
}

function addCurves(title, group) {
  const [
    {
      device: first,
      each: { x, y },
    },
  ] = group;
  const lines = group.map(({ device, each: curve }) => {
    const name = nameAmong(device, curve.label) || y.name;
    return {
      name,
      x,
      y,
      points: curve.points.map(([at, value, count, least, most]) => ({
        x: at,
        y: value,
        least: least > 0 ? least : value, // a logarithmic axis has no place for others
        most,
        tip:
          `${name}\n${quantity(at, x.unit)}: ${quantity(value, y.unit, 4)}` +
          (count > 1
            ? `\nthe median of ${count}, from ${quantity(least, y.unit, 4)} to ${quantity(most, y.unit, 4)}`
            : ""),
      })),
    };
  });
  const oneDevice = group.every(({ device }) => device === first);
  const levels = oneDevice ? levelsOf(group[0].each, devices[first].findings) : { sizes: [], values: [] };
  const rows = group.flatMap(({ each: curve }, i) =>
    curve.points.map(([at, value, count, least, most]) => [
      lines[i].name,
      quantity(at, x.unit, 4),
      quantity(value, y.unit, 4),
      count ? quantity(least, y.unit, 4) : "",
      count ? quantity(most, y.unit, 4) : "",
      String(count ?? ""),
    ]),
  );
  return addFigure(
    title,
    lineSpec(lines, levels),
    shownBy(group),
    ["", x.name, y.name, "least", "most", "samples"],
    rows,
  );
}

/// The most that multiply-adds reach at so many flop a byte: of the fastest type by where the bytes
/// come from, and of the other types where they come from the fastest.
function roofsOf(d) {
  const found = (pattern) =>
    devices[d].findings
      .map((finding, i) => ({ ...finding, place: [d, i] }))
      .filter(({ status, key }) => status === "measured" && pattern.test(key))
      .sort((a, b) => b.value - a.value);
  const rates = found(/^fma\.\w+\.rate$/);
  const paths = found(/^buffer\.(l\d+|memory)\.read_bandwidth$/);
  if (!rates.length || !paths.length) return [];
  const pairs = several
    ? [[rates[0], paths.at(-1)]]
    : [...paths.map((path) => [rates[0], path]), ...rates.slice(1).map((rate) => [rate, paths[0]])];
  return pairs.map(([rate, path]) => {
    const level = path.key.split(".")[1].replace(/^l/, "L");
    const name = nameAmong(d, `${rate.key.split(".")[1]} from ${level}`);
    const ridge = rate.value / path.value;
    const points = [ridge, ...Array.from({ length: 25 }, (_, i) => 2 ** (i / 2 - 2))]
      .sort((a, b) => a - b)
      .map((x) => {
        const y = Math.min(rate.value, x * path.value);
        const where = x === ridge ? ", the ridge" : "";
        return { x, y, tip: `${name}\n${quantity(x, "flop/B")}${where}: ${quantity(y, "flop/s")}` };
      });
    return {
      name,
      points,
      shown: [rate.place, path.place],
      x: { name: "intensity", unit: "flop/B" },
      y: { name: "rate", unit: "flop/s" },
    };
  });
}

function addRoofline() {
  const lines = devices.flatMap((_, d) => roofsOf(d));
  if (!lines.length) return undefined;
  const rows = lines.flatMap(({ name, points }) =>
    points.map(({ x, y }) => [name, quantity(x, "flop/B"), quantity(y, "flop/s", 4)]),
  );
  return addFigure(
    "Roofline: the most that multiply-adds can reach",
    lineSpec(lines, { sizes: [], values: [] }),
    lines.flatMap(({ shown }) => shown),
    ["", "intensity", "rate"],
    rows,
  );
}

async function addMaps(title, group) {
  for (const member of group) {
    const { device, each: map } = member;
    const rows = map.cells.map(([x, y, value]) => [
      quantity(x, map.x.unit),
      quantity(y, map.y.unit),
      quantity(value, map.value.unit),
    ]);
    await addFigure(
      [title, nameAmong(device, "")].filter(Boolean).join(", "),
      mapSpec(map),
      shownBy([member]),
      [map.x.name, map.y.name, map.value.name],
      rows,
    );
  }
}

function addTunings(title, group) {
  const strips = group.map(({ device, each }) => ({ name: nameAmong(device, each.title), trials: each.trials }));
  const axis = group[0].each.value;
  const rows = strips.flatMap(({ name, trials }) =>
    trials.map(([what, value]) => [name, what, quantity(value, axis.unit, 4)]),
  );
  return addFigure(title, tuningSpec(strips, axis), shownBy(group), ["search", "tried", axis.name], rows);
}

async function addFigures() {
  const curves = grouped("curves", (curve) => `${curve.probe}: ${curve.y.name} over ${curve.x.name}`);
  const overFootprint = ([, group]) => group[0].each.x.name === "footprint";
  for (const curve of curves.filter(overFootprint)) await addCurves(...curve);
  await addRoofline();
  for (const curve of curves.filter((each) => !overFootprint(each))) await addCurves(...curve);
  for (const map of grouped("maps", (each) => `${each.probe}: ${each.value.name} of ${each.title}`))
    await addMaps(...map);
  for (const tuning of grouped("tunings", (each) => `${each.probe}: shapes that were tried`))
    await addTunings(...tuning);
}
