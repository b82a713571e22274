// The charts, as specifications of Vega-Lite. Colours are those of the style sheet, so that they are
// right in the dark, in the light and on paper; dashes and shapes tell lines apart without colour.

const colours = Array.from({ length: 8 }, (_, i) => `var(--line-${i})`);
const dashes = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [12, 3],
  [4, 4],
  [1, 3],
  [10, 2, 2, 2],
];
const shapes = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "cross",
  "triangle-down",
  "triangle-right",
  "triangle-left",
];

const chartConfig = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: "var(--grid)" },
  axis: {
    labelColor: "var(--text)",
    titleColor: "var(--text)",
    titleFontWeight: "normal",
    gridColor: "var(--grid)",
    domainColor: "var(--grid)",
    tickColor: "var(--grid)",
    labelOverlap: "greedy",
    labelSeparation: 4,
    labelLimit: 140,
  },
  legend: { labelColor: "var(--text)", orient: "top", title: null, labelLimit: 320, symbolSize: 60, symbolOpacity: 1 },
  text: { fill: "var(--text)" },
};

vega.expressionFunction("quantity", quantity);

/// An axis over those values: logarithmic where they have a unit and lie far apart. `room` is left
/// on either side: what is all but flat is not blown up to fill the chart.
function channel(axis, field, values, room) {
  const positive = values.filter((value) => value > 0);
  const least = Math.min(...positive) / room,
    most = Math.max(...positive) * room;
  const base = axis.unit === "B" || axis.unit === "flop/B" ? 2 : 10;
  const scale =
    axis.unit === "1"
      ? { type: "linear", zero: room > 1 }
      : most > 4 * least
        ? { type: "log", base, nice: false, domain: [least, most] }
        : { type: "linear", nice: false, domain: [least, most] };
  return {
    field,
    type: "quantitative",
    title: axis.name,
    scale,
    axis: { labelExpr: `quantity(datum.value, '${axis.unit}')`, tickCount: 8 },
  };
}

/// What tells lines apart, one a name.
function byName(names) {
  const legend = names.length > 1 ? { columns: 2 } : null;
  const by = (all) => ({
    field: "line",
    type: "nominal",
    legend,
    scale: { domain: names, range: names.map((_, i) => all[i % all.length]) },
  });
  return { color: by(colours), strokeDash: by(dashes), shape: by(shapes) };
}

/// The number of a finding's level; memory comes after all of them.
function levelOf(key) {
  const level = /\.l(\d+)\./.exec(key);
  return level ? Number(level[1]) : Infinity;
}

/// The places on a curve's x axis that are findings, and the values of the levels between them.
function levelsOf(curve, findings) {
  const low = (finding) => (finding.interval?.[0] > 0 ? finding.interval[0] : finding.value);
  const high = (finding) => finding.interval?.[1] ?? finding.value;
  const tip = (finding) => `${finding.key}\n${finding.text}`;
  const xs = curve.points.map((point) => point[0]);
  const sizes = curve.marks.map((i) => findings[i]).filter((finding) => finding.value > 0);
  const sizeOf = (level) => sizes.find((size) => levelOf(size.key) === level)?.value;
  const values = curve.findings
    .map((i) => findings[i])
    .filter((finding) => finding.value > 0 && finding.unit === curve.y.unit && /\.(l\d+|memory)\./.test(finding.key));
  return {
    sizes: sizes.map((finding, i) => {
      const level = levelOf(finding.key);
      const name = level === Infinity ? finding.key.replace(/^.*\./, "").replaceAll("_", " ") : "L" + level;
      return {
        x: finding.value,
        low: low(finding),
        high: high(finding),
        tip: tip(finding),
        row: i % 3,
        last: finding.value > Math.min(...xs) ** 0.3 * Math.max(...xs) ** 0.7,
        name: `${name} ${quantity(finding.value, finding.unit)}`,
      };
    }),
    values: values.map((finding) => {
      const level = levelOf(finding.key);
      const before = sizes.filter((size) => levelOf(size.key) < level).map((size) => size.value);
      return {
        y: finding.value,
        low: low(finding),
        high: high(finding),
        tip: tip(finding),
        from: Math.max(Math.min(...xs), ...before),
        to: sizeOf(level) ?? Math.max(...xs),
      };
    }),
  };
}

