// Records at the microphone's own rate; sends all that came since the last answer, so that nothing queues up or is lost.
const EVERY = 500, LONGEST = 120; // milliseconds between messages at least; seconds of one recording
const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
  process(inputs) { if (inputs[0][0]) this.port.postMessage(inputs[0][0].slice()); return true; } });`;
const part = (name) => element.querySelector("." + name);
const button = part("record"), meter = element.querySelector("meter");
let running = null;

function packed(pieces) {
  const samples = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) for (const s of piece) samples[at++] = Math.max(-32768, Math.min(32767, Math.round(s * 32767)));
  const raw = new Uint8Array(samples.buffer);
  let text = "";
  for (let i = 0; i < raw.length; i += 8192) text += String.fromCharCode(...raw.subarray(i, i + 8192));
  return btoa(text);
}

async function exchange(now) {
  if (now.busy || !now.pieces.length) return;
  now.busy = true;
  const pieces = now.pieces.splice(0);
  try {
    const shown = await server.hear({ name: now.name, rate: now.context.sampleRate, model: now.model, samples: packed(pieces) });
    if (running === now || !running) part("shown").innerHTML = shown;
  } catch {
    part("shown").innerHTML = '<p class="speech-message" role="alert">The app does not answer: check that it still runs, then record again.</p>';
    stop();
  }
  now.busy = false;
}

function tick(now) {
  const last = now.pieces[now.pieces.length - 1];
  if (last) meter.value = Math.min(1, 4 * Math.sqrt(last.reduce((sum, s) => sum + s * s, 0) / last.length));
  const seconds = (performance.now() - now.began) / 1000;
  part("time").textContent = Math.floor(seconds) + " s of at most " + LONGEST + " s";
  if (seconds >= LONGEST || !element.isConnected) stop();
  else exchange(now);
}

async function start() {
  button.disabled = true;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const context = new AudioContext();
    const source = URL.createObjectURL(new Blob([TAP], { type: "text/javascript" }));
    await context.audioWorklet.addModule(source);
    const tap = new AudioWorkletNode(context, "tap");
    const now = { name: Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-"), model: String(props.value || ""), stream, context, pieces: [], busy: false, began: performance.now() };
    tap.port.onmessage = (event) => now.pieces.push(event.data);
    context.createMediaStreamSource(stream).connect(tap);
    now.timer = setInterval(() => tick(now), EVERY);
    running = now;
    button.textContent = "Stop";
    button.setAttribute("aria-pressed", "true");
  } catch {
    // Why there is no microphone stands in a sentence above: see microphone.js.
  }
  button.disabled = false;
}

function stop() {
  if (!running) return;
  clearInterval(running.timer);
  running.stream.getTracks().forEach((track) => track.stop());
  running.context.close();
  running = null;
  meter.value = 0;
  button.textContent = "Record";
  button.setAttribute("aria-pressed", "false");
}

button.addEventListener("click", () => (running ? stop() : start()));
watch("value", stop); // another model: it would not be true that one recording was judged by one
