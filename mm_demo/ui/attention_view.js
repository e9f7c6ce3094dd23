// Runs once per view. `value` holds words and small maps, `props.picture_uri` the picture: the server sends that one once.
const TABLE = Uint8Array.from(atob("__TABLE__"), (c) => c.charCodeAt(0)); // 256 × RGB, low first
const LONGER_SIDE = 512;
const part = (name) => element.querySelector("." + name);
const root = part("attention"), canvas = element.querySelector("canvas"), words = part("words");
const slider = element.querySelector("input[type=range]");
const picture = new Image();
const SETTLED = 400; // milliseconds: who moves through the words by key means the one they stop at
let loaded = "", run = null, pinned = null, hovered = null, lead = null, told = 0;

const state = () => (props.value && typeof props.value === "object" ? props.value : { tokens: [] });
const percent = (p) => (100 * p).toFixed(p > 0.995 || p < 0.1 ? 1 : 0) + " %";
const signed = (r) => (r > 0 ? "+" : r < 0 ? "−" : "") + Math.abs(r).toFixed(2);

function shownMap() {
  const { tokens, whole } = state();
  const index = hovered ?? pinned;
  if (index !== null && tokens[index]) return tokens[index];
  return whole || tokens[lead ?? tokens.length - 1] || tokens[tokens.length - 1] || null;
}

// Same interpolation between the cells' middles as mm_demo.views.overlay, so the page and a saved sheet agree.
function enlarge(map, rows, cols, width, height) {
  const out = new Float32Array(width * height);
  const axis = (n, cells) => Array.from({ length: n }, (_, i) => {
    const at = Math.min(cells - 1, Math.max(0, ((i + 0.5) * cells) / n - 0.5));
    const low = Math.floor(at);
    return [low, Math.min(cells - 1, low + 1), at - low];
  });
  const across = axis(width, cols), down = axis(height, rows);
  for (let y = 0; y < height; y++) {
    const [top, bottom, v] = down[y];
    for (let x = 0; x < width; x++) {
      const [left, right, u] = across[x];
      const above = map[top * cols + left] * (1 - u) + map[top * cols + right] * u;
      const below = map[bottom * cols + left] * (1 - u) + map[bottom * cols + right] * u;
      out[y * width + x] = above * (1 - v) + below * v;
    }
  }
  return out;
}

function draw() {
  if (!loaded) return;
  const scale = LONGER_SIDE / Math.max(picture.naturalWidth, picture.naturalHeight);
  const width = Math.max(1, Math.round(picture.naturalWidth * scale));
  const height = Math.max(1, Math.round(picture.naturalHeight * scale));
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const pen = canvas.getContext("2d");
  pen.globalAlpha = 1;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, width, height);
  const shown = shownMap();
  canvas.setAttribute("aria-label", shown ? "The picture with the map of: " + shown.text : "The picture");
  if (!shown) return;
  const { rows, cols } = state(), opacity = slider.value / 100;
  const layer = document.createElement("canvas");
  layer.width = width; layer.height = height;
  const ink = layer.getContext("2d"), pixels = ink.createImageData(width, height);
  const strength = enlarge(shown.map, rows, cols, width, height);
  for (let i = 0; i < strength.length; i++) {
    const value = Math.min(1, Math.max(0, strength[i])), colour = 3 * Math.round(255 * value);
    pixels.data.set(TABLE.subarray(colour, colour + 3), 4 * i);
    pixels.data[4 * i + 3] = 255 * opacity * Math.min(1, 1.6 * value);
  }
  ink.putImageData(pixels, 0, 0);
  pen.drawImage(layer, 0, 0);
}

function detail() {
  const { tokens, whole } = state(), box = part("detail"), index = hovered ?? pinned;
  const shown = shownMap();
  box.replaceChildren();
  for (const [i, word] of [...words.children].entries()) {
    const chosen = whole ? (i === 0 ? index === null : index === i - 1) : shown === tokens[i];
    word.setAttribute("aria-selected", chosen);
  }
  if (!shown) return;
  const add = (name, text) => {
    const span = document.createElement("span");
    span.className = name; span.textContent = text; box.append(span);
    return span;
  };
  add("what", shown.text);
  if (shown.known === false) add("note", "this model does not know the word");
  if (shown.relevance != null) add("note", shown.relevance >= 0
    ? signed(shown.relevance) + " for the " + state().about : signed(shown.relevance) + " against the " + state().about);
  if (shown.probability == null) return;
  add("odds best", percent(shown.probability)).style.setProperty("--p", shown.probability);
  const runners = shown.runners || [];
  if (runners.length) add("note", "rather than");
  for (const [text, p] of runners) add("odds", text + " " + percent(p)).style.setProperty("--p", p);
}

