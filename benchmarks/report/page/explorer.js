// Filters, sorts and opens runs; the table is complete without it.
const dialog = document.getElementById("run");
const filters = new Map(); // name in the address -> { column, select }

// The first cell of each row opens its run; without this script it is text.
function buildLinks() {
  rows.forEach((row) => {
    const [first] = row.cells;
    const label = heads.flatMap((head, column) => (head.dataset.key ? [textOf(row, column)] : [])).filter(Boolean).join(", ");
    first.replaceChildren(html("button",
      { type: "button", class: "run-link", "aria-haspopup": "dialog", "aria-label": `${label}: open` }, first.textContent));
  });
}

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
  const state = new URLSearchParams(compared());
  filters.forEach(({ select }, key) => { if (select.value !== "*") state.set(key, select.value); });
  if (run) state.set("run", run);
  history.replaceState(null, "", `#${state.toString() || "runs"}`);
}

function read() {
  const state = new URLSearchParams(location.hash.slice(1));
  const known = [...filters.keys()].filter((key) => state.has(key));
  if (known.length || state.has("run")) readRuns(state);
  readCompared(state);
}

function readRuns(state) {
  filters.forEach(({ select }, key) => {
    select.value = state.has(key) ? state.get(key).toLowerCase() : "*";
    if (select.selectedIndex < 0) select.value = "*"; // a level that no run has
  });
  apply();
  document.getElementById("runs").scrollIntoView({ behavior: "instant" });
  if (rows.some((row) => idOf(row) === state.get("run"))) open(state.get("run"));
}

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

async function open(id) {
  const run = await load(id);
  document.getElementById("run-title").textContent = run.label;
  document.getElementById("run-where").textContent = run.title;
  const parts = [facts(run), conventions(run), ...curves([run]), ...usage(run.usage)];
  if (run.shared) parts.push(...timelines([run]));
  else parts.push(html("p", {}, "The record keeps no scores frame by frame."));
  parts.push(...stills(run), settings(run));
  document.getElementById("run-body").replaceChildren(...parts);
  const shown = rows.filter((row) => !row.hidden).map(idOf);
  const place = shown.indexOf(id);
  document.getElementById("run-compare").onclick = () => { dialog.close(); compareWith(id); };
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
