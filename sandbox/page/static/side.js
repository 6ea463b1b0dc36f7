// What both sides share: the frame with the sidebar, who one is there, and people's pictures.

import { h, redraw } from "./dom.js";
import { t } from "./words.js";

export function shell(root, { name, whoChanged }) {
  const picker = h("select", { class: "who", "aria-label": `${t("you")} (${name})`, on: { change: () => whoChanged(picker.value) } });
  const avatar = h("span", { class: "who-avatar" });
  const title = h("span", { class: "bar-title" });
  const burger = h("button", {
    type: "button", class: "burger", "aria-label": t("menu"), "aria-expanded": "false",
    on: { click: () => { const open = root.classList.toggle("menu-open"); burger.setAttribute("aria-expanded", String(open)); } },
  }, "☰");
  const sidebar = h("nav", { class: "sidebar", "aria-label": `${t("menu")} (${name})` });
  const content = h("div", { class: "content" });
  const offline = h("p", { class: "offline", role: "alert", hidden: true }, t("offline"));
  root.append(
    h("div", { class: "bar" }, burger, h("span", { class: "network" }, name), title, h("label", { class: "who-box" }, h("span", { class: "who-label" }, t("you")), avatar, picker)),
    h("div", { class: "frame" }, sidebar, content), offline,
  );
  return {
    sidebar, content,
    titled: (text) => { title.textContent = text; },
    away: (is) => { offline.hidden = !is; },
    closeMenu: () => { root.classList.remove("menu-open"); burger.setAttribute("aria-expanded", "false"); },
    people: (people, me) => {
      redraw(picker, [people, me], () => people.map((one) => h("option", { value: one.id, selected: one.id === me }, `${one.name} · ${one.role} · ${one.language.slice(0, 2)}`)));
      picker.value = me;
      root.dataset.me = me; // whose eyes it is drawn through
      redraw(avatar, me, () => who(me, people.find((one) => one.id === me)?.name ?? "", false));
    },
  };
}

// A person's picture: their initials on a colour of their own; the bot's is the desk's mark.
export function who(id, name, isBot) {
  if (isBot) return h("span", { class: "avatar bot", "aria-hidden": "true" });
  const number = [...String(id)].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 360, 7);
  const initials = name.split(/\s+/).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase();
  return h("span", { class: "avatar", "aria-hidden": "true", style: { background: `hsl(${number} 45% 34%)` } }, initials);
}