function show() { detail(); draw(); }

function choose(index) {
  if (pinned === index && told) return;
  pinned = index;
  show();
  clearTimeout(told);
  const { run: of, busy } = state();
  if (!busy) told = setTimeout(() => trigger("select", { index, run: of }), SETTLED);
}

function makeWord(index) {
  const word = document.createElement("span");
  word.setAttribute("role", "option");
  word.tabIndex = 0;
  word.append(document.createElement("b"), document.createElement("small"));
  word.addEventListener("pointerenter", (e) => { if (e.pointerType !== "touch") { hovered = index; show(); } });
  word.addEventListener("pointerleave", () => { hovered = null; show(); });
  word.addEventListener("focus", () => choose(index));
  word.addEventListener("click", () => choose(index));
  return word;
}

function fillWord(word, token) {
  const [name, figure] = word.children;
  word.classList.toggle("glued", !!token.glued);
  word.classList.toggle("unknown", token.known === false);
  word.classList.toggle("whole", token.whole === true);
  word.classList.toggle("changed", token.changed === true);
  if (name.textContent !== token.text) name.textContent = token.text;
  const relevance = token.relevance;
  figure.textContent = token.whole ? state().about : relevance != null ? signed(relevance) : percent(token.probability);
  word.style.setProperty("--p", token.probability ?? 1);
  word.style.setProperty("--for", relevance > 0 ? relevance : 0);
  word.style.setProperty("--against", relevance < 0 ? -relevance : 0);
  word.setAttribute("aria-label", token.text + ", " + figure.textContent);
}

function render() {
  const now = state();
  if (now.run !== run) {
    run = now.run; pinned = hovered = lead = null; clearTimeout(told); told = 0; words.replaceChildren();
    // Where the answer stands below the button, on a phone, it would grow out of sight.
    if (run && now.follow && window.innerWidth < 700) root.scrollIntoView({ behavior: "smooth", block: "start" });
  }
  lead = now.lead ?? lead;
  root.dataset.state = now.error ? "error" : now.busy ? "busy" : now.run ? "done" : "empty";
  part("message").hidden = !now.error;
  part("message").textContent = now.error || "";
  part("empty").hidden = !!(now.error || now.run);
  part("shown").hidden = !now.run || !!now.error;
  const all = now.whole ? [{ ...now.whole, whole: true }, ...now.tokens] : now.tokens;
  while (words.children.length > all.length) words.lastChild.remove();
  while (words.children.length < all.length) {
    words.append(makeWord(now.whole ? (words.children.length ? words.children.length - 1 : null) : words.children.length));
  }
  all.forEach((token, i) => fillWord(words.children[i], token));
  part("heading").textContent = now.heading || "";
  part("signed").hidden = !now.tokens.some((t) => t.relevance != null);
  const spoken = now.busy ? "" : now.spoken || "";
  if (part("spoken").textContent !== spoken) part("spoken").textContent = spoken;
  if (props.picture_uri && props.picture_uri !== loaded) {
    loaded = "";
    picture.onload = () => { loaded = picture.src; draw(); };
    picture.src = props.picture_uri;
  }
  show();
}

words.addEventListener("keydown", (event) => {
  const options = [...words.children], at = options.indexOf(document.activeElement);
  const next = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 };
  if (at < 0 || !(event.key in next)) return;
  event.preventDefault();
  options[Math.min(options.length - 1, Math.max(0, next[event.key]))].focus();
});
slider.addEventListener("input", draw);
part("save").addEventListener("click", () => {
  const link = document.createElement("a"), shown = shownMap();
  link.download = "map-" + (shown ? shown.text : "picture").replace(/[^a-z0-9]+/gi, "-") + ".png";
  link.href = canvas.toDataURL("image/png");
  link.click();
});
watch("value", render);
render();
