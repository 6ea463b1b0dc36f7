// Slack's modals: the view that the bot opened, filled in, sent, and sent back with errors by the field.

import { forgiven, h, newId } from "./dom.js";
import { blocks } from "./slack-blocks.js";
import { input } from "./slack-elements.js";
import { textObject } from "./slack-text.js";
import { modal, raw } from "./windows.js";
import { uploads } from "./wire.js";
import { t } from "./words.js";

/* Keeps the person's top view on the screen. `room` as for blocks, with `host`, `submit(values)` and `dismiss()`. */
export function viewer(room) {
  let shown = null; // {id, hash, window, fields}

  return function show(view, typed) {
    if (!view) {
      shown?.window.close();
      shown = null;
      return;
    }
    if (shown?.id !== view.id || shown.hash !== view.hash) {
      const kept = shown?.id === view.id ? shown.fields : new Map();
      shown?.window.close();
      shown = draw(view, kept);
    }
    const sent = typed?.[view.id];
    if (sent && shown.sent !== JSON.stringify(sent)) {
      shown.sent = JSON.stringify(sent);
      fill(shown.fields, sent.values);
      remark(shown.fields, sent.remarks);
    }
  };

  // What was sent in this person's name by somebody else, such as the scene.
  function fill(fields, values) {
    for (const made of fields.values()) {
      const value = values[made.block];
      if (value !== undefined && "value" in made.element && made.element.matches("input, textarea, select")) made.element.value = value;
    }
  }

  function remark(fields, remarks) {
    let first = null;
    for (const made of fields.values()) {
      const text = remarks[made.block];
      made.error.hidden = !text;
      made.error.textContent = text ?? "";
      made.element.setAttribute("aria-invalid", String(Boolean(text)));
      if (text) first ??= made.element;
    }
    return first;
  }

  function draw(view, kept) {
    const id = newId("view");
    const fields = new Map();
    const banner = h("p", { class: "banner", role: "alert", hidden: true });
    const body = view.blocks.map((block) => block.type === "input" ? field(block, fields, kept) : blocks([block], room));
    const submit = view.submit ? h("button", { type: "submit", class: "button primary" }, textObject(view.submit, room.names)) : null;
    const form = h("form", { novalidate: true },
      h("header", {}, h("span", { class: "app-icon", "aria-hidden": "true" }), h("h2", { id }, textObject(view.title, room.names)),
        h("button", { type: "button", class: "raw-button", title: t("raw"), "aria-label": t("raw"), on: { click: () => raw(view.callback_id || view.id, view) } }, "{ }"),
        h("button", { type: "button", class: "close", "aria-label": t("close"), on: { click: () => room.dismiss() } }, "✕")),
      h("div", { class: "modal-body" }, banner, body),
      h("footer", {}, h("button", { type: "button", class: "button", on: { click: () => room.dismiss() } }, view.close ? textObject(view.close, room.names) : t(view.submit ? "cancel" : "close")), submit));
    form.addEventListener("input", (event) => [...fields.values()].filter((made) => made.element.contains(event.target)).forEach(forgiven));
    form.addEventListener("submit", (event) => { event.preventDefault(); send(form, fields, banner, submit); });
    const window_ = modal(room.host, form, { labelledby: id, closed: () => room.dismiss() });
    return { id: view.id, hash: view.hash, window: window_, fields };
  }

  function field(block, fields, kept) {
    const id = newId("field");
    const one = block.element;
    const before = kept.get(`${block.block_id}/${one.action_id}`);
    const start = before?.value && one.type === "plain_text_input" ? { ...one, initial_value: before.value() } : one;
    const made = input(start, block, room, { id, describedby: `${id}-hint ${id}-error`, label: block.label.text });
    const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true });
    fields.set(`${block.block_id}/${one.action_id}`, { ...made, error, block: block.block_id });
    if (block.dispatch_action) made.element.addEventListener("change", () => room.press(one, made.value(), block));
    const grouped = made.element.matches("div");
    return h(grouped ? "fieldset" : "div", { class: "field" },
      h(grouped ? "legend" : "label", { for: grouped ? null : id }, textObject(block.label, room.names), block.optional ? h("small", {}, ` (${t("optional")})`) : null),
      made.element, error, block.hint ? h("p", { class: "hint", id: `${id}-hint` }, textObject(block.hint, room.names)) : null);
  }

  async function send(form, fields, banner, submit) {
    const values = {};
    for (const made of fields.values()) {
      const value = made.files ? await uploads(made.files()) : made.value();
      if (value !== undefined) values[made.block] = value;
    }
    submit.disabled = true;
    form.setAttribute("aria-busy", "true");
    const answer = await room.submit(values);
    submit.disabled = false;
    form.removeAttribute("aria-busy");
    const remarks = answer.errors ?? answer.client_errors ?? {};
    const first = remark(fields, remarks);
    banner.hidden = answer.ok !== false || Boolean(first);
    banner.textContent = answer.error ?? "";
    (first?.matches("div") ? first.querySelector("input, button") : first)?.focus();
  }
}
