// Print, scrolling, and the start.
function buildPrint() {
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("main details:not([open], .unprinted)")];
    folded.forEach((one) => { one.open = true; });
  });
  window.addEventListener("afterprint", () => { folded.forEach((one) => { one.open = false; }); });
}

// What does not scroll is no stop for the keyboard and no landmark; what does says so.
const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => {
  target.dataset.label ??= target.getAttribute("aria-label");
  const scrolls = target.scrollWidth > target.clientWidth + 1;
  target.classList.toggle("scrolls", scrolls);
  for (const [name, value] of [["role", "region"], ["tabindex", "0"], ["aria-label", target.dataset.label]]) {
    if (scrolls) target.setAttribute(name, value);
    else target.removeAttribute(name);
  }
}));

function watchScrolling() {
  const all = () => document.querySelectorAll(".scroll").forEach((one) => watch.observe(one));
  for (const place of ["compare-body", "run-body"]) new MutationObserver(all).observe(document.getElementById(place), { childList: true, subtree: true });
  all();
}

buildLinks();
buildFilters();
buildSorting();
buildDialog();
buildPrint();
watchScrolling();
apply();
buildCompare();
read();
window.addEventListener("hashchange", read);
