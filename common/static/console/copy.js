// Copies what a button names, and says so where screen readers hear it.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  if (!navigator.clipboard) return; // without TLS, browsers offer none
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  said.className = "timeline-said";
  document.body.append(said);
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      said.textContent = `Copied ${button.dataset.copy}`;
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
  }
});
