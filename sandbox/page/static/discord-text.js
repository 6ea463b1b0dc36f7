// Discord's Markdown as Discord draws it. `names` knows people, roles and channels.

import { shortcodes } from "./emoji.js";
import { h } from "./dom.js";
import { link } from "./slack-text.js";
import { spoken } from "./words.js";

const INLINE = new RegExp([
  /\\([^\w\s])/.source, // 1 an escaped sign
  /(`{1,2})([\s\S]+?)\2(?!`)/.source, // 2 3 code
  /\*\*\*(?=\S)([\s\S]+?)\*\*\*/.source, // 4
  /\*\*(?=\S)((?:\\[\s\S]|[\s\S])+?)\*\*(?!\*)/.source, // 5
  /__(?=\S)((?:\\[\s\S]|[\s\S])+?)__(?!_)/.source, // 6
  /~~(?=\S)((?:\\[\s\S]|[\s\S])+?)~~/.source, // 7
  /\|\|((?:\\[\s\S]|[\s\S])+?)\|\|/.source, // 8 a spoiler
  /\*(?=[^\s*])((?:\\[\s\S]|[^*\\])+?)\*(?!\*)/.source, // 9
  /(?<!\w)_(?=[^\s_])((?:\\[\s\S]|[^_\\])+?)_(?!\w)/.source, // 10
  /\[((?:\\[\s\S]|[^\]\\])+)\]\(<?(https?:\/\/[^\s)>]+)>?(?:\s+"[^"]*")?\)/.source, // 11 12
  /<(@!?|@&|#)(\d+)>/.source, // 13 14
  /<t:(-?\d+)(?::([tTdDfFR]))?>/.source, // 15 16
  /<a?:(\w+):\d+>/.source, // 17
  /<(https?:\/\/[^\s>]+)>/.source, // 18
  /(https?:\/\/[^\s<>)\]]+)/.source, // 19
  /<\/([^:>]+):\d+>/.source, // 20 a command
].join("|"), "g");

export function markdown(text, names) {
  const shown = [];
  text.split(/(```(?:[\w+-]*\n)?[\s\S]+?```)/).forEach((part) => {
    const block = /^```(?:[\w+-]*\n)?([\s\S]+?)\n?```$/.exec(part);
    if (block) shown.push(h("pre", {}, h("code", {}, block[1])));
    else if (part) shown.push(...blocks(part.replace(/^\n|\n$/g, ""), names));
  });
  return shown;
}

function blocks(text, names) {
  const shown = [];
  let list = null;
  let quote = null;
  let plain = false;
  for (const line of text.split("\n")) {
    const item = /^(\s*)(?:[-*]|(\d+)\.)\s+(.*)$/.exec(line);
    const quoted = /^>(?:>>)? (.*)$/.exec(line);
    const heading = /^(#{1,3}|-#)\s+(.+)$/.exec(line);
    if (!item) list = null;
    if (!quoted) quote = null;
    if (item) {
      if (!list || list.tagName !== (item[2] ? "OL" : "UL")) shown.push(list = h(item[2] ? "ol" : "ul", { start: item[2] ?? null }));
      list.append(h("li", { class: item[1] ? "nested" : "" }, inline(item[3], names)));
    } else if (quoted) {
      if (quote) quote.append(h("br"));
      else shown.push(quote = h("blockquote"));
      quote.append(...inline(quoted[1], names));
    } else if (heading) {
      shown.push(h(heading[1] === "-#" ? "small" : `h${heading[1].length + 2}`, {}, inline(heading[2], names)));
    } else {
      if (plain) shown.push(h("br"));
      shown.push(...inline(line, names));
    }
    plain = !item && !quoted && !heading;
  }
  return shown;
}

export function inline(text, names) {
  const shown = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    shown.push(...shortcodes(text.slice(at, found.index)));
    at = found.index + found[0].length;
    shown.push(leaf(found, names));
  }
  return [...shown, ...shortcodes(text.slice(at))];
}

function leaf(found, names) {
  const inner = (text) => inline(text, names);
  const [, escaped, , code, both, bold, under, strike, spoiler, italic, italic2, label, target, kind, id, stamp, style, custom, bare, bare2, command] = found;
  if (escaped) return escaped;
  if (code) return h("code", {}, code.trim());
  if (both) return h("b", {}, h("i", {}, inner(both)));
  if (bold) return h("b", {}, inner(bold));
  if (under) return h("u", {}, inner(under));
  if (strike) return h("s", {}, inner(strike));
  if (spoiler) return h("span", { class: "spoiler", tabindex: "0" }, inner(spoiler));
  if (italic ?? italic2) return h("i", {}, inner(italic ?? italic2));
  if (label) return link(target, inner(label));
  if (kind) return h("span", { class: "mention" }, kind === "#" ? `#${names.channel(id)}` : `@${kind === "@&" ? names.role(id) : names.user(id)}`);
  if (stamp) return moment(Number(stamp), style ?? "f");
  if (custom) return `:${custom}:`;
  if (command) return h("span", { class: "mention" }, `/${command}`);
  return link(bare ?? bare2, bare ?? bare2);
}

const STYLES = {
  t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
};

function moment(seconds, style) {
  const when = new Date(seconds * 1000);
  const shown = style === "R" ? relative(seconds - Date.now() / 1000) : when.toLocaleString(spoken(), STYLES[style]);
  return h("time", { class: "stamp", datetime: when.toISOString(), title: when.toLocaleString(spoken(), STYLES.F) }, shown);
}

function relative(seconds) {
  const units = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units[5];
  return new Intl.RelativeTimeFormat(spoken(), { numeric: "auto" }).format(Math.round(seconds / length), unit);
}
