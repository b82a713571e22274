// What is claimed of the devices, and what comparing the last report with those before it says.

function fillClaims() {
  const rows = devices.flatMap((device, d) =>
    device.claims.map(({ claim, source, asked, key, verdict, finding, reason }) =>
      element(
        "tr",
        { class: verdict },
        element("th", { scope: "row" }, claim),
        several && element("td", {}, device.name),
        element("td", {}, asked),
        element("td", {}, finding === undefined ? key : findingLink(d, finding, valueText(device.findings[finding]))),
        element("td", {}, verdict, reason && `: ${reason}`),
        element("td", { class: "reason" }, source),
      ),
    ),
  );
  document.getElementById("claims").hidden = rows.length === 0;
  const head = ["claim", ...(several ? ["device"] : []), "asked", "found", "verdict", "source"];
  document.querySelector("#claims .wide").append(table(head, rows, "Confirmed or refuted by the whole interval"));
}

/// The verdict on a finding of that device, with what would decide it; nothing where there is none.
function verdictOn(device, key) {
  const [verdict, note] = data.verdicts.find((each) => each.device === device)?.findings[key] ?? [];
  return verdict && { verdict, note };
}

function fillVerdicts() {
  for (const { device, bases, remarks, findings } of data.verdicts) {
    const counts = ["worse", "better", "undecided", "same"].map(
      (verdict) => `${Object.values(findings).filter(([each]) => each === verdict).length} ${verdict}`,
    );
    const against = bases === 1 ? "the report before it" : `the ${bases} reports before it`;
    document
      .getElementById("verdicts")
      .append(
        element("p", {}, element("b", {}, `${devices[device].name} against ${against}: `), counts.join(", ")),
        element("ul", { class: "notes" }, ...remarks.map((remark) => element("li", {}, remark))),
      );
  }
}
