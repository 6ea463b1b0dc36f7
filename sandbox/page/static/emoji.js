// Emoji by the names that both networks use, and the small window in which one is picked.

import { h } from "./dom.js";
import { popup } from "./windows.js";
import { t } from "./words.js";

let names = {};
const PICTURE = /((?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)(?:\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic}\uFE0F?)*)/u;
const COMMON = ["+1", "eyes", "white_check_mark", "ticket", "tada", "heart", "joy", "smile", "thinking", "pray", "fire",
  "rocket", "warning", "question", "raised_hands", "wave", "disappointed", "sob", "rage", "coffee", "bug", "computer",
  "printer", "lock", "key", "hourglass", "100", "bulb", "star", "clap"];

export async function learn() {
  names = await (await fetch("/emoji.json")).json();
}

export const emoji = (name) => names[name.replace(/::skin-tone-\d$/, "")];

// A text with its `:names:` as characters, and each character in a font that has it.
export function shortcodes(text) {
  const shown = text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => names[name] ?? whole);
  return shown.split(PICTURE).map((part, number) => (number % 2 ? h("span", { class: "emoji" }, part) : part)).filter((part) => part !== "");
}

export function nameOf(character) {
  const bare = character.replaceAll("\ufe0f", "");
  for (const name of COMMON) if (names[name]?.replaceAll("\ufe0f", "") === bare) return name;
  return Object.keys(names).find((name) => names[name].replaceAll("\ufe0f", "") === bare) ?? "";
}

export function found(query, most = 8) {
  const wanted = query.toLowerCase();
  const all = Object.keys(names).filter((name) => /^[a-z0-9_+-]+$/.test(name) && name.includes(wanted));
  all.sort((a, b) => !a.startsWith(wanted) - !b.startsWith(wanted) || a.length - b.length || a.localeCompare(b));
  return all.slice(0, most);
}

// Opens beside `anchor`; `picked(name, character)` is called once, or never.
export function pickEmoji(anchor, picked) {
  const grid = h("div", { class: "emoji-grid" });
  const search = h("input", { type: "search", placeholder: t("emoji.search"), "aria-label": t("emoji.search") });
  const close = popup(anchor, h("div", { class: "emoji-picker" }, search, grid), t("emoji.pick"));
  const show = () => {
    const shown = search.value ? found(search.value, 40) : COMMON.filter((name) => names[name]);
    grid.replaceChildren(...shown.map((name) => h("button", {
      type: "button", title: `:${name}:`, "aria-label": name.replaceAll("_", " "),
      on: { click: () => { close(); picked(name, names[name]); } },
    }, names[name])));
  };
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); grid.firstElementChild?.click(); }
  });
  show();
  search.focus();
}
