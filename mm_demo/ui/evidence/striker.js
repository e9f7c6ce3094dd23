// Words that are struck out by a click. The value is {words, struck}: the server sends words of which none is struck,
// and the numbers of those that were come back with them.
const list = element.querySelector(".list"), undo = element.querySelector(".undo");
let shown = null, struck = [];

function mark() {
  [...list.children].forEach((word, i) => word.setAttribute("aria-pressed", struck.includes(i)));
  undo.disabled = !struck.length;
}
function publish(next) { struck = next; props.value = { ...props.value, struck: [...struck] }; mark(); }
function render() {
  const now = props.value || {};
  element.querySelector(".striker").hidden = !(now.words || []).length;
  const text = (now.words || []).join(" ");
  struck = [...(now.struck || [])];
  if (text !== shown) {
    shown = text;
    element.querySelector(".heading").textContent = props.heading;
    list.setAttribute("aria-label", props.heading);
    list.replaceChildren(...(now.words || []).map((text, i) => {
      const word = document.createElement("button");
      word.type = "button";
      word.textContent = text;
      word.addEventListener("click", () => publish(struck.includes(i) ? struck.filter((s) => s !== i) : [...struck, i]));
      return word;
    }));
  }
  mark();
}
undo.addEventListener("click", () => publish(struck.slice(0, -1)));
watch("value", render);
render();
