// The chip, drawn from what was found of it: the compute units, one of them large, then the caches
// and the memory. Each value is a link to its finding; what is not settled is dashed.

const chip = { title: 20, line: 15, gap: 14, pad: 9, letter: 6.4 };

/// What people look for first comes first.
function rankOf(name) {
  const rank = [/^size$/, /^count$/, /latency/, /^read bandwidth/, /bandwidth|rate/].findIndex((each) =>
    each.test(name),
  );
  return rank < 0 ? 9 : rank;
}

/// The lines of a part's box: what it is, its value, and the finding's key below.
function boxLines(device, part, width) {
  return [...part.values]
    .sort(([a], [b]) => rankOf(a) - rankOf(b))
    .slice(0, 8)
    .flatMap(([label, index]) => {
      const finding = devices[device].findings[index];
      const fits = (label.length + finding.text.length + 2) * chip.letter < width - 2 * chip.pad;
      const text = `${finding.text}${finding.status === "measured" ? "" : " " + marks[finding.status]}`;
      const key = { text: finding.key, kind: "key", index };
      return fits ? [{ label, text, index }, key] : [{ label, text: "", index }, { text, index }, key];
    });
}

function boxHeight(lines) {
  return chip.title + lines.length * chip.line + 2 * chip.pad - 4;
}

function drawBox(device, part, x, y, width) {
  const lines = boxLines(device, part, width);
  const settled = part.values.every(([, index]) => devices[device].findings[index].status === "measured");
  const figure = part.values.flatMap(([, index]) => figuresOf.get(findingId(device, index)) ?? [])[0];
  const name = drawing("text", { x: x + chip.pad, y: y + chip.pad + 11, class: "part" }, part.name);
  const box = drawing(
    "g",
    {},
    drawing("rect", { x, y, width, height: boxHeight(lines), rx: 5, class: settled ? "box" : "box open" }),
    figure ? drawing("a", { href: "#" + figure, "aria-label": `${part.name}, the figure` }, name) : name,
  );
  lines.forEach((line, i) => {
    const at = y + chip.pad + chip.title + 10 + i * chip.line;
    const words = [];
    if (line.label) words.push(drawing("text", { x: x + chip.pad, y: at, class: "label" }, line.label));
    if (line.kind === "key") words.push(drawing("text", { x: x + chip.pad, y: at - 2, class: "key" }, line.text));
    else if (line.text) words.push(drawing("text", { x: x + width - chip.pad, y: at, class: "number" }, line.text));
    box.append(drawing("a", { href: "#" + findingId(device, line.index) }, ...words));
  });
  return box;
}

/// Boxes below each other, or in two columns; what they take is returned with them.
function stack(device, parts, x, y, width, columns = 1) {
  const each = (width - (columns - 1) * chip.gap) / columns;
  const ends = Array(columns).fill(y);
  const boxes = parts.map((part) => {
    const column = ends.indexOf(Math.min(...ends));
    const box = drawBox(device, part, x + column * (each + chip.gap), ends[column], each);
    ends[column] += boxHeight(boxLines(device, part, each)) + chip.gap;
    return box;
  });
  return { boxes, end: Math.max(...ends) - (parts.length ? chip.gap : 0) };
}

/// All units as small squares, as far as there is room.
function unitSquares(count, x, y, width) {
  const step = count > 200 ? 8 : 12;
  const inRow = Math.floor(width / step);
  const drawn = Math.min(count, inRow * 6);
  const squares = Array.from({ length: drawn }, (_, i) =>
    drawing("rect", {
      x: x + (i % inRow) * step,
      y: y + Math.floor(i / inRow) * step,
      width: step - 3,
      height: step - 3,
      class: i === 0 ? "unit first" : "unit",
    }),
  );
  return { squares, end: y + Math.ceil(drawn / inRow) * step };
}

function chipDrawing(device, width) {
  const parts = devices[device].parts;
  const inUnit = parts.filter((part) => part.place === "unit" || (part.place === "cache" && part.level === 1));
  const caches = parts.filter((part) => part.place === "cache" && part.level > 1);
  const memory = parts.filter((part) => part.place === "memory");
  const count =
    parts
      .flatMap((part) => part.values)
      .map(([, i]) => devices[device].findings[i])
      .find((finding) => finding.key === "compute_units")?.value ?? 1;
  const beside = width >= 860;
  const unitWidth = beside ? Math.round(width * (width >= 1000 ? 0.52 : 0.48)) : width;
  const units = unitSquares(count, chip.pad, chip.title + chip.pad, unitWidth - 2 * chip.pad);
  const top = units.end + chip.gap;
  const inside = stack(
    device,
    inUnit,
    chip.pad,
    top + chip.title + 6,
    unitWidth - 2 * chip.pad,
    unitWidth >= 520 ? 2 : 1,
  );
  const frame = drawing("rect", {
    x: 1,
    y: top,
    width: unitWidth - 2,
    height: inside.end - top + chip.pad,
    rx: 7,
    class: "frame",
  });
  const name = `${count > 1 ? "one of them, and what it holds" : "what it holds"}`;
  const wires = [drawing("path", { d: `M ${chip.pad + 4} ${chip.title + chip.pad + 10} V ${top}`, class: "wire" })];
  const shown = [
    drawing("text", { x: chip.pad, y: 15, class: "part" }, count === 1 ? "1 compute unit" : `${count} compute units`),
    ...units.squares,
    frame,
    drawing("text", { x: chip.pad, y: top + 16, class: "label" }, name),
    ...inside.boxes,
  ];
  let end = inside.end + chip.pad;
  const columns = [caches, memory].filter((each) => each.length);
  const room = (width - unitWidth - chip.gap * columns.length) / Math.max(1, columns.length);
  let x = unitWidth,
    y = end;
  for (const column of columns) {
    const start = beside ? { x: x + chip.gap, y: top } : { x: 0, y: y + chip.gap };
    const drawn = stack(device, column, start.x, start.y, beside ? room : width, !beside && width >= 520 ? 2 : 1);
    wires.push(
      drawing("path", {
        d: beside ? `M ${x} ${top + 30} h ${chip.gap}` : `M ${width / 2} ${y} v ${chip.gap}`,
        class: "wire",
      }),
    );
    shown.push(...drawn.boxes);
    x = start.x + room;
    y = drawn.end;
    end = Math.max(end, drawn.end);
  }
  return drawing(
    "svg",
    {
      class: "chip",
      width,
      height: end + 4,
      viewBox: `0 0 ${width} ${end + 4}`,
      role: "group",
      "aria-label": `${devices[device].name}, drawn from its findings`,
    },
    ...wires,
    ...shown,
  );
}
