"use strict";
// Filters, sorts and opens runs. The table is complete without this file; text goes in as text, never as HTML.
(() => {
  const table = document.getElementById("runs-table");
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const dialog = document.getElementById("run");
  const filters = new Map(); // name in the address -> { column, select }
  const SVG = document.getElementById("icons").namespaceURI;

  const textOf = (row, column) => row.cells[column].textContent.trim();
  const idOf = (row) => row.querySelector(".run-link").dataset.run;
  const make = (create) => (tag, attributes = {}, ...children) => {
    const element = create(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const html = make((tag) => document.createElement(tag));
  const svg = make((tag) => document.createElementNS(SVG, tag));

  // ── filters, and the address that keeps them ─────────────────────────────────────────────────────────────────────
  const order = new Intl.Collator("en", { numeric: true });

  function buildFilters() {
    const form = document.getElementById("filters");
    heads.forEach((head, column) => {
      const key = head.dataset.key;
      if (!key) return;
      const values = [...new Set(rows.map((row) => textOf(row, column)))].sort(order.compare);
      if (values.length < 2) return;
      const select = html("select", { id: `filter-${key}` }, html("option", { value: "*" }, "all"));
      for (const value of values) select.append(html("option", { value: value.toLowerCase() }, value || "(none)"));
      select.addEventListener("change", () => { apply(); write(); });
      form.append(html("div", {}, html("label", { for: select.id }, head.textContent), select));
      filters.set(key, { column, select });
    });
    if (!filters.size) return;
    const clear = html("button", { type: "button" }, "Show all runs");
    clear.addEventListener("click", () => { filters.forEach(({ select }) => { select.value = "*"; }); apply(); write(); });
    form.append(html("div", {}, clear));
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  function apply() {
    let shown = 0;
    for (const row of rows) {
      row.hidden = [...filters.values()].some(
        ({ column, select }) => select.value !== "*" && textOf(row, column).toLowerCase() !== select.value);
      shown += row.hidden ? 0 : 1;
    }
    const all = rows.length === 1 ? "1 run" : `${rows.length} runs`;
    document.getElementById("run-count").textContent = shown === rows.length ? `All ${all}` : `${shown} of ${all}`;
  }

  function write(run) {
    const state = new URLSearchParams();
    filters.forEach(({ select }, key) => { if (select.value !== "*") state.set(key, select.value); });
    if (run) state.set("run", run);
    history.replaceState(null, "", `#${state.toString() || "runs"}`);
  }

  function read() {
    const state = new URLSearchParams(location.hash.slice(1));
    const known = [...filters.keys()].filter((key) => state.has(key));
    if (!known.length && !state.has("run")) return;
    filters.forEach(({ select }, key) => {
      select.value = state.has(key) ? state.get(key).toLowerCase() : "*";
      if (select.selectedIndex < 0) select.value = "*"; // a level that no run has
    });
    apply();
    document.getElementById("runs").scrollIntoView({ behavior: "instant" });
    if (rows.some((row) => idOf(row) === state.get("run"))) open(state.get("run"));
  }

  // ── sorting ──────────────────────────────────────────────────────────────────────────────────────────────────────
  function buildSorting() {
    heads.forEach((head, column) => {
      const numeric = head.classList.contains("number");
      const button = html("button", { type: "button" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const down = before ? before === "ascending" : numeric;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const empty = (row) => textOf(row, column) === "";
        rows.sort((one, other) => {
          if (empty(one) || empty(other)) return empty(one) - empty(other); // what has no value comes last
          const [left, right] = [textOf(one, column), textOf(other, column)];
          return (down ? -1 : 1) * (numeric ? Number(left) - Number(right) : order.compare(left, right));
        });
        body.append(...rows);
      });
    });
  }

  // ── one run ──────────────────────────────────────────────────────────────────────────────────────────────────────
  let parcels = null;

  function parcelOf(name) {
    if (!parcels) {
      const lines = document.getElementById("parcels").textContent.trim().split("\n");
      parcels = new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
    }
    return parcels.get(name);
  }

  async function unpack(name) {
    const packed = Uint8Array.from(atob(parcelOf(name)), (character) => character.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const plain = new Uint8Array(await new Response(stream).arrayBuffer());
    const end = plain.indexOf(0);
    return { ...JSON.parse(new TextDecoder().decode(plain.subarray(0, end))), bytes: plain.subarray(end + 1) };
  }

  async function open(id) {
    const run = await unpack(id);
    const shared = run.videos ? await unpack(run.videos) : null;
    document.getElementById("run-title").textContent = run.label;
    document.getElementById("run-where").textContent = run.title;
    const parts = [facts(run), ...curves(run.curves), ...usage(run.usage)];
    if (shared) parts.push(...timelines(run, shared));
    else parts.push(html("p", {}, "The record keeps no scores frame by frame."));
    parts.push(...stills(run), settings(run));
    document.getElementById("run-body").replaceChildren(...parts);
    const shown = rows.filter((row) => !row.hidden).map(idOf);
    const place = shown.indexOf(id);
    step("run-previous", place > 0 ? shown[place - 1] : null);
    step("run-next", place >= 0 ? shown[place + 1] : null);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    document.getElementById("run-title").focus();
    write(id);
  }

  function step(button, id) {
    const element = document.getElementById(button);
    element.disabled = !id;
    element.onclick = id ? () => open(id) : null;
  }

  function buildDialog() {
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (!row) return;
      row.querySelector(".run-link").focus(); // where the dialog gives the focus back to
      open(idOf(row));
    });
    document.getElementById("run-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => write());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }

  const facts = (run) =>
    html("dl", { class: "facts" }, ...run.facts.map(([name, value]) =>
      html("div", {}, html("dt", {}, name), html("dd", {}, value))));

  const settings = (run) =>
    numbers("Settings", ["Setting", "Value"], Object.entries(run.settings));

  function numbers(summary, columns, lines) {
    const head = html("tr", {}, ...columns.map((name) => html("th", { scope: "col" }, name)));
    const bodyRows = lines.map(([first, ...rest]) =>
      html("tr", {}, html("th", { scope: "row" }, String(first)), ...rest.map((one) => html("td", {}, one === null ? "" : String(one)))));
    const content = html("table", {}, html("caption", {}, summary), html("thead", {}, head), html("tbody", {}, ...bodyRows));
    const region = html("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": summary }, content);
    return html("details", {}, html("summary", {}, summary), region);
  }

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

  function curves({ epochs, terms }) {
    const names = Object.keys(terms);
    if (!names.length) return [html("p", {}, "This method is not trained in epochs: there are no loss curves.")];
    const drawn = names.map((name) => {
      const known = terms[name].map((value, place) => [epochs[place], value]).filter(([, value]) => value !== null);
      const values = known.map(([, value]) => value);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const [first, last] = [epochs[0], epochs[epochs.length - 1]];
      const points = known.map(([epoch, value]) => [
        last > first ? 3 + (94 * (epoch - first)) / (last - first) : 50, high > low ? 92 - (84 * (value - low)) / (high - low) : 50]);
      const dots = points.length <= 20 ? [svg("path", { class: "dots", d: points.map(([x, y]) => `M${x} ${y}h.01`).join("") })] : [];
      const label = name.replaceAll("_", " ");
      return chart(`${label}: ${short(values[0])} to ${short(values[values.length - 1])}`,
        `By epoch, from ${short(high)} at most to ${short(low)} at least.`,
        [svg("path", { class: "curve", d: path(points) }), ...dots], [`epoch ${first}`, `epoch ${last}`]);
    });
    const lines = epochs.map((epoch, place) => [epoch, ...names.map((name) => terms[name][place])]);
    return [html("h3", {}, "Losses in training"), html("div", { class: "charts" }, ...drawn),
      numbers("Losses as numbers", ["Epoch", ...names.map((name) => name.replaceAll("_", " "))], lines)];
  }

  function usage(panels) {
    if (!panels.length) return [];
    const drawn = panels.map((one) => {
      const high = Math.max(...one.shares);
      const width = 100 / one.shares.length;
      const bars = one.shares.map((share, place) => svg("rect", {
        class: "bar", x: place * width + 0.08 * width, width: 0.84 * width, y: 100 - (92 * share) / high, height: (92 * share) / high }));
      const even = 100 - (92 * 100) / one.items / high;
      const line = svg("line", { class: "even", x1: 0, x2: 100, y1: even, y2: even });
      const said = one.perplexity === null ? "" : `, ${short(one.perplexity)} of ${one.items} items in effective use, ${one.dead} never used`;
      return chart(`${one.title}${said}`, `The most used item takes ${short(high)} per cent of the queries. The dashed line is even use.`,
        [...bars, line], one.sorted ? ["most used", `rank ${one.items} (logarithmic)`] : ["item 1", `item ${one.items}`]);
    });
    const tables = panels.map((one) => numbers(`Use of items as numbers: ${one.title}`,
      [one.sorted ? "Place in the drawing" : "Item", "Share of queries (%)"], one.shares.map((share, place) => [place + 1, share])));
    return [html("h3", {}, "Use of the memory"), html("div", { class: "charts" }, ...drawn), ...tables];
  }

  // Levels of the timelines, from the steps that were packed: one list per normalisation and video.
  function levels(run) {
    let at = 0;
    return Object.fromEntries(Object.keys(run.means).map((how) => [how, (() => {
      let level = 0;
      return run.lengths.map((length) => Array.from({ length }, () => {
        level = (level + run.bytes[at++]) & 255;
        return level / run.levels;
      }));
    })()]));
  }

  const HOW = { per_video: "each video by its own extremes (published way)", global: "one scale for all videos (pooled)" };
  const spans = (video, kinds) =>
    video.ranges.map(([first, last, kind]) => `${first} to ${last}${kinds[kind] ? ` (${kinds[kind]})` : ""}`).join(", ");

  function timelines(run, { videos, kinds }) {
    const scores = levels(run);
    const place = html("div", { class: "charts" });
    const table = html("div");
    const draw = (how) => {
      place.replaceChildren(...videos.map((video, index) => {
        const wide = video.last - video.first || 1;
        const shaded = video.ranges.map(([first, last, kind]) => svg("rect", {
          class: `range-${kind}`, x: (100 * (first - video.first)) / wide, width: Math.max((100 * (last - first)) / wide, 0.4), y: 0, height: 100 }));
        const points = scores[how][index].map((score, at, all) => [all.length > 1 ? (100 * at) / (all.length - 1) : 50, 97 - 94 * score]);
        return chart(`Video ${video.name}`, `Anomaly score of ${video.frames} frames. Abnormal frames: ${spans(video, kinds) || "none"}.`,
          [...shaded, svg("path", { class: "curve", d: path(points) })], [`frame ${video.first}`, `frame ${video.last}`], "low");
      }));
      const lines = videos.map((video, index) => [video.name, video.frames, spans(video, kinds), ...run.means[how][index]]);
      const opened = table.querySelector("details")?.open;
      table.replaceChildren(numbers("Scores as numbers",
        ["Video", "Scored frames", "Abnormal frames", "Mean score, normal", "Mean score, abnormal"], lines));
      table.querySelector("details").open = Boolean(opened);
    };
    const choices = Object.keys(run.means).map((how, index) => {
      const input = html("input", { type: "radio", name: "normalisation", value: how, ...(index ? {} : { checked: "" }) });
      input.addEventListener("change", () => draw(how));
      return html("label", {}, input, ` ${HOW[how]}`);
    });
    draw(choices.length ? Object.keys(run.means)[0] : "per_video");
    const shades = Object.keys(kinds).length ? Object.entries(kinds) : [["1", "abnormal frames"]];
    const legend = html("ul", { class: "legend" }, ...shades.map(([number, name]) =>
      html("li", {}, html("span", { class: `swatch range-${number}`, "aria-hidden": "true" }), name)));
    return [html("h3", {}, "Score of every test video (high: abnormal)"),
      html("fieldset", {}, html("legend", {}, "Normalised:"), ...choices), legend, place, table];
  }

  function stills(run) {
    if (!run.stills.length) return [];
    return [html("h3", {}, "Pictures"), ...run.stills.map((name) => {
      const [mime, data, ...words] = parcelOf(name).split(" ");
      const caption = words.join(" ");
      return html("figure", {}, html("img", { src: `data:${mime};base64,${data}`, alt: `${caption}: ${run.label}` }), html("figcaption", {}, caption));
    })];
  }

  // ── print: what is folded is opened, and folded again afterwards ────────────────────────────────────────────────
  function buildPrint() {
    let folded = [];
    window.addEventListener("beforeprint", () => {
      folded = [...document.querySelectorAll("main details:not([open], .unprinted)")];
      folded.forEach((one) => { one.open = true; });
    });
    window.addEventListener("afterprint", () => { folded.forEach((one) => { one.open = false; }); });
  }

  // ── what does not scroll is no stop for the keyboard and no landmark ────────────────────────────────────────────
  function watchScrolling() {
    const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => {
      target.dataset.label ??= target.getAttribute("aria-label");
      const scrolls = target.scrollWidth > target.clientWidth + 1;
      for (const [name, value] of [["role", "region"], ["tabindex", "0"], ["aria-label", target.dataset.label]]) {
        if (scrolls) target.setAttribute(name, value);
        else target.removeAttribute(name);
      }
    }));
    document.querySelectorAll("main .scroll").forEach((one) => watch.observe(one));
  }

  buildFilters();
  buildSorting();
  buildDialog();
  buildPrint();
  watchScrolling();
  apply();
  read();
  window.addEventListener("hashchange", read);
})();
