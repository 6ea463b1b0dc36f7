// The box in which one writes, alike on both networks: formatting, emoji, files, and what may be meant by / @ and :.

import { found, emoji, pickEmoji } from "./emoji.js";
import { h, newId } from "./dom.js";
import { fileList, takesDrops } from "./files.js";
import { t } from "./words.js";

const ICONS = { bold: "B", italic: "I", strike: "S", code: "</>", block: "{ }", quote: "❝", list: "•—" };

const drafts = new Map(); // what is typed and not yet sent, by `key`: whoever comes back finds it

/* `key`: whose box it is, and where.
   `marks`: what each format puts around or before words.
   `suggest(trigger, query)`: entries `{label, note, insert}`.
   `complete(text)`: further entries for a whole line, such as a command's choices; may be a promise.
   `send(text, files)`: "" when it is done, else what is wrong. */
export function composer({ key, label, placeholder, marks, emojiText, suggest, complete, send }) {
  const id = newId("suggest");
  const area = h("textarea", {
    rows: "1", placeholder, "aria-label": label, "aria-autocomplete": "list", "aria-controls": id, "aria-expanded": "false",
    role: "combobox", autocomplete: "off", data: { focus: "compose" }, value: drafts.get(key) ?? "",
  });
  const list = h("div", { class: "suggestions", id, role: "listbox", "aria-label": t("suggestions"), hidden: true });
  const remark = h("p", { class: "remark", role: "alert", hidden: true });
  const files = fileList();
  const pick = h("input", { type: "file", multiple: true, hidden: true, "aria-label": t("attach"), tabindex: "-1" });
  const go = h("button", { type: "button", class: "go", "aria-label": t("send"), title: t("send"), on: { click: () => submit() } }, "➤");
  let entries = [];
  let chosen = -1;
  let range = [0, 0];

  const format = (name) => {
    const mark = marks[name];
    const [from, to] = [area.selectionStart, area.selectionEnd];
    const words = area.value.slice(from, to);
    const made = mark.before ? words.split("\n").map((line) => mark.before + line).join("\n") : mark.around + words + (mark.end ?? mark.around);
    area.setRangeText(made, from, to, "end");
    if (!words && mark.around) area.setSelectionRange(from + mark.around.length, from + mark.around.length);
    area.focus();
    grow();
  };
  const tools = h("div", { class: "tools", role: "toolbar", "aria-label": label }, Object.keys(marks).map((name) => h("button", {
    type: "button", title: t(`format.${name}`), "aria-label": t(`format.${name}`), class: `tool ${name}`, on: { click: () => format(name) },
  }, ICONS[name])));
  const emojiButton = h("button", {
    type: "button", class: "tool", title: t("emoji.pick"), "aria-label": t("emoji.pick"),
    on: { click: () => pickEmoji(emojiButton, (name, character) => insert(emojiText(name, character))) },
  }, "☺");
  const attach = h("button", { type: "button", class: "tool attach", title: t("attach"), "aria-label": t("attach"), on: { click: () => pick.click() } }, "+");
  pick.addEventListener("change", () => { files.add(pick.files); pick.value = ""; });

  function insert(text) {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    grow();
  }
  function grow() {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 160)}px`;
    drafts.set(key, area.value);
    go.classList.toggle("ready", Boolean(area.value.trim() || files.files().length));
  }
  async function look() {
    const before = area.value.slice(0, area.selectionStart);
    const trigger = /(?:^|\s)([@:])([\p{L}\w+-]*)$/u.exec(before);
    const command = /^\/([\w-]*)$/.exec(before);
    let seen = [];
    if (command) [seen, range] = [suggest("/", command[1]), [0, area.selectionStart]];
    else if (trigger) {
      range = [before.length - trigger[2].length - 1, area.selectionStart];
      seen = trigger[1] === ":"
        ? trigger[2].length > 1 ? found(trigger[2], 6).map((name) => ({ label: `${emoji(name)}  :${name}:`, insert: emojiText(name, emoji(name)) })) : []
        : suggest("@", trigger[2]);
    } else if (complete && before.startsWith("/")) {
      const typed = area.value;
      range = [0, area.value.length];
      seen = await complete(typed);
      if (area.value !== typed) return;
    }
    offer(seen.slice(0, 25));
  }
  function offer(seen) {
    entries = seen;
    chosen = seen.length && !seen[0].choice ? 0 : -1;
    list.hidden = !seen.length;
    area.setAttribute("aria-expanded", String(seen.length > 0));
    list.replaceChildren(...seen.map((entry, number) => h("div", {
      role: "option", id: `${id}-${number}`, "aria-selected": String(number === chosen),
      on: { pointerdown: (event) => { event.preventDefault(); take(number); } },
    }, entry.label, entry.note ? h("small", {}, entry.note) : null)));
    point();
  }
  function point() {
    [...list.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === chosen)));
    if (chosen >= 0) area.setAttribute("aria-activedescendant", `${id}-${chosen}`);
    else area.removeAttribute("aria-activedescendant");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }
  function take(number) {
    area.setRangeText(`${entries[number].insert} `, range[0], range[1], "end");
    offer([]);
    grow();
  }
  async function submit() {
    const text = area.value.trim();
    if (!text && !files.files().length) return;
    offer([]);
    const given = files.files();
    area.value = "";
    files.clear();
    grow();
    const wrong = await send(text, given);
    remark.hidden = !wrong;
    remark.textContent = wrong || "";
    if (wrong && !area.value) {
      area.value = text; // nothing that was typed is lost
      files.add(given);
      grow();
    }
  }
  area.addEventListener("input", () => { remark.hidden = true; grow(); look(); });
  area.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (entries.length && step) {
      event.preventDefault();
      chosen = (chosen + step + entries.length) % entries.length;
      point();
    } else if (entries.length && chosen >= 0 && (event.key === "Enter" || event.key === "Tab") && !event.shiftKey) {
      event.preventDefault();
      // A command that is typed whole already is sent.
      const whole = entries[chosen].insert === area.value.trim();
      if (whole && event.key === "Enter") submit();
      else take(chosen);
    } else if (event.key === "Escape" && entries.length) {
      event.stopPropagation();
      offer([]);
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
    if ((event.ctrlKey || event.metaKey) && { b: "bold", i: "italic" }[event.key]) {
      event.preventDefault();
      format({ b: "bold", i: "italic" }[event.key]);
    }
  });
  area.addEventListener("refresh", () => { if (area.value.startsWith("/")) look(); }); // what may be typed has changed
  area.addEventListener("blur", () => setTimeout(() => offer([]), 150));
  area.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) { event.preventDefault(); files.add(event.clipboardData.files); }
  });
  files.changed = grow;
  const box = h("div", { class: "compose" }, list, h("div", { class: "compose-box" }, tools, h("div", { class: "compose-line" }, attach, area, emojiButton, go), files.element, pick), remark);
  takesDrops(box, (given) => files.add(given));
  requestAnimationFrame(grow);
  return { element: box, focus: () => area.focus(), fill: (text) => { area.value = text; area.focus(); grow(); look(); } };
}
