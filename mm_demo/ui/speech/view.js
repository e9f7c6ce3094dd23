// Runs once per view. `value` holds a sound on equal columns of time, as mm_demo.ui.speech.view packs it, or nothing.
const TABLE = Uint8Array.from(atob("__TABLE__"), (c) => c.charCodeAt(0)); // 256 × RGB, low first
const FOR = [240, 140, 50], AGAINST = [80, 150, 240], LOWEST_COLOUR = 50; // below that viridis drowns in the dark
const part = (name) => element.querySelector("." + name);
const root = part("sound"), rows = part("rows"), cursor = part("cursor"), slider = part("slider");
const toggle = element.querySelector("input[type=checkbox]");
let sound = null;

function bytes(text, Kind) {
  const raw = Uint8Array.from(atob(text || ""), (c) => c.charCodeAt(0));
  return new Kind(raw.buffer);
}

function unpack(value) {
  if (!value || typeof value !== "object" || !value.columns) return null;
  const kinds = { wave: Int8Array, relevance: Uint8Array, attention: Uint8Array, mel: Uint8Array, mfcc: Uint8Array, bands: Int8Array, pitch: Uint16Array, level: Int8Array };
  const out = { ...value };
  for (const [name, Kind] of Object.entries(kinds)) out[name] = bytes(value[name], Kind);
  return out;
}

function pen(name) {
  const canvas = part(name), ink = canvas.getContext("2d");
  ink.clearRect(0, 0, canvas.width, canvas.height);
  return [ink, canvas.width, canvas.height];
}

function drawWave() {
  const [ink, width, height] = pen("wave"), n = sound.wave.length / 2, middle = height / 2;
  for (let i = 0; i < n; i++) {
    const column = Math.floor((i * sound.columns) / n);
    const seen = sound.relevance.length ? sound.relevance[column] : null;
    const at = 3 * Math.round(LOWEST_COLOUR + ((255 - LOWEST_COLOUR) * (seen ?? 0)) / 255);
    ink.fillStyle = seen === null ? "#9ca3af" : "rgb(" + TABLE.subarray(at, at + 3).join(",") + ")";
    const low = middle - (sound.wave[2 * i] / 127) * middle * 0.94, high = middle - (sound.wave[2 * i + 1] / 127) * middle * 0.94;
    ink.fillRect((i * width) / n, high, Math.ceil(width / n), Math.max(2, low - high));
  }
  drawLine(ink, width, height, sound.relevance, []); // says the same as colour, for those who can't tell the colours apart
  drawLine(ink, width, height, sound.attention, [6, 6]);
}

function drawLine(ink, width, height, values, dashes) {
  ink.strokeStyle = dashes.length ? "rgba(125,211,252,.95)" : "rgba(255,255,255,.8)";
  ink.lineWidth = 2;
  ink.setLineDash(dashes);
  ink.beginPath();
  values.forEach((seen, c) => ink.lineTo(((c + 0.5) * width) / sound.columns, height - 2 - (seen / 255) * (height - 6)));
  ink.stroke();
  ink.setLineDash([]);
}

function drawImage(name, values, paint) {
  const [ink, width, height] = pen(name), count = values.length / sound.columns;
  const small = document.createElement("canvas");
  small.width = sound.columns; small.height = count;
  const sketch = small.getContext("2d"), pixels = sketch.createImageData(sound.columns, count);
  for (let row = 0; row < count; row++) for (let c = 0; c < sound.columns; c++) {
    const from = row * sound.columns + c, to = 4 * ((count - 1 - row) * sound.columns + c);
    pixels.data.set(paint(values[from], from), to);
    pixels.data[to + 3] = 255;
  }
  sketch.putImageData(pixels, 0, 0);
  ink.imageSmoothingEnabled = false;
  ink.drawImage(small, 0, 0, width, height);
}

function withBands(value, at) {
  const grey = Math.round(value * 0.9), relevance = toggle.checked && sound.bands.length ? sound.bands[at] / 127 : 0;
  const strength = Math.min(0.85, 1.2 * Math.abs(relevance)), colour = relevance > 0 ? FOR : AGAINST;
  return colour.map((c) => grey * (1 - strength) + c * strength);
}

const pitchRange = () => {
  const heard = [...sound.pitch].filter((p) => p > 0);
  return heard.length ? [Math.min(...heard) * 0.95, Math.max(...heard) * 1.05] : null;
};

function drawPitch() {
  const [ink, width, height] = pen("pitch"), range = pitchRange();
  part("pitches").textContent = range ? Math.round(range[0] / 0.95) + "–" + Math.round(range[1] / 1.05) + " Hz" : ": no voice found";
  if (!range) return;
  const high = (p) => height - 6 - ((p - range[0]) / (range[1] - range[0])) * (height - 12);
  ink.strokeStyle = ink.fillStyle = "#7dd3fc"; ink.lineWidth = 4; ink.lineJoin = "round";
  ink.beginPath();
  sound.pitch.forEach((p, c) => {
    const x = ((c + 0.5) * width) / sound.columns;
    if (!p) return;
    if (!sound.pitch[c - 1]) { ink.moveTo(x, high(p)); ink.fillRect(x - 2, high(p) - 2, 4, 4); } else ink.lineTo(x, high(p));
  });
  ink.stroke();
}

