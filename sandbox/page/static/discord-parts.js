// Discord's embeds and message components as Discord draws them (docs.discord.com/developers/components/reference).

import { choice } from "./choice.js";
import { h } from "./dom.js";
import { shownFile } from "./files.js";
import { inline, markdown } from "./discord-text.js";
import { raw } from "./windows.js";
import { spoken, t } from "./words.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };
const colour = (number) => (number === undefined || number === null ? null : `#${number.toString(16).padStart(6, "0")}`);

// An attachment by its signed address, through the page's own server.
export const local = (address) => {
  if (!address) return "";
  const at = address.indexOf("/attachments/");
  return at < 0 ? "/static/mark.svg" : `/discord${address.slice(at)}`;
};

export function embed(one, message, names) {
  const picture = (media) => (media ? h("img", { src: source(media.url, message), alt: "", loading: "lazy" }) : null);
  return h("div", { class: "embed", style: one.color === undefined ? {} : { borderColor: colour(one.color) } },
    one.thumbnail ? h("div", { class: "embed-thumb" }, picture(one.thumbnail)) : null,
    one.author ? h("p", { class: "embed-author" }, one.author.name) : null,
    one.title ? h("h3", {}, one.url ? h("a", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, inline(one.title, names)) : inline(one.title, names)) : null,
    one.description ? h("div", { class: "embed-text" }, markdown(one.description, names)) : null,
    one.fields?.length ? h("div", { class: "embed-fields" }, one.fields.map((field) => h("div", { class: field.inline ? "inline" : "" }, h("b", {}, inline(field.name, names)), h("div", {}, markdown(field.value, names))))) : null,
    one.image ? h("div", { class: "embed-image" }, picture(one.image)) : null,
    one.footer || one.timestamp ? h("footer", {}, [one.footer?.text, one.timestamp && new Date(one.timestamp).toLocaleString(spoken())].filter(Boolean).join(" • ")) : null);
}

function source(url, message) {
  if (!url?.startsWith("attachment://")) return local(url);
  return local(message.attachments.find((file) => file.filename === url.slice(13))?.url);
}

export const attachments = (all) => all.map((file) => shownFile({
  name: file.filename, bytes: file.size, type: file.content_type, url: local(file.url), description: file.description,
}));

/* Components of a message. `room`: {names, message, press(component, values), members(), roles(), channels()}. */
export function components(all, room) {
  return (all ?? []).map((one) => drawn(one, room));
}

function drawn(one, room) {
  const { names, message } = room;
  switch (one.type) {
    case 1:
      return h("div", { class: "row" }, components(one.components, room));
    case 2:
      return button(one, room);
    case 3: case 5: case 6: case 7: case 8:
      return select(one, room, (values) => room.press(one, values), { focus: one.custom_id });
    case 9:
      return h("div", { class: "section" }, h("div", {}, components(one.components, room)), drawn(one.accessory, room));
    case 10:
      return h("div", { class: "text" }, markdown(one.content, names));
    case 11:
      return h("img", { class: "thumb", src: source(one.media.url, message), alt: one.description ?? "" });
    case 12:
      return h("div", { class: "gallery" }, one.items.map((item) => h("img", { src: source(item.media.url, message), alt: item.description ?? "" })));
    case 13:
      return h("p", {}, `📄 ${one.file.url.replace("attachment://", "")}`);
    case 14:
      return h("hr", { class: one.divider === false ? "bare" : "" });
    case 17:
      return h("div", { class: "container", style: one.accent_color ? { borderColor: colour(one.accent_color) } : {} }, components(one.components, room));
    default:
      return h("button", { type: "button", class: "unknown", on: { click: () => raw(String(one.type), one) } }, `▢ ${one.type}`);
  }
}

function button(one, room) {
  const label = [one.emoji?.name ? h("span", { class: "emoji" }, one.emoji.name) : null, one.emoji && one.label ? " " : null, one.label];
  if (one.style === 5) return h("a", { class: "button link", href: one.url, target: "_blank", rel: "noopener noreferrer" }, label, " ↗");
  const made = h("button", {
    type: "button", class: `button ${STYLES[one.style]}`, disabled: one.disabled, data: { focus: one.custom_id },
    on: { click: async () => {
      made.setAttribute("aria-busy", "true");
      try { await room.press(one); } finally { made.removeAttribute("aria-busy"); }
    } },
  }, label);
  return made;
}

// A select of any kind; in a message it acts, in a form it is kept.
export function select(one, room, chosen, focus, props = {}) {
  const own = { 5: room.members, 6: room.roles, 7: () => [...room.members(), ...room.roles()], 8: room.channels }[one.type];
  const options = own ? own() : one.options.map((option) => ({ value: option.value, label: [option.emoji?.name, option.label].filter(Boolean).join(" "), note: option.description }));
  const many = one.max_values ?? 1;
  const start = own ? (one.default_values ?? []).map((entry) => entry.id) : one.options.filter((option) => option.default).map((option) => option.value);
  return choice({
    many: many > 1 ? many : 0, options, placeholder: one.placeholder ?? t("select"),
    start: many > 1 ? start : start[0],
    chosen: (value) => chosen([value ?? []].flat()), focus, props: { ...props, disabled: one.disabled },
  });
}
