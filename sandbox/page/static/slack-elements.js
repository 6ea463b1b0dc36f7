// Block Kit's interactive elements: in messages and homes they act at once, in forms they hold a value.

import { h, newId } from "./dom.js";
import { fileField } from "./files.js";
import { choice } from "./choice.js";
import { textObject } from "./slack-text.js";
import { menu, modal } from "./windows.js";
import { t } from "./words.js";

const plain = (object) => textObject(object, {}).map((part) => part.textContent ?? part).join("");

// An element that acts when it is used.
export function element(one, block, room) {
  const press = async (value) => {
    if (one.confirm && !(await confirmed(one.confirm, room))) return false;
    return room.press(one, value, block);
  };
  const focus = { focus: `${block.block_id ?? ""}/${one.action_id ?? ""}` };
  switch (one.type) {
    case "button":
      return h("button", {
        type: "button", class: `button ${one.style ?? ""}`, "aria-label": one.accessibility_label, data: focus,
        on: { click: (event) => busy(event.currentTarget, async () => { if (one.url) open(one.url, "_blank", "noopener"); await press(one.value); }) },
      }, textObject(one.text, room.names));
    case "overflow": {
      const button = h("button", {
        type: "button", class: "button overflow", "aria-haspopup": "menu", "aria-label": t("more"), data: focus,
        on: { click: () => menu(button, one.options.map((option) => ({ label: plain(option.text), note: option.description ? plain(option.description) : "", act: () => press(option.value) })), t("more")) },
      }, "⋯");
      return button;
    }
    case "datepicker":
    case "timepicker":
    case "datetimepicker":
      return picker(one, { data: focus, on: { change: (event) => press(pickedValue(one, event.currentTarget.value)) } });
    case "radio_buttons":
    case "checkboxes":
      return boxes(one, room, (value) => press(value));
    default:
      if (one.type.endsWith("select")) return select(one, block, room, (value) => press(value), focus);
      return h("code", {}, one.type);
  }
}

async function busy(button, act) {
  button.setAttribute("aria-busy", "true");
  try { await act(); } finally { button.removeAttribute("aria-busy"); }
}

// An element of a form: `{element, value()}`; undefined where nothing was chosen.
export function input(one, block, room, { id, describedby, label }) {
  const shared = { id, "aria-describedby": describedby };
  switch (one.type) {
    case "plain_text_input": {
      const field = h(one.multiline ? "textarea" : "input", {
        ...shared, maxlength: null, placeholder: one.placeholder?.text, value: one.initial_value ?? "", rows: one.multiline ? "5" : null, type: one.multiline ? null : "text",
      });
      return { element: field, value: () => field.value };
    }
    case "email_text_input":
    case "url_text_input":
    case "number_input": {
      const field = h("input", { ...shared, type: { email_text_input: "email", url_text_input: "url", number_input: "text" }[one.type], inputmode: one.type === "number_input" ? "decimal" : null, placeholder: one.placeholder?.text, value: one.initial_value ?? "" });
      return { element: field, value: () => field.value };
    }
    case "file_input": {
      const field = fileField({ most: one.max_files ?? 10, label, describedby });
      return { element: field.element, files: field.files };
    }
    case "datepicker":
    case "timepicker":
    case "datetimepicker": {
      const field = picker(one, shared);
      return { element: field, value: () => pickedValue(one, field.value) };
    }
    case "radio_buttons":
    case "checkboxes": {
      let value = one.type === "checkboxes" ? (one.initial_options ?? []).map((option) => option.value) : one.initial_option?.value;
      return { element: boxes(one, room, (chosen) => { value = chosen; }, describedby), value: () => value };
    }
    default: {
      let value = startOf(one);
      return { element: select(one, block, room, (chosen) => { value = chosen; }, {}, shared), value: () => value };
    }
  }
}

function pickedValue(one, text) {
  if (one.type !== "datetimepicker") return text || undefined;
  return text ? Math.floor(new Date(text).getTime() / 1000) : undefined;
}

function picker(one, props) {
  const kind = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" }[one.type];
  return h("input", { type: kind, class: "picker", value: one.initial_date ?? one.initial_time ?? "", "aria-label": one.placeholder?.text ?? (props.id ? null : kind), ...props });
}

function boxes(one, room, chosen, describedby) {
  const name = newId("boxes");
  const radio = one.type === "radio_buttons";
  const start = new Set(radio ? [one.initial_option?.value] : (one.initial_options ?? []).map((option) => option.value));
  const group = h("div", { class: "boxes", role: radio ? "radiogroup" : "group", "aria-describedby": describedby }, one.options.map((option) => h("label", {},
    h("input", { type: radio ? "radio" : "checkbox", name, value: option.value, checked: start.has(option.value) }),
    h("span", {}, textObject(option.text, room.names), option.description ? h("small", {}, textObject(option.description, room.names)) : null))));
  group.addEventListener("change", () => {
    const values = [...group.querySelectorAll("input:checked")].map((box) => box.value);
    chosen(radio ? values[0] : values);
  });
  return group;
}

const MANY = /^multi_/;

function startOf(one) {
  if (MANY.test(one.type)) {
    return one.initial_options?.map((option) => option.value) ?? one.initial_users ?? one.initial_channels ?? one.initial_conversations ?? [];
  }
  return one.initial_option?.value ?? one.initial_user ?? one.initial_channel ?? one.initial_conversation;
}

function select(one, block, room, chosen, focus, props = {}) {
  const shown = (option) => ({ value: option.value, label: plain(option.text), note: option.description ? plain(option.description) : "" });
  const groups = one.option_groups?.map((group) => ({ label: plain(group.label), options: group.options.map(shown) }));
  const initial = [one.initial_option, ...(one.initial_options ?? [])].filter(Boolean).map(shown);
  const kind = one.type.replace(MANY, "");
  const own = { users_select: room.users, channels_select: room.channels, conversations_select: room.channels }[kind];
  return choice({
    many: MANY.test(one.type) ? one.max_selected_items ?? Infinity : 0,
    options: own ? own() : groups ? null : one.options?.map(shown),
    groups,
    ask: kind === "external_select" ? async (query) => (await room.options(one, query, block)).map(shown) : null,
    least: one.min_query_length ?? 3,
    placeholder: one.placeholder?.text ?? t("select"),
    start: startOf(one),
    known: initial,
    chosen, focus, props,
  });
}

function confirmed(asked, room) {
  return new Promise((done) => {
    const id = newId("confirm");
    const answer = (yes) => { window_.close(); done(yes); };
    const window_ = modal(room.host, [
      h("header", {}, h("h2", { id }, plain(asked.title))),
      h("div", { class: "modal-body" }, h("p", {}, textObject(asked.text, room.names))),
      h("footer", {}, h("button", { type: "button", class: "button", on: { click: () => answer(false) } }, plain(asked.deny)),
        h("button", { type: "button", class: `button ${asked.style === "danger" ? "danger" : "primary"}`, on: { click: () => answer(true) } }, plain(asked.confirm))),
    ], { labelledby: id, closed: () => done(false) });
    window_.box.classList.add("small");
  });
}
