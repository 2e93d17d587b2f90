// A replay or discard of dead letters goes on, step by step, while its page is open.
(() => {
  "use strict";

  const form = document.querySelector("form[data-run-step]");
  if (!form) return;
  const bar = document.getElementById("run-bar");
  const words = document.getElementById("run-words");

  async function step() {
    let answer;
    try {
      answer = await fetch(location.pathname, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
      });
    } catch {
      words.textContent = "The console does not answer. Nothing is lost: go on when it is back.";
      return;
    }
    if (!answer.ok || answer.redirected) {
      words.textContent = "It could not go on. Load this page again.";
      return;
    }
    const run = await answer.json();
    bar.value = run.done;
    words.textContent = run.words;
    if (run.finished) location.reload();
    else setTimeout(step, run.pause_ms);
  }

  step();
})();