/// Their names stand where a curve that rises, or falls, leaves room.
function levelLayers({ sizes, values }, x, y, rising) {
  const tooltip = { field: "tip" };
  const wide = (all) => ({ values: all.filter(({ low, high }) => high > low) });
  const band = { type: "rect", fill: "var(--band)", clip: true };
  const rule = { type: "rule", stroke: "var(--text)", clip: true };
  const between = { x: { ...x, field: "from" }, x2: { field: "to" } };
  return [
    { data: wide(sizes), mark: band, encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, tooltip } },
    {
      data: wide(values),
      mark: band,
      encoding: { ...between, y: { ...y, field: "low" }, y2: { field: "high" }, tooltip },
    },
    { data: { values }, mark: rule, encoding: { ...between, y, tooltip } },
    { data: { values: sizes }, mark: { ...rule, strokeDash: [4, 3] }, encoding: { x, tooltip } },
    {
      data: { values: sizes },
      mark: {
        type: "text",
        fontSize: 11,
        align: { expr: "datum.last ? 'right' : 'left'" },
        dx: { expr: "datum.last ? -4 : 4" },
        y: { expr: rising ? "height - 10 - 14 * datum.row" : "10 + 14 * datum.row" },
      },
      encoding: { x, text: { field: "name" } },
    },
  ];
}

/// Lines over the same axes: [{name, x, y, points: [{x, y, least, most, tip}]}], and the levels on them.
function lineSpec(lines, levels) {
  const rows = lines.flatMap(({ name, points }) => points.map((point) => ({ line: name, ...point })));
  const x = channel(
    lines[0].x,
    "x",
    rows.map((row) => row.x),
    1,
  );
  const y = channel(
    lines[0].y,
    "y",
    rows.map((row) => row.y),
    1.2,
  );
  const { color, strokeDash, shape } = byName([...new Set(lines.map((line) => line.name))]);
  const layers = [];
  if (rows.some((row) => row.most > row.least))
    layers.push({
      mark: { type: "rule", opacity: 0.5, clip: true },
      encoding: { x, y: { ...y, field: "least" }, y2: { field: "most" }, color },
    });
  layers.push({ mark: { type: "line", strokeWidth: 1.5 }, encoding: { x, y, color, strokeDash } });
  layers.push({
    mark: { type: "point", filled: true, size: 26, opacity: 1 },
    encoding: { x, y, color, shape, tooltip: { field: "tip" } },
  });
  return {
    height: 300,
    data: { values: rows },
    layer: [...levelLayers(levels, x, y, lines[0].y.unit === "s"), ...layers],
  };
}

/// A measure over two axes, each cell a rectangle.
function mapSpec(map) {
  const rows = map.cells.map(([x, y, value]) => ({
    x,
    y,
    value,
    tip: `${quantity(x, map.x.unit)} x ${quantity(y, map.y.unit)}: ${quantity(value, map.value.unit)}`,
  }));
  const best = rows.reduce((a, b) => (b.value > a.value ? b : a));
  const side = (axis, field, sort) => ({ field, type: "ordinal", title: axis.name, sort, axis: { labelAngle: 0 } });
  const encoding = { x: side(map.x, "x", "ascending"), y: side(map.y, "y", "descending"), tooltip: { field: "tip" } };
  return {
    height: 240,
    data: { values: rows },
    layer: [
      {
        mark: "rect",
        encoding: {
          ...encoding,
          color: {
            field: "value",
            type: "quantitative",
            scale: { scheme: "viridis", zero: true },
            legend: { title: null, labelExpr: `quantity(datum.value, '${map.value.unit}')`, gradientLength: 160 },
          },
        },
      },
      { data: { values: [best] }, mark: { type: "text", text: "best", fontSize: 10, fill: "black" }, encoding },
    ],
  };
}

