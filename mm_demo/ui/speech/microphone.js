// Every recorder of the page asks the browser through this one function: listen in on its refusals.
const media = navigator.mediaDevices;
const WHY = {
  NotAllowedError: "The browser refused the microphone: allow it for this page beside the address, or upload a recording.",
  NotFoundError: "The browser found no microphone: connect one, or upload a recording.",
  NotReadableError: "The microphone is in use by another program: close that one, or upload a recording.",
};
const say = (text) => {
  const message = document.querySelector("#__ID__ [role=alert]");
  if (!message) return;
  message.textContent = text;
  message.hidden = !text;
};
if (!media || !media.getUserMedia) {
  document.addEventListener("click", (event) => {
    if (event.target.closest("#__WATCHED__ button.record"))
      say("This page may not use a microphone: open it over https or on this computer (localhost), or upload a recording.");
  }, true);
} else if (!media.getUserMedia.heard) {
  const ask = media.getUserMedia.bind(media);
  media.getUserMedia = async (wanted) => {
    try {
      const stream = await ask(wanted);
      if (wanted && wanted.audio) say("");
      return stream;
    } catch (error) {
      if (wanted && wanted.audio && !wanted.video)
        say(WHY[error.name] || "The microphone could not be opened: try another browser, or upload a recording.");
      throw error;
    }
  };
  media.getUserMedia.heard = true;
}
