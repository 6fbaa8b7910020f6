// Two runs side by side: settings that differ, AUC under each convention, curves and timelines on the same axes.
const sides = [];
let chosen = false; // only what a reader chose goes into the address

const settingOf = (id) => id.slice(0, id.lastIndexOf("/"));
const labelOf = (group) => {
  const dataset = heads.findIndex((head) => head.dataset.key === "dataset");
  return `${textOf(rows.find((row) => groupOf(idOf(row)) === group), dataset)}, ${group.split("/")[1]}`;
};
const compared = () => (chosen ? { a: sides[0].id, b: sides[1].id } : {});

function readCompared(state) {
  const known = new Set(rows.map(idOf));
  if (!known.has(state.get("a")) || !known.has(state.get("b"))) return;
  chosen = true;
  choose(state.get("a"), state.get("b"));
  document.getElementById("compare").scrollIntoView({ behavior: "instant" });
}

// The run without memory that differs in nothing else that the table shows, else the next run of its group.
function counterpart(id) {
  const memory = heads.findIndex((head) => head.dataset.key === "memory");
  const own = rows.find((row) => idOf(row) === id);
  const alike = (row) => heads.every((head, column) =>
    column === memory || !head.dataset.key || textOf(row, column) === textOf(own, column));
  const others = rows.filter((row) => row !== own);
  return idOf(others.find((row) => alike(row) && textOf(row, memory) !== textOf(own, memory))
    ?? others.find((row) => groupOf(idOf(row)) === groupOf(id)) ?? others[0]);
}

function compareWith(id) {
  chosen = true;
  choose(id, counterpart(id));
  write();
  document.getElementById("compare").scrollIntoView();
  sides[1].group.focus();
}

function buildCompare() {
  const place = document.getElementById("compare-runs");
  if (rows.length < 2) {
    place.append(html("p", {}, "There are fewer than two runs to compare."));
    return;
  }
  const names = [...new Set(rows.map((row) => groupOf(idOf(row))))];
  for (const letter of LETTERS) {
    const side = { id: "" };
    const field = (name, words) => {
      side[name] = html("select", { id: `compare-${letter}-${name}` });
      return html("div", {}, html("label", { for: side[name].id }, words), side[name]);
    };
    place.append(html("fieldset", { class: `side side-${letter}` }, html("legend", {}, `Run ${letter}`),
      field("group", "Data set and profile"), field("setting", "Setting"), field("seed", "Seed")));
    for (const name of names) side.group.append(html("option", { value: name }, labelOf(name)));
    const changed = (find) => async () => {
      const ids = Object.keys(await group(side.group.value));
      side.id = find(ids) ?? ids[0];
      chosen = true;
      await choose(...sides.map((one) => one.id));
      write();
    };
    side.group.addEventListener("change", changed((ids) => ids[0]));
    side.setting.addEventListener("change", changed((ids) =>
      ids.find((id) => id === `${side.setting.value}/${side.seed.value}`) ?? ids.find((id) => settingOf(id) === side.setting.value)));
    side.seed.addEventListener("change", changed((ids) => ids.find((id) => id === side.seed.value)));
    sides.push(side);
  }
  const memory = heads.findIndex((head) => head.dataset.key === "memory");
  const main = document.querySelector("#results ~ [id^=set-]")?.id.replace("set-", ""); // the set that the results begin with
  const own = rows.filter((row) => textOf(row, memory) === "own");
  const first = idOf(own.find((row) => groupOf(idOf(row)).startsWith(`${main}/`)) ?? own[0] ?? rows[0]);
  choose(first, counterpart(first));
}

async function fill(side, id) {
  const runs = await group(groupOf(id));
  const labels = new Map(Object.entries(runs).filter(([name]) => name.includes("/")).map(([name, run]) => [settingOf(name), run.label]));
  const options = (select, entries, value) => {
    select.replaceChildren(...entries.map(([name, words]) => html("option", { value: name }, words)));
    select.value = value;
  };
  side.id = id;
  side.group.value = groupOf(id);
  options(side.setting, [...labels], settingOf(id));
  options(side.seed, Object.entries(runs).filter(([name]) => settingOf(name) === settingOf(id)).map(([name, run]) => [name, run.seed]), id);
}

let asked = 0;

async function choose(first, second) {
  const turn = ++asked;
  await Promise.all([fill(sides[0], first), fill(sides[1], second)]);
  const runs = await Promise.all([load(first), load(second)]);
  if (turn !== asked) return; // another pair was chosen meanwhile
  const same = runs.every((run) => run.shared) && runs[0].videos === runs[1].videos;
  document.getElementById("compare-body").replaceChildren(...differences(runs), ...conventionsOf(runs), key(runs), ...curves(runs),
    ...(same ? timelines(runs) : runs.flatMap((run, place) => apart(run, place))));
  const lines = document.querySelectorAll("#differing tbody tr").length;
  document.getElementById("compare-status").textContent =
    lines ? `${lines} ${lines === 1 ? "setting differs" : "settings differ"}.` : "The settings are the same; the runs differ in their seed.";
}

function apart(run, place) {
  const where = html("h3", {}, `${LETTERS[place]}: ${run.label}, seed ${run.seed}`);
  return run.shared ? [where, ...timelines([run])] : [where, html("p", {}, "The record keeps no scores frame by frame.")];
}

function differences([one, other]) {
  const names = [...new Set([...Object.keys(one.settings), ...Object.keys(other.settings)])];
  const line = (name) => [name.replaceAll("_", " "), one.settings[name] ?? "", other.settings[name] ?? ""];
  const differing = names.filter((name) => one.settings[name] !== other.settings[name]);
  const parts = [numbers("Settings that are the same", ["Setting", "Value"],
    names.filter((name) => !differing.includes(name)).map((name) => line(name).slice(0, 2)))];
  if (differing.length) parts.unshift(html("div", { id: "differing" }, grid("Settings that differ", ["Setting", "A", "B"], differing.map(line))));
  return parts;
}

function conventionsOf([one, other]) {
  const told = (value) => (value === null ? "not measured" : value.toFixed(1));
  const lines = one.auc.map(([name, value], place) => {
    const second = other.auc[place][1];
    const difference = value === null || second === null ? "" : `${second >= value ? "+" : "\u2212"}${Math.abs(second - value).toFixed(1)}`;
    return [name, told(value), told(second), difference];
  });
  return [grid("AUC under each convention of evaluation", ["AUC (%)", "A", "B", "B \u2212 A"], lines)];
}