/// What searches tried: a tick each, a strip a search.
function tuningSpec(strips, axis) {
  const rows = strips.flatMap(({ name, trials }) =>
    trials.map(([what, value]) => ({ name, value, tip: `${what}\n${quantity(value, axis.unit, 4)}` })),
  );
  return {
    height: 30 * strips.length,
    data: { values: rows },
    mark: { type: "tick", thickness: 2, size: 18, color: "var(--line-0)" },
    encoding: {
      x: channel(
        axis,
        "value",
        rows.map((row) => row.value),
        1.05,
      ),
      y: { field: "name", type: "nominal", title: null, sort: null, axis: { labelLimit: 160 } },
      tooltip: { field: "tip" },
    },
  };
}

/// The headline rates, each as its share of the highest that the device reaches at such work.
function rateSpec(device) {
  const keyOf = ({ finding }) => device.findings[finding].key;
  const nameOf = (key) => device.rates.find((rate) => keyOf(rate) === key)?.name ?? key;
  const isRoof = (rate) => device.rates.some(({ roof }) => roof === keyOf(rate));
  const rows = device.rates.filter(({ headline }) => headline).map((rate) => {
    const share = rate.share ?? (isRoof(rate) ? 1 : undefined);
    const what = rate.share ? `, ${Math.round(100 * rate.share)} % of ${nameOf(rate.roof)}` : share ? ", the roof" : "";
    return { name: rate.name, share, whole: share && 1, text: valueText(device.findings[rate.finding]) + what };
  });
  const y = {
    field: "name",
    type: "nominal",
    title: null,
    sort: null,
    axis: { labelLimit: 130, domain: false, ticks: false },
  };
  const x = (field) => ({
    field,
    type: "quantitative",
    title: "share of the roof",
    scale: { domain: [0, 1] },
    axis: { format: ".0%", tickCount: 5 },
  });
  const bar = { type: "bar", size: 9, yOffset: 8 };
  const text = { type: "text", align: "left", x: 2, yOffset: -5, fontSize: 11, limit: { expr: "width" } };
  return {
    height: 32 * rows.length,
    data: { values: rows },
    layer: [
      { mark: { ...bar, color: "var(--grid)" }, encoding: { x: x("whole"), y } },
      { mark: { ...bar, color: "var(--line-0)" }, encoding: { x: x("share"), y, tooltip: { field: "text" } } },
      { mark: text, encoding: { y, text: { field: "text" } } },
    ],
  };
}

/// Shows a chart's texts beside the pointer, as text.
function showTip(_, event, item, text) {
  const tip = document.getElementById("tip");
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  tip.style.left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8) + "px";
  tip.style.top = Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 8) + "px";
}

/// The chart as a file of its own, in the colours of the light style.
function svgText(container) {
  const svg = container.querySelector("svg").cloneNode(true);
  const [, , width, height] = svg.getAttribute("viewBox").split(" ");
  svg.prepend(drawing("rect", { width, height, fill: "white" }));
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const text = new XMLSerializer().serializeToString(svg);
  return text.replace(/var\((--[\w-]+)\)/g, (_, name) => colour(name)) + "\n";
}

function draw(container, spec, description) {
  const whole = {
    ...spec,
    width: "container",
    description,
    autosize: { type: "fit-x", contains: "padding" },
    config: chartConfig,
  };
  const runtime = vega.parse(vegaLite.compile(whole).spec, null, { ast: true });
  const view = new vega.View(runtime, { expr: vega.expressionInterpreter, renderer: "svg", container, hover: true });
  view.tooltip(showTip);
  return view.runAsync();
}
