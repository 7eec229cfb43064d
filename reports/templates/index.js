"use strict";
(() => {
  const tools = document.getElementById("tools");
  const words = document.getElementById("filter");
  const verdict = document.getElementById("verdict");
  const order = document.getElementById("order");
  const said = document.getElementById("said");
  const flat = document.getElementById("sorted");
  const chapters = [...document.querySelectorAll(".chapter")];
  const rows = [...document.querySelectorAll("tr[data-verdict]")].map((row) => ({
    row,
    home: row.parentElement,
    text: (row.textContent + " " + row.parentElement.rows[0].textContent).toLowerCase(),
  }));
  const number = (row, key) => (row.dataset[key] === "" ? -Infinity : Number(row.dataset[key]));
  const shown = ({ row, text }) =>
    (verdict.value === "" || row.dataset.verdict === verdict.value) &&
    words.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));

  function arrange() {
    const key = order.value;
    const sorting = key !== "";
    const list = sorting
      ? [...rows].sort((a, b) => number(b.row, key) - number(a.row, key))
      : rows;
    for (const { row, home } of list) (sorting ? flat.tBodies[0] : home).append(row);
    flat.closest("section").hidden = !sorting;
    let count = 0;
    for (const item of rows) {
      item.row.hidden = !shown(item);
      count += item.row.hidden ? 0 : 1;
    }
    for (const chapter of chapters) {
      for (const body of chapter.querySelectorAll("tbody"))
        body.hidden = ![...body.rows].some((row) => row.dataset.verdict && !row.hidden);
      chapter.hidden = sorting || ![...chapter.querySelectorAll("tbody")].some((body) => !body.hidden);
    }
    for (const button of document.querySelectorAll("button[data-key]"))
      button.closest("th").setAttribute("aria-sort", button.dataset.key === key ? "descending" : "none");
    said.textContent = count === rows.length ? `All ${count} shown` : `${count} of ${rows.length} shown`;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-key]");
    if (!button) return;
    order.value = order.value === button.dataset.key ? "" : button.dataset.key;
    const focused = order.value === "" ? ".chapter" : "#sorted";
    arrange();
    document.querySelector(`${focused} button[data-key="${button.dataset.key}"]`)?.focus();
  });
  tools.addEventListener("input", arrange);
  tools.addEventListener("reset", () => setTimeout(arrange));
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.hidden = false;
  for (const button of document.querySelectorAll("button[data-key]")) button.disabled = false;
  arrange();
})();
