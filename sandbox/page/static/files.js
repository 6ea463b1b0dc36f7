// Files that are about to be sent: chosen or dropped, listed, taken out again; and files as they are shown in messages.

import { h } from "./dom.js";
import { size, t } from "./words.js";

export function fileList(most = Infinity) {
  let kept = [];
  const element = h("ul", { class: "file-list", "aria-label": t("attachments") });
  const list = {
    element,
    changed: () => {},
    files: () => kept,
    add: (given) => { kept = [...kept, ...given].slice(0, most); show(); },
    clear: () => { kept = []; show(); },
  };
  function show() {
    element.replaceChildren(...kept.map((file) => h("li", {}, h("span", { class: "file-name" }, `📎 ${file.name}`), h("small", {}, size(file.size)), h("button", {
      type: "button", "aria-label": t("file.remove", { name: file.name }), on: { click: () => { kept = kept.filter((one) => one !== file); show(); } },
    }, "✕"))));
    list.changed();
  }
  return list;
}

export function takesDrops(element, taken) {
  let depth = 0;
  const over = (event, change) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    depth = Math.max(0, depth + change);
    element.classList.toggle("dropping", depth > 0);
  };
  element.addEventListener("dragenter", (event) => over(event, 1));
  element.addEventListener("dragover", (event) => over(event, 0));
  element.addEventListener("dragleave", (event) => over(event, -1));
  element.addEventListener("drop", (event) => {
    over(event, -depth);
    if (event.dataTransfer?.files.length) taken(event.dataTransfer.files);
  });
}

// A field of a form in which files are chosen or dropped.
export function fileField({ most, label, describedby }) {
  const list = fileList(most);
  const input = h("input", { type: "file", multiple: most > 1, "aria-label": label, "aria-describedby": describedby, class: "file-input" });
  input.addEventListener("change", () => { list.add(input.files); input.value = ""; });
  const zone = h("div", { class: "file-field" }, h("label", {}, h("b", {}, t("files")), " ", h("span", {}, t("files.or")), input), list.element);
  takesDrops(zone, list.add);
  return { element: zone, files: list.files };
}

// A file in a message: a picture is drawn, anything else is a line to save it by.
export function shownFile({ name, bytes, type, url, description }) {
  if (type?.startsWith("image/")) {
    return h("figure", { class: "picture" }, h("a", { href: url, target: "_blank", rel: "noopener" }, h("img", { src: url, alt: description || name, loading: "lazy" })), h("figcaption", {}, name));
  }
  return h("a", { class: "file", href: url, download: name }, h("span", { class: "file-icon", "aria-hidden": "true" }, "📄"), h("span", {}, h("b", {}, name), h("small", {}, size(bytes))));
}
