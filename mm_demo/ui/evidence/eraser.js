// Paints over `props.picture_uri` in `props.fill`. The value is {run, strokes}: each stroke a width and points, all as
// shares of the picture's longer side. The server sends run and picture; only strokes go back.
const LONGER_SIDE = 512;
const canvas = element.querySelector("canvas"), pen = canvas.getContext("2d");
const undo = element.querySelector(".undo"), clear = element.querySelector(".clear");
const picture = new Image();
let run = null, loaded = "", strokes = [], current = null;

function line({ width, points }) {
  pen.strokeStyle = pen.fillStyle = props.fill || "#888";
  pen.lineWidth = width * LONGER_SIDE;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x * LONGER_SIDE, y * LONGER_SIDE) : pen.moveTo(x * LONGER_SIDE, y * LONGER_SIDE)));
  if (points.length === 1) pen.lineTo(points[0][0] * LONGER_SIDE, points[0][1] * LONGER_SIDE);
  pen.stroke();
}
function draw() {
  undo.disabled = clear.disabled = !strokes.length;
  if (!loaded) return;
  const scale = LONGER_SIDE / Math.max(picture.naturalWidth, picture.naturalHeight);
  canvas.width = Math.max(1, Math.round(picture.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(picture.naturalHeight * scale));
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  strokes.forEach(line);
}
function publish() { props.value = { run, strokes: [...strokes] }; draw(); }
function at(event) {
  const box = canvas.getBoundingClientRect();
  const share = (offset, shown, own) => Math.round(((1000 * offset) / shown) * (own / LONGER_SIDE)) / 1000;
  return [share(event.clientX - box.left, box.width, canvas.width), share(event.clientY - box.top, box.height, canvas.height)];
}
canvas.addEventListener("pointerdown", (event) => {
  if (!loaded) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  current = { width: element.querySelector(".width").value / 100, points: [at(event)] };
  line(current);
});
canvas.addEventListener("pointermove", (event) => {
  if (!current) return;
  for (const part of event.getCoalescedEvents?.() ?? [event]) current.points.push(at(part));
  line(current);
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => {
  if (!current) return;
  strokes.push(current);
  current = null;
  publish();
});
undo.addEventListener("click", () => { strokes.pop(); publish(); });
clear.addEventListener("click", () => { strokes = []; publish(); });

function render() {
  const now = props.value || {};
  if (now.run !== run) { run = now.run; strokes = []; current = null; }
  if (props.picture_uri && props.picture_uri !== loaded) {
    loaded = "";
    picture.onload = () => { loaded = picture.src; draw(); };
    picture.src = props.picture_uri;
  } else draw();
}
watch("value", render);
render();
