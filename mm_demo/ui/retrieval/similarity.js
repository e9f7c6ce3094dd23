// Runs once. `value` holds the table as HTML, every cell with its cosine, and the model's temperature and bias.
const part = (name) => element.querySelector("." + name);
const slider = part("slider"), choice = element.querySelector(".over select");
const ABOUT = {
  pictures: "Large figures: a softmax over each row, cosine ÷ temperature; every row sums to 100 %. Small figures: cosines.",
  texts: "Large figures: a softmax over each column, cosine ÷ temperature; every column sums to 100 %. Small figures: cosines.",
  pairs: "Large figures: this model judges each pair by itself, a sigmoid of cosine ÷ temperature + bias. Small figures: cosines.",
};
let drawn = null;

const softmax = (logits) => {
  const most = Math.max(...logits), raised = logits.map((v) => Math.exp(v - most));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((v) => v / sum);
};
const turned = (rows) => rows[0].map((_, column) => rows.map((row) => row[column]));

function shares(cosines, temperature, bias) {
  const logits = cosines.map((row) => row.map((c) => c / temperature));
  if (bias !== null && bias !== undefined) return logits.map((row) => row.map((v) => 1 / (1 + Math.exp(-v - bias))));
  return choice.value === "texts" ? turned(turned(logits).map(softmax)) : logits.map(softmax);
}

function paint() {
  const { temperature: own, bias } = props.value;
  const temperature = 10 ** slider.value;
  const cells = [...element.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")]);
  const found = shares(cells.map((row) => row.map((cell) => Number(cell.dataset.cosine))), temperature, bias);
  cells.forEach((row, i) => row.forEach((cell, j) => {
    cell.style.setProperty("--share", found[i][j].toFixed(3));
    cell.querySelector("b").textContent = (100 * found[i][j]).toFixed(0) + " %";
  }));
  const isOwn = Math.abs(temperature / own - 1) < 1e-3;
  part("own").setAttribute("aria-pressed", isOwn);
  part("readout").textContent = temperature.toPrecision(2) + (isOwn ? " (own)" : "");
  slider.setAttribute("aria-valuetext", part("readout").textContent);
  const paired = bias !== null && bias !== undefined;
  part("over").hidden = paired;
  part("note").textContent = ABOUT[paired ? "pairs" : choice.value];
}

function toOwn() {
  const at = Math.log10(props.value.temperature);
  slider.min = Math.min(-3, at - 0.5);
  slider.max = Math.max(0.5, at + 0.5);
  slider.value = at;
  element.querySelector("datalist option").value = at;
  paint();
}

function render() {
  const now = props.value;
  part("matrix").hidden = !(now && now.table);
  if (!now || !now.table || now.table === drawn) return;
  drawn = now.table;
  part("scroll").innerHTML = now.table;
  toOwn();
}

slider.addEventListener("input", paint);
choice.addEventListener("change", paint);
part("own").addEventListener("click", toOwn);
watch("value", render);
render();
