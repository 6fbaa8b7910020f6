// The parts of one opened run.
const facts = (run) =>
  html("dl", { class: "facts" }, ...run.facts.map(([name, value]) =>
    html("div", {}, html("dt", {}, name), html("dd", {}, value))));

const conventions = (run) =>
  numbers("AUC under each convention of evaluation", ["Convention", "AUC (%)"],
    run.auc.map(([name, value]) => [name, value === null ? null : value.toFixed(1)]));

const settings = (run) =>
  numbers("Settings", ["Setting", "Value"], Object.entries(run.settings));

// Letters of the runs that share a drawing, the class of each one's line, and what their keys say.
const LETTERS = ["A", "B"];
const lineOf = (place) => (place ? "curve second" : "curve");
const named = (runs, place, words) => (runs.length > 1 ? `${LETTERS[place]}: ${words}` : words);

const key = (runs) => html("ul", { class: "legend" }, ...runs.map((run, place) =>
  html("li", {}, svg("svg", { width: 28, height: 10, viewBox: "0 0 28 10", "aria-hidden": "true" },
    svg("path", { class: lineOf(place), d: "M0 5H28" })), ` ${LETTERS[place]}: ${run.label}, seed ${run.seed}`)));

// Loss terms by epoch, of one run or of two on the same axes.
function curves(runs) {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.curves.terms)))];
  if (!names.length) return [html("p", {}, "This method is not trained in epochs: there are no loss curves.")];
  const epochs = [...new Set(runs.flatMap((run) => run.curves.epochs))].sort((one, other) => one - other);
  const at = (run, name, epoch) => run.curves.terms[name]?.[run.curves.epochs.indexOf(epoch)] ?? null;
  const [first, last] = [epochs[0], epochs[epochs.length - 1]];
  const drawn = names.map((name) => {
    const series = runs.map((run) => epochs.map((epoch) => [epoch, at(run, name, epoch)]).filter(([, value]) => value !== null));
    const values = series.flat().map(([, value]) => value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const shapes = series.flatMap((known, place) => {
      const points = known.map(([epoch, value]) => [
        last > first ? 3 + (94 * (epoch - first)) / (last - first) : 50, high > low ? 92 - (84 * (value - low)) / (high - low) : 50]);
      const dots = points.length <= 20 ? [svg("path", { class: place ? "dots second" : "dots", d: points.map(([x, y]) => `M${x} ${y}h.01`).join("") })] : [];
      return [svg("path", { class: lineOf(place), d: path(points) }), ...dots];
    });
    const ends = series.map((known, place) => known.length
      ? named(runs, place, `${short(known[0][1])} to ${short(known[known.length - 1][1])}`) : named(runs, place, "none"));
    return chart(`${name.replaceAll("_", " ")}: ${ends.join(", ")}`,
      values.length ? `By epoch, from ${short(high)} at most to ${short(low)} at least.` : "No value.",
      shapes, [`epoch ${first}`, `epoch ${last}`]);
  });
  const columns = names.flatMap((name) => runs.map((_, place) => named(runs, place, name.replaceAll("_", " "))));
  const lines = epochs.map((epoch) => [epoch, ...names.flatMap((name) => runs.map((run) => at(run, name, epoch)))]);
  return [html("h3", {}, "Losses in training"), html("div", { class: "charts" }, ...drawn),
    numbers("Losses as numbers", ["Epoch", ...columns], lines)];
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

const HOW = { per_video: "each video by its own extremes (published)", global: "one scale for all videos (pooled)" };
const spans = (video, kinds) =>
  video.ranges.map(([first, last, kind]) => `${first} to ${last}${kinds[kind] ? ` (${kinds[kind]})` : ""}`).join(", ");
let choices = 0;

// Scores of every test video, of one run or of two that score the same frames.
function timelines(runs) {
  const { videos, kinds } = runs[0].shared;
  const place = html("div", { class: "charts" });
  const table = html("div");
  const draw = (how) => {
    place.replaceChildren(...videos.map((video, index) => {
      const wide = video.last - video.first || 1;
      const shaded = video.ranges.map(([first, last, kind]) => svg("rect", {
        class: `range-${kind}`, x: (100 * (first - video.first)) / wide, width: Math.max((100 * (last - first)) / wide, 0.4), y: 0, height: 100 }));
      const lines = runs.map((run, side) => svg("path", { class: lineOf(side), d: path(run.scores[how][index].map((score, at, all) =>
        [all.length > 1 ? (100 * at) / (all.length - 1) : 50, 97 - 94 * score])) }));
      return chart(`Video ${video.name}`, `Anomaly score of ${video.frames} frames. Abnormal frames: ${spans(video, kinds) || "none"}.`,
        [...shaded, ...lines], [`frame ${video.first}`, `frame ${video.last}`], "low");
    }));
    const means = runs.flatMap((_, side) => ["mean score, normal", "mean score, abnormal"].map((words) => named(runs, side, words)));
    const lines = videos.map((video, index) =>
      [video.name, video.frames, spans(video, kinds), ...runs.flatMap((run) => run.means[how][index])]);
    const opened = table.querySelector("details")?.open;
    table.replaceChildren(numbers("Scores as numbers", ["Video", "Scored frames", "Abnormal frames", ...means], lines));
    table.querySelector("details").open = Boolean(opened);
  };
  choices += 1;
  const known = Object.keys(HOW).filter((how) => runs.every((run) => how in run.scores));
  const inputs = known.map((how, index) => {
    const input = html("input", { type: "radio", name: `normalisation-${choices}`, value: how, ...(index ? {} : { checked: "" }) });
    input.addEventListener("change", () => draw(how));
    return html("label", {}, input, ` ${HOW[how]}`);
  });
  draw(known[0]);
  const shades = Object.keys(kinds).length ? Object.entries(kinds) : [["1", "abnormal frames"]];
  const legend = html("ul", { class: "legend" }, ...shades.map(([number, name]) =>
    html("li", {}, html("span", { class: `swatch range-${number}`, "aria-hidden": "true" }), name)));
  return [html("h3", {}, "Score of every test video (high: abnormal)"),
    html("fieldset", {}, html("legend", {}, "Normalised:"), ...inputs), legend, place, table];
}

function stills(run) {
  if (!run.stills.length) return [];
  return [html("h3", {}, "Pictures"), ...run.stills.map((name) => {
    const [mime, data, ...words] = payloadOf(name).split(" ");
    const caption = words.join(" ");
    return html("figure", {}, html("img", { src: `data:${mime};base64,${data}`, alt: `${caption}: ${run.label}` }), html("figcaption", {}, caption));
  })];
}

