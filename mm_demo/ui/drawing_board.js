// The value is the drawing as a PNG data URI, or "" while the board is white.
const canvas = element.querySelector("canvas"), pen = canvas.getContext("2d", { willReadFrequently: true });
const brushes = [...element.querySelectorAll(".brush")], fill = element.querySelector(".fill");
const side = canvas.width, earlier = [];
let colour = brushes[0].dataset.colour, last = null;

function wipe() { pen.fillStyle = "#fff"; pen.fillRect(0, 0, side, side); }
function remember() { earlier.push(pen.getImageData(0, 0, side, side)); if (earlier.length > 20) earlier.shift(); }
function publish(blank) { props.value = blank ? "" : canvas.toDataURL("image/png"); }
function choose(brush) {
  colour = brush.dataset.colour;
  for (const b of brushes) { b.setAttribute("aria-checked", b === brush); b.tabIndex = b === brush ? 0 : -1; }
}
function at(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * side) / box.width, ((event.clientY - box.top) * side) / box.height];
}
function stroke(from, to) {
  pen.strokeStyle = colour;
  pen.lineWidth = element.querySelector(".width").value;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath(); pen.moveTo(...from); pen.lineTo(...to); pen.stroke();
}
// Floods what looks like the point clicked, and the soft edge of the outline around it.
function flood(x, y) {
  const image = pen.getImageData(0, 0, side, side), data = image.data, seen = new Uint8Array(side * side);
  const start = Math.floor(y) * side + Math.floor(x), ink = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const target = data.slice(4 * start, 4 * start + 3), stack = [start];
  seen[start] = 1;
  while (stack.length) {
    const i = stack.pop();
    const apart = Math.max(...[0, 1, 2].map((c) => Math.abs(data[4 * i + c] - target[c])));
    for (const c of [0, 1, 2]) data[4 * i + c] = ink[c];
    if (apart > 40) continue;
    const column = i % side;
    for (const next of [column > 0 ? i - 1 : -1, column < side - 1 ? i + 1 : -1, i - side, i + side]) {
      if (next >= 0 && next < seen.length && !seen[next]) { seen[next] = 1; stack.push(next); }
    }
  }
  pen.putImageData(image, 0, 0);
}

canvas.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  remember();
  const here = at(event);
  if (fill.getAttribute("aria-pressed") === "true") { flood(...here); publish(); return; }
  canvas.setPointerCapture(event.pointerId);
  last = here;
  stroke(last, last);
});
canvas.addEventListener("pointermove", (event) => {
  if (!last) return;
  for (const part of event.getCoalescedEvents?.() ?? [event]) { const here = at(part); stroke(last, here); last = here; }
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { if (last) { last = null; publish(); } });
for (const brush of brushes) brush.addEventListener("click", () => choose(brush));
element.querySelector(".board").addEventListener("keydown", (event) => {
  const i = brushes.indexOf(document.activeElement), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (i < 0 || !step) return;
  const next = brushes[(i + step + brushes.length) % brushes.length];
  choose(next); next.focus(); event.preventDefault();
});
fill.addEventListener("click", () => fill.setAttribute("aria-pressed", fill.getAttribute("aria-pressed") !== "true"));
element.querySelector(".undo").addEventListener("click", () => {
  const before = earlier.pop();
  if (before) { pen.putImageData(before, 0, 0); publish(!earlier.length); }
});
element.querySelector(".clear").addEventListener("click", () => { remember(); wipe(); publish(true); });
wipe();
choose(brushes[0]);
