// Tables of class "searchable": a field to filter by typing, headings to sort by. DataTable, WORDS and STYLE stand above.
DataTable.ext.errMode = "none";
const place = document.currentScript;
const root = place.closest(".jp-Notebook") ?? document.body; // a notebook in JupyterLab, or the whole page
const style = document.createElement("style");
style.textContent = STYLE;
place.after(style);

// As people order names and clauses: 5.9 before 5.10. What a cell says is stripped of markup, never read as markup.
const order = new Intl.Collator(WORDS.lang, { numeric: true });
DataTable.type("words", {
  order: {
    pre: (cell) => DataTable.util.stripHtml(String(cell)).trim(),
    asc: order.compare,
    desc: (one, other) => order.compare(other, one),
  },
  search: DataTable.ext.type.search.html,
});

const settings = {
  autoWidth: false,
  columnDefs: [{ targets: "n", type: "html-num-fmt" }, { targets: "_all", type: "words" }],
  language: { ...WORDS, infoFiltered: "", infoPostFix: "" },
  layout: { topStart: "search", topEnd: "info", bottomStart: null, bottomEnd: null },
  order: [], // as the page has it, until a reader chooses
  paging: false, // anchors, print and find-in-page reach every row
};

const upgrade = () => {
  for (const table of root.querySelectorAll("table.searchable:not(.dataTable)")) {
    for (const mark of table.querySelectorAll("data, time")) {
      mark.closest("td, th").dataset.order = mark.value ?? mark.dateTime;
    }
    new DataTable(table, settings);
  }
};

upgrade();
if (root === document.body) {
  // A link to a row that the filter hides shows all rows first.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && !document.getElementById(link.hash.slice(1))) DataTable.tables({ api: true }).search("").draw();
  });
} else {
  // Outputs come and go while cells are run; what an earlier run of this cell watched, this one does.
  root.watching?.disconnect();
  root.watching = new MutationObserver(upgrade);
  root.watching.observe(root, { childList: true, subtree: true });
}
