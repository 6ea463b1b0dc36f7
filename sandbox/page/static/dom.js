// Elements made from plain calls, and lists that keep the nodes whose contents did not change.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "style") Object.assign(element.style, value);
    else if (name === "value" || name === "checked" || name === "selected" || name === "files") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Show `items` in `container`, in order. A node is built anew only where its signature changed.
export function keyed(container, items, key, signature, build) {
  const old = new Map([...container.children].map((node) => [node.dataset.key, node]));
  let at = container.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const signed = JSON.stringify(signature(item));
    let node = old.get(name);
    if (!node || node.signed !== signed) {
      const fresh = build(item);
      fresh.dataset.key = name;
      fresh.signed = signed;
      if (node) {
        const focus = focused(node);
        if (at === node) at = fresh;
        node.replaceWith(fresh);
        restore(fresh, focus);
      }
      node = fresh;
    }
    old.delete(name);
    if (node !== at) container.insertBefore(node, at);
    else at = at.nextElementSibling;
  }
  for (const node of old.values()) node.remove();
}

// Build `container`'s contents anew where the signature changed; what had the focus keeps it.
export function redraw(container, signature, build) {
  const signed = JSON.stringify(signature);
  if (container.signed === signed) return false;
  container.signed = signed;
  const focus = focused(container);
  container.replaceChildren(...[build()].flat(Infinity).filter(Boolean));
  restore(container, focus);
  return true;
}

function focused(node) {
  const active = document.activeElement;
  return node.contains(active) ? active.dataset.focus : undefined;
}

function restore(node, focus) {
  if (!focus) return;
  const found = [...node.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === focus);
  (found ?? node.closest("[tabindex]") ?? node).focus({ preventScroll: true });
}

// A list of messages that stays at its end while it grows, pictures that load late among it, unless somebody scrolled up.
export function keepDown(list) {
  list.stays = true;
  list.addEventListener("scroll", () => { list.stays = list.scrollHeight - list.scrollTop - list.clientHeight < 60; });
  list.addEventListener("load", () => down(list), true);
  return list;
}

export function down(list) {
  if (list.stays) list.scrollTop = list.scrollHeight;
}

// A field of a form is being changed: what was wrong with it is told no longer.
export function forgiven({ element, error }) {
  error.hidden = true;
  element.setAttribute("aria-invalid", "false");
}

// Bring a message into sight that has just come for this person alone.
export function reveal(container, key) {
  container.querySelector(`[data-ts="${key}"]`)?.scrollIntoView({ block: "nearest" });
}

let ids = 0;
export const newId = (name) => `${name}-${++ids}`;