const hertz = (value) => (value >= 1000 ? (value / 1000).toFixed(1) + " kHz" : Math.round(value) + " Hz");
const signed = (value) => (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(1);

function drawAxis() {
  const axis = part("axis"), step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60].find((s) => sound.seconds / s <= 8) || 300;
  const ticks = [];
  for (let at = 0; at < sound.seconds - step / 3; at += step) ticks.push(at);
  axis.replaceChildren(...[...ticks, sound.seconds].map((at) => {
    const tick = document.createElement("span");
    tick.textContent = at.toFixed(step < 1 || at === sound.seconds ? 1 : 0) + " s";
    tick.style.left = (100 * at) / sound.seconds + "%";
    return tick;
  }));
}

function valuesAt(c, row, height) {
  const at = (matrix, r) => matrix[r * sound.columns + c], said = [];
  said.push((((c + 0.5) * sound.seconds) / sound.columns).toFixed(2) + " s");
  for (const name of ["relevance", "attention"])
    if (sound[name].length) said.push(name + " " + Math.round(sound[name][c] / 2.55) + " % of its highest");
  said.push("level " + sound.level[c] + " dB");
  const bands = sound.hertz.length;
  let band = 0;
  if (row === "mel") band = Math.min(bands - 1, Math.floor((1 - height) * bands));
  else for (let r = 1; r < bands; r++) if (at(sound.mel, r) > at(sound.mel, band)) band = r;
  said.push((row === "mel" ? "" : "loudest at ") + hertz(sound.hertz[band]) + " " + Math.round((at(sound.mel, band) / 255 - 1) * 80) + " dB");
  if (sound.bands.length) said.push("relevance there " + (at(sound.bands, band) < 0 ? "−" : "+") + Math.abs(at(sound.bands, band) / 127).toFixed(2));
  const coefficients = sound.mfcc.length / sound.columns;
  const coefficient = row === "mfcc" ? Math.min(coefficients - 1, Math.floor((1 - height) * coefficients)) : 0;
  said.push("MFCC " + (coefficient + 1) + " " + signed((at(sound.mfcc, coefficient) / 127.5 - 1) * 2.5) + " σ");
  said.push(sound.pitch[c] ? "pitch " + sound.pitch[c] + " Hz" : "no pitch");
  return said.join(" · ");
}

function point(fraction, row = "", height = 0) {
  if (!sound) return;
  const f = Math.min(1, Math.max(0, fraction)), c = Math.min(sound.columns - 1, Math.floor(f * sound.columns));
  cursor.hidden = false;
  cursor.style.left = 100 * f + "%";
  slider.value = Math.round(1000 * f);
  const said = valuesAt(c, row, height);
  part("readout").textContent = said;
  slider.setAttribute("aria-valuetext", said);
}

function render() {
  sound = unpack(props.value);
  root.hidden = !sound;
  cursor.hidden = true;
  if (!sound) return;
  part("summary").textContent = sound.summary;
  part("range").textContent = hertz(sound.hertz[0]) + "–" + hertz(sound.hertz[sound.hertz.length - 1]);
  part("toggle").hidden = !sound.bands.length;
  part("scale").hidden = !sound.relevance.length;
  part("looked").hidden = !sound.attention.length;
  part("readout").textContent = "Point at a moment, or move the slider, for its values.";
  drawWave();
  drawImage("mel", sound.mel, withBands);
  drawImage("mfcc", sound.mfcc, (value) => [value, value, value]);
  drawPitch();
  drawAxis();
}

rows.addEventListener("pointermove", (event) => {
  const box = rows.getBoundingClientRect(), canvas = event.target.closest("canvas"), inner = canvas?.getBoundingClientRect();
  point((event.clientX - box.left) / box.width, canvas?.className, inner ? (event.clientY - inner.top) / inner.height : 0);
});
slider.addEventListener("input", () => point(slider.value / 1000));
toggle.addEventListener("change", () => sound && drawImage("mel", sound.mel, withBands));

// The player's media element is not in the page; where its own cursor stands says where the sound is.
let played = "", host = null;
setInterval(() => {
  if (!sound || !element.isConnected) return;
  if (!host?.isConnected) host = [...document.querySelectorAll("#__PLAYER__ div")].find((e) => e.shadowRoot);
  const left = host?.shadowRoot.querySelector("[part~=cursor]")?.style.left || "";
  if (left === played) return;
  played = left;
  const fraction = parseFloat(left) / 100;
  if (fraction > 0) point(fraction);
}, 60);
watch("value", render);
render();
