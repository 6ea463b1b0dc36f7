// Block Kit as Slack draws it (docs.slack.dev/reference/block-kit). `room` knows names and takes what is pressed.

import { h } from "./dom.js";
import { shownFile } from "./files.js";
import { element } from "./slack-elements.js";
import { mrkdwn, richText, textObject } from "./slack-text.js";
import { raw } from "./windows.js";

/* `room`: {names, press(element, value, block), options(element, query, block), image(block)}. */
export function blocks(all, room) {
  return (all ?? []).map((block) => drawn(block, room));
}

function drawn(block, room) {
  const { names } = room;
  switch (block.type) {
    case "header":
      return h("h3", { class: "block-header" }, textObject(block.text, names));
    case "section":
      return section(block, room);
    case "divider":
      return h("hr");
    case "context":
      return h("div", { class: "block-context" }, block.elements.map((one) => one.type === "image"
        ? h("img", { class: "tiny", src: local(one.image_url), alt: one.alt_text })
        : h("span", {}, textObject(one, names))));
    case "actions":
      return h("div", { class: "block-actions" }, block.elements.map((one) => element(one, block, room)));
    case "image":
      return h("figure", { class: "picture" }, block.title ? h("figcaption", {}, textObject(block.title, names)) : null,
        h("img", { src: block.slack_file ? `/slack/files/${block.slack_file.id}` : local(block.image_url), alt: block.alt_text }));
    case "rich_text":
      return richText(block, names);
    case "markdown":
      return h("div", { class: "rich" }, mrkdwn(block.text.replace(/\*\*(.+?)\*\*/g, "*$1*"), names));
    case "table":
      return h("div", { class: "block-table", tabindex: "0" }, h("table", {}, block.rows.map((row, number) => h("tr", {}, row.map((cell) =>
        h(number ? "td" : "th", {}, cell.type === "rich_text" ? richText(cell, names) : cell.text ?? ""))))));
    case "alert":
      return h("p", { class: `block-alert ${block.level ?? "default"}`, role: "note" }, textObject(block.text, names));
    case "file":
      return h("p", {}, block.external_id);
    default:
      return h("button", { type: "button", class: "unknown", on: { click: () => raw(block.type, block) } }, `▢ ${block.type}`);
  }
}

function section(block, room) {
  const { names } = room;
  const text = block.text ? h("div", { class: "block-text" }, textObject(block.text, names)) : null;
  const fields = block.fields ? h("div", { class: "block-fields" }, block.fields.map((field) => h("div", {}, textObject(field, names)))) : null;
  const beside = block.accessory
    ? h("div", { class: "block-beside" }, block.accessory.type === "image"
      ? h("img", { class: "thumb", src: local(block.accessory.image_url), alt: block.accessory.alt_text })
      : element(block.accessory, block, room))
    : null;
  return h("div", { class: "block-section" }, h("div", {}, text, fields), beside);
}

// Nothing is asked of another machine: a picture from elsewhere is named, not fetched.
const local = (address) => (address?.startsWith("/") ? address : "/static/mark.svg");

export function files(all) {
  return (all ?? []).map((file) => shownFile({
    name: file.title || file.name, bytes: file.size, type: file.mimetype, url: `/slack/files/${file.id}`, description: file.alt_txt,
  }));
}
