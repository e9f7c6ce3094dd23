// Draws the list anew in place: rows stay the elements they are, so that progress never takes the focus away.
const part = (name) => element.querySelector("." + name);
const WORDS = { get: "Get", cancel: "Cancel", free: "Free the space", use: "Use it" };
const rows = new Map(); // task and model → its element

const state = () => (props.value && typeof props.value === "object" ? props.value : { groups: [] });
const made = (tag, name, into) => into.appendChild(Object.assign(document.createElement(tag), { className: name }));
const set = (node, text) => { if (node.textContent !== text) node.textContent = text; };

function button(action, text, name) {
  const node = document.createElement("button");
  node.type = "button"; node.className = action; node.dataset.action = action;
  node.textContent = text;
  node.setAttribute("aria-label", `${text}: ${name}`);
  return node;
}

function ask(row, action) {
  const { model, task } = row.shown;
  trigger("select", { action, model, task });
}

// Deleting is asked about once more, in the place of the buttons.
function confirmFree(row) {
  row.sure = true;
  fillButtons(row);
  row.buttons.querySelector(".keep").focus();
}

function fillButtons(row) {
  const { title, actions } = row.shown;
  const wanted = row.sure && actions.includes("free") ? ["free!", "keep"] : actions;
  if (wanted.join() === row.drawn) return;
  const focused = row.buttons.contains(document.activeElement);
  row.drawn = wanted.join();
  row.buttons.replaceChildren();
  for (const action of wanted) {
    if (action === "free!") row.buttons.append("Delete it from this disk?", button("delete", "Delete", title));
    else if (action === "keep") row.buttons.append(button("keep", "Keep it", title));
    else row.buttons.append(button(action, WORDS[action], title));
  }
  if (focused && !row.buttons.contains(document.activeElement)) (row.buttons.querySelector("button") || row.node).focus();
}

function makeRow() {
  const node = document.createElement("li");
  node.tabIndex = -1;
  const row = { node, drawn: null, sure: false };
  const head = made("div", "head", node);
  row.title = made("b", "title", head);
  row.used = made("span", "used", head);
  row.id = made("code", "id", head);
  row.about = made("p", "about", node);
  row.facts = made("p", "facts", node);
  row.status = made("p", "state", node);
  row.note = made("p", "note", node);
  row.note.setAttribute("role", "status");
  row.bar = made("progress", "", node);
  row.buttons = made("div", "buttons", node);
  row.buttons.addEventListener("click", (event) => {
    const action = event.target.dataset.action;
    if (!action) return;
    if (action === "free") return confirmFree(row);
    row.sure = false;
    if (action !== "keep") ask(row, action === "delete" ? "free" : action);
    fillButtons(row);
  });
  return row;
}

function fillRow(row, shown) {
  row.shown = shown;
  set(row.title, shown.title);
  set(row.id, shown.model === shown.title ? "" : shown.model);
  set(row.used, shown.used ? "in use" : "");
  set(row.about, shown.about);
  set(row.facts, shown.facts);
  set(row.status, shown.status);
  // What was said of a download is over with it; its state then says how it ended.
  if (row.node.dataset.state === "downloading" && shown.state !== "downloading") set(row.note, "");
  row.node.dataset.state = shown.state;
  row.bar.hidden = shown.done === null;
  if (shown.done !== null) row.bar.value = shown.done;
  row.bar.setAttribute("aria-label", "Downloaded of " + shown.title);
  fillButtons(row);
}

function show() {
  const { groups, why, said, about } = state(), seen = new Set();
  set(part("why"), why || "");
  part("why").hidden = !why;
  if (said !== null) set(part("said"), about ? "" : said || ""); // null: what was said last still stands
  for (const group of groups) {
    const name = "group-" + group.task;
    let section = part(name);
    if (!section) {
      section = made("section", name, part("groups"));
      section.setAttribute("aria-label", group.title);
      made("h3", "", section).textContent = group.title;
      made("ul", "", section);
    }
    const list = section.querySelector("ul");
    for (const shown of group.rows) {
      const key = shown.task + " " + shown.model;
      seen.add(key);
      if (!rows.has(key)) { rows.set(key, makeRow()); list.append(rows.get(key).node); }
      fillRow(rows.get(key), shown);
      if (said !== null) set(rows.get(key).note, key === about ? said : "");
    }
  }
  for (const [key, row] of rows) if (!seen.has(key)) { row.node.remove(); rows.delete(key); }
}

watch("value", show);
show();
