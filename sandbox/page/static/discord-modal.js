// Discord's modals: labels with inputs, selects and file uploads, filled in and sent.

import { forgiven, h, newId } from "./dom.js";
import { select } from "./discord-parts.js";
import { markdown } from "./discord-text.js";
import { fileField } from "./files.js";
import { modal, raw } from "./windows.js";
import { uploads } from "./wire.js";
import { t } from "./words.js";

/* Keeps the person's modal on the screen. `room`: {host, names, bot(), members(), roles(), channels(), submit(values), dismiss()}. */
export function viewer(room) {
  let shown = null;
  return function show(wanted) {
    const signed = wanted ? JSON.stringify(wanted) : "";
    if (shown?.signed === signed) return;
    shown?.window.close();
    shown = wanted ? { signed, window: draw(wanted) } : null;
  };

  function draw(wanted) {
    const id = newId("modal");
    const fields = [];
    const banner = h("p", { class: "banner", role: "alert", hidden: true });
    const submit = h("button", { type: "submit", class: "button primary" }, t("send"));
    const form = h("form", { novalidate: true },
      h("header", {}, h("span", { class: "avatar bot", "aria-hidden": "true" }), h("h2", { id }, wanted.title),
        h("button", { type: "button", class: "raw-button", title: t("raw"), "aria-label": t("raw"), on: { click: () => raw(wanted.custom_id, wanted) } }, "{ }"),
        h("button", { type: "button", class: "close", "aria-label": t("close"), on: { click: () => room.dismiss() } }, "✕")),
      h("div", { class: "modal-body" }, banner, wanted.components.map((box) => boxed(box, fields))),
      h("footer", {}, h("button", { type: "button", class: "button secondary", on: { click: () => room.dismiss() } }, t("cancel")), submit));
    form.addEventListener("input", (event) => fields.filter((made) => made.element.contains(event.target)).forEach(forgiven));
    form.addEventListener("submit", (event) => { event.preventDefault(); send(form, fields, banner, submit); });
    return modal(room.host, form, { labelledby: id, closed: () => room.dismiss() });
  }

  function boxed(box, fields) {
    if (box.type === 10) return h("div", { class: "text" }, markdown(box.content, room.names));
    if (box.type === 1) return box.components.map((one) => field({ label: one.label, component: one }, fields));
    return field(box, fields);
  }

  function field({ label, description, component }, fields) {
    const id = newId("input");
    const made = entry(component, { id, "aria-describedby": `${id}-hint ${id}-error` }, label);
    const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true });
    fields.push({ ...made, error, name: component.custom_id });
    const grouped = made.element.matches("div");
    const needed = component.required ?? true;
    return h(grouped ? "fieldset" : "div", { class: "field" },
      h(grouped ? "legend" : "label", { for: grouped ? null : id }, label, needed ? h("span", { class: "needed", title: t("required") }, " *") : null),
      description ? h("p", { class: "hint", id: `${id}-hint` }, description) : null, made.element, error);
  }

  function entry(one, props, label) {
    switch (one.type) {
      case 4: {
        const text = h(one.style === 2 ? "textarea" : "input", { ...props, value: one.value ?? "", placeholder: one.placeholder, rows: one.style === 2 ? "5" : null, type: one.style === 2 ? null : "text" });
        return { element: text, value: () => text.value };
      }
      case 19: {
        const files = fileField({ most: one.max_values ?? 1, label, describedby: props["aria-describedby"] });
        return { element: files.element, files: files.files };
      }
      case 21: case 22: {
        let values = one.options.filter((option) => option.default).map((option) => option.value);
        const kind = one.type === 21 ? "radio" : "checkbox";
        const group = h("div", { class: "boxes", role: one.type === 21 ? "radiogroup" : "group" }, one.options.map((option) => h("label", {},
          h("input", { type: kind, name: props.id, value: option.value, checked: option.default }), h("span", {}, option.label, option.description ? h("small", {}, option.description) : null))));
        group.addEventListener("change", () => { values = [...group.querySelectorAll(":checked")].map((box) => box.value); });
        return { element: group, value: () => (one.type === 21 ? values[0] : values) };
      }
      case 23: {
        const box = h("input", { type: "checkbox", ...props, checked: one.default });
        return { element: box, value: () => box.checked };
      }
      default: {
        const many = (one.max_values ?? 1) > 1;
        let values = (one.options ?? []).filter((option) => option.default).map((option) => option.value);
        const made = select(one, room, (chosen) => { values = chosen; }, {}, props);
        return { element: made, value: () => (many ? values : values[0]) };
      }
    }
  }

  async function send(form, fields, banner, submit) {
    const values = {};
    for (const made of fields) {
      const value = made.files ? await uploads(made.files()) : made.value();
      if (value !== undefined && !(made.files && !value.length)) values[made.name] = value;
    }
    submit.disabled = true;
    form.setAttribute("aria-busy", "true");
    const answer = await room.submit(values);
    submit.disabled = false;
    form.removeAttribute("aria-busy");
    const remarks = answer.client_errors ?? {};
    let first = null;
    for (const made of fields) {
      const remark = remarks[made.name];
      made.error.hidden = !remark;
      made.error.textContent = remark ?? "";
      made.element.setAttribute("aria-invalid", String(Boolean(remark)));
      if (remark) first ??= made.element;
    }
    banner.hidden = !answer.error;
    banner.textContent = answer.error ?? "";
    (first?.matches("div") ? first.querySelector("input, button") : first)?.focus();
  }
}
