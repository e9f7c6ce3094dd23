// Runs once. `value` holds the hits as HTML, everything from outside escaped, and the name of the search.
const box = element.querySelector(".found");
let run = null;

function render() {
  const { run: now, shown } = props.value || { run: "", shown: "" };
  box.innerHTML = shown;
  if (now && now !== run && window.innerWidth < 700) box.scrollIntoView({ behavior: "smooth", block: "start" });
  run = now;
}

box.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-index]");
  if (!button) return;
  for (const other of box.querySelectorAll("button[data-index]")) other.setAttribute("aria-pressed", other === button);
  trigger("select", { index: Number(button.dataset.index), run });
});
box.addEventListener("keydown", (event) => {
  const buttons = [...box.querySelectorAll("button[data-index]")], at = buttons.indexOf(document.activeElement);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 };
  if (at < 0 || !(event.key in next)) return;
  event.preventDefault();
  buttons[Math.min(buttons.length - 1, Math.max(0, next[event.key]))].focus();
});
watch("value", render);
render();
