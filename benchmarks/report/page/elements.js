// Elements, payloads and drawings that the other scripts use. Text goes in as text, never as HTML.
const table = document.getElementById("runs-table");
const heads = [...table.tHead.rows[0].cells];
const body = table.tBodies[0];
const rows = [...body.rows];
const SVG = document.getElementById("icons").namespaceURI;

const make = (create) => (tag, attributes = {}, ...children) => {
  const element = create(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const html = make((tag) => document.createElement(tag));
const svg = make((tag) => document.createElementNS(SVG, tag));

const order = new Intl.Collator("en", { numeric: true });
const textOf = (row, column) => row.cells[column].textContent.trim();
const idOf = (row) => row.cells[0].dataset.run;

// ── payloads ────────────────────────────────────────────────────────────────────────────────────────────────────────
let payloads = null;

function payloadOf(name) {
  if (!payloads) {
    const lines = document.getElementById("payloads").textContent.trim().split("\n");
    payloads = new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
  }
  return payloads.get(name);
}

async function unpack(name) {
  const packed = Uint8Array.from(atob(payloadOf(name)), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const plain = new Uint8Array(await new Response(stream).arrayBuffer());
  const end = plain.indexOf(0);
  return { ...JSON.parse(new TextDecoder().decode(plain.subarray(0, end))), bytes: plain.subarray(end + 1) };
}


const groupOf = (id) => id.split("/").slice(0, 2).join("/");
const groups = new Map();

// The runs of a data set and profile, by their names.
function group(name) {
  if (!groups.has(name)) groups.set(name, unpack(name));
  return groups.get(name);
}

// One run: its content, the videos it scores, and its timelines' levels by normalisation and video.
async function load(id) {
  const run = (await group(groupOf(id)))[id];
  const stills = (await group("stills"))[id] ?? [];
  if (!run.videos) return { ...run, stills, shared: null, scores: {} };
  return { ...run, stills, shared: await unpack(run.videos), scores: levels(run, (await unpack(id)).bytes) };
}

function levels(run, bytes) {
  let at = 0;
  const steps = () => run.lengths.map((length) => {
    let level = 0;
    return Array.from({ length }, () => {
      level = (level + bytes[at++]) & 255;
      return level / run.levels;
    });
  });
  const scores = {};
  for (const how of Object.keys(run.means)) {
    scores[how] = run.lines[how]
      ? run.lines[how].map(([low, extent], video) => scores.per_video[video].map((score) => (low + extent * score) / 1000))
      : steps();
  }
  return scores;
}

// ── tables and drawings ──────────────────────────────────────────────────────────────────────────────────────────
function grid(caption, columns, lines) {
  const head = html("tr", {}, ...columns.map((name) => html("th", { scope: "col" }, name)));
  const bodyRows = lines.map(([first, ...rest]) =>
    html("tr", {}, html("th", { scope: "row" }, String(first)), ...rest.map((one) => html("td", {}, one === null ? "" : String(one)))));
  const content = html("table", {}, html("caption", {}, html("span", {}, caption)), html("thead", {}, head), html("tbody", {}, ...bodyRows));
  return html("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption }, content);
}

const numbers = (summary, columns, lines) =>
  html("details", {}, html("summary", {}, summary), grid(summary, columns, lines));

let charts = 0;

// A figure: its drawing is 100 by 100, stretched to the width; ends stand under it.
function chart(title, description, shapes, ends, kind = "") {
  charts += 1;
  const drawing = svg("svg", {
    viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-labelledby": `chart-${charts} about-${charts}`,
  }, svg("title", { id: `chart-${charts}` }, title), svg("desc", { id: `about-${charts}` }, description), ...shapes);
  const under = html("div", { class: "ends", "aria-hidden": "true" }, ...ends.map((text) => html("span", {}, text)));
  return html("figure", { class: kind }, html("figcaption", { "aria-hidden": "true" }, title), drawing, under);
}

const path = (points) => points.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
const short = (value) => (value === null ? "" : String(Number(value.toPrecision(3))));

