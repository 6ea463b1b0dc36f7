// A choice among options: the browser's own list for a short one, a searched list for many or for answers that are asked for.

import { h, newId } from "./dom.js";
import { popup } from "./windows.js";
import { t } from "./words.js";

/* `many`: how many may be chosen; 0 = one, at once. `options` or `groups`: what there is to choose; `ask(query)`: where it
   is asked for. `start`: the value or values chosen; `known`: options whose labels are known beforehand.
   `chosen(value or values)` is called for each change. */
export function choice({ many, options, groups, ask, least = 0, placeholder, start, known = [], chosen, focus, props = {} }) {
  if (!many && !ask) return native({ options, groups, placeholder, start, chosen, focus, props });
  const labels = new Map([...known, ...(options ?? []), ...(groups ?? []).flatMap((group) => group.options)].map((option) => [option.value, option.label]));
  let values = [start ?? []].flat();
  const button = h("button", { type: "button", class: "choice", "aria-haspopup": "listbox", data: focus, ...props, on: { click: () => openList() } });
  const show = () => {
    const shown = values.map((value) => labels.get(value) ?? value).join(", ");
    button.replaceChildren(h("span", {}, shown || placeholder), h("span", { "aria-hidden": "true" }, "▾"));
    button.classList.toggle("empty", !shown);
  };
  show();
  return button;

  function openList() {
    const id = newId("list");
    const search = h("input", { type: "search", placeholder: t("search"), "aria-label": t("search"), role: "combobox", "aria-expanded": "true", "aria-controls": id });
    const list = h("div", { class: "choice-list", id, role: "listbox", "aria-multiselectable": String(many > 0), "aria-label": placeholder });
    const close = popup(button, h("div", { class: "choice-popup" }, search, list), placeholder);
    const all = () => groups ?? [{ label: "", options: options ?? [] }];
    const draw = (found) => {
      list.replaceChildren(...found.flatMap((group) => [group.label ? h("b", {}, group.label) : null, ...group.options.map(option)]).filter(Boolean));
      if (!list.children.length) list.append(h("p", {}, t("none")));
    };
    const option = (entry) => h("button", {
      type: "button", role: "option", "aria-selected": String(values.includes(entry.value)), data: { value: entry.value },
      on: { click: () => take(entry) },
    }, h("span", { class: "tick", "aria-hidden": "true" }, values.includes(entry.value) ? "✓" : ""), entry.label, entry.note ? h("small", {}, entry.note) : null);
    const take = (entry) => {
      labels.set(entry.value, entry.label);
      if (!many) {
        values = [entry.value];
        close();
        chosen(entry.value);
      } else {
        values = values.includes(entry.value) ? values.filter((value) => value !== entry.value) : [...values, entry.value].slice(-many);
        chosen(values);
        look();
        [...list.querySelectorAll("button")].find((one) => one.dataset.value === entry.value)?.focus();
      }
      show();
    };
    let latest = 0;
    const look = async () => {
      const query = search.value.trim().toLowerCase();
      if (!ask) {
        draw(all().map((group) => ({ ...group, options: group.options.filter((one) => one.label.toLowerCase().includes(query)) })).filter((group) => group.options.length));
        return;
      }
      if (query.length < least) { draw([]); return; }
      const mine = ++latest;
      const found = await ask(search.value.trim());
      if (mine === latest) draw([{ label: "", options: found }]);
    };
    search.addEventListener("input", look);
    list.parentElement.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const buttons = [...list.querySelectorAll("button")];
      if (step && buttons.length) {
        event.preventDefault();
        const at = buttons.indexOf(document.activeElement);
        if (at + step < 0) search.focus();
        else buttons[Math.min(at + step, buttons.length - 1)].focus();
      }
      if (event.key === "Enter" && event.target === search) { event.preventDefault(); buttons[0]?.click(); }
    });
    look();
    search.focus();
  }
}

function native({ options, groups, placeholder, start, chosen, focus, props }) {
  const entry = (option) => h("option", { value: option.value, selected: option.value === start, disabled: option.disabled }, option.note ? `${option.label} — ${option.note}` : option.label);
  const select = h("select", { class: "choice", data: focus, "aria-label": props.id ? null : placeholder, ...props, on: { change: () => chosen(select.value || undefined) } },
    h("option", { value: "", selected: start === undefined }, placeholder),
    groups ? groups.map((group) => h("optgroup", { label: group.label }, group.options.map(entry))) : (options ?? []).map(entry));
  if (start === undefined) select.value = "";
  return select;
}
