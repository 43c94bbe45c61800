// Light or dark as the reader chose on this machine, before anything is drawn. Without a choice the system's counts.
"use strict";
try {
  const chosen = localStorage.getItem("arshif-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* a browser that keeps nothing */ }
