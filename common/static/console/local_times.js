// Every time is shown in UTC; resting on it shows it where the reader is.
"use strict";

document.addEventListener("mouseover", (event) => {
  const time = event.target.closest?.("time[datetime]");
  if (!time || time.title) return;
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.valueOf())) return;
  time.title = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
});
