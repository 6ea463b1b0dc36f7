// Windows over a side or the page: modals that keep the focus, small popups, menus, and words told in passing.

import { h, newId } from "./dom.js";
import { t } from "./words.js";

const REACH = "button:not([disabled]), [href], input:not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex='0']";

// A modal over `host`: the rest of `host` is inert, Escape closes, the focus goes back where it was.
export function modal(host, content, { label, labelledby, closed }) {
  const before = document.activeElement;
  const box = h("div", { class: "modal-box", role: "dialog", "aria-modal": "true", "aria-label": label, "aria-labelledby": labelledby, tabindex: "-1" }, content);
  const veil = h("div", { class: "veil" }, box);
  const others = [...host.children];
  others.forEach((other) => { other.inert = true; });
  host.append(veil);
  const keys = (event) => {
    if (event.key === "Escape") { event.stopPropagation(); close(true); }
    if (event.key === "Tab") trap(event, box);
  };
  veil.addEventListener("keydown", keys);
  let open = true;
  function close(byPerson = false) {
    if (!open) return;
    open = false;
    veil.remove();
    others.forEach((other) => { other.inert = false; });
    back(before);
    if (byPerson) closed?.();
  }
  requestAnimationFrame(() => (box.querySelector("[autofocus]") ?? box.querySelector("input, textarea, select") ?? box).focus());
  return { box, close };
}

// The focus goes back where it was, or to what has been drawn in its place meanwhile.
function back(before) {
  const now = before?.isConnected ? before : [...document.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === before?.dataset?.focus);
  now?.focus({ preventScroll: true });
}

function trap(event, box) {
  const all = [...box.querySelectorAll(REACH)].filter((one) => one.offsetParent !== null);
  if (!all.length) return;
  const [first, last] = [all[0], all[all.length - 1]];
  if (event.shiftKey && (document.activeElement === first || document.activeElement === box)) { event.preventDefault(); last.focus(); }
  else if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); first.focus(); }
}

// A small window beside `anchor`. Gives a function that closes it.
export function popup(anchor, content, label) {
  const before = document.activeElement;
  const box = h("div", { class: `popup ${anchor.closest(".side")?.id ?? ""}`, role: "dialog", "aria-label": label, tabindex: "-1" }, content);
  document.getElementById("menus").append(box);
  place(box, anchor);
  const close = () => {
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    back(before);
  };
  const outside = (event) => { if (!box.contains(event.target)) close(); };
  document.addEventListener("pointerdown", outside, true);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); close(); }
    if (event.key === "Tab") trap(event, box);
  });
  requestAnimationFrame(() => { if (!box.contains(document.activeElement)) box.focus(); }); // so that its keys are heard
  return close;
}

function place(box, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const left = Math.max(8, Math.min(at.left, innerWidth - width - 8));
  const below = at.bottom + 4;
  const top = below + height < innerHeight ? below : Math.max(8, at.top - height - 4);
  Object.assign(box.style, { left: `${left}px`, top: `${top}px` });
}

// A menu of `{label, act, danger, note}` beside `anchor`; arrows move, Enter chooses.
export function menu(anchor, entries, label) {
  const list = h("div", { class: "menu", role: "menu", "aria-label": label });
  const close = popup(anchor, list, label);
  list.append(...entries.map((entry) => h("button", {
    type: "button", role: "menuitem", class: entry.danger ? "danger" : "",
    on: { click: () => { close(); entry.act(); } },
  }, entry.label, entry.note ? h("small", {}, entry.note) : null)));
  list.addEventListener("keydown", (event) => {
    const all = [...list.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
  place(list.parentElement, anchor);
  list.firstElementChild?.focus();
}

// The JSON as it came over the wire.
export function raw(title, value) {
  const id = newId("raw");
  const text = JSON.stringify(value, null, 2);
  const head = h("header", {}, h("h2", { id }, title), h("button", { type: "button", class: "close", "aria-label": t("close"), on: { click: () => window_.close(true) } }, "✕"));
  const copy = h("button", { type: "button", class: "plain", on: { click: async () => { await navigator.clipboard?.writeText(text); tell(t("raw.copied")); } } }, t("raw.copy"));
  const window_ = modal(document.body, [head, h("pre", { class: "raw", tabindex: "0", "aria-label": title }, coloured(text)), h("footer", {}, h("p", {}, t("raw.what")), copy)], { labelledby: id, closed: () => {} });
  window_.box.classList.add("raw-window");
}

function coloured(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(/("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?/g)) {
    parts.push(text.slice(at, found.index));
    const kind = found[2] ? "key" : found[1] ? "string" : "number";
    parts.push(h("span", { class: kind }, found[1] ?? found[0]), found[2] ?? "");
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at)];
}

let quiet;
export function tell(text) {
  const told = document.getElementById("told");
  told.textContent = text;
  told.classList.add("shown");
  clearTimeout(quiet);
  quiet = setTimeout(() => { told.classList.remove("shown"); }, 5000);
}
