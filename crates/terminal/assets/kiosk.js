// The pad fills the PIN field in the page; without this script every digit is a form of its own, with the same result.
"use strict";
(() => {
  const field = document.getElementById("pin");
  const pad = document.getElementById("pad");
  const dots = document.getElementById("dots");
  if (!field || !pad || !dots) return;
  const digitsMax = Number(field.maxLength);
  const show = () => {
    const length = Math.min(field.value.length, digitsMax);
    dots.textContent = "●".repeat(length) + "○".repeat(digitsMax - length);
    dots.setAttribute("aria-label", `${length}桁入力済み`);
  };
  pad.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.value === "confirm") return;
    event.preventDefault();
    field.value = button.value === "correct" ? "" : (field.value + button.value).slice(0, digitsMax);
    show();
  });
  field.addEventListener("input", show);
  field.value = "";
  show();
})();
